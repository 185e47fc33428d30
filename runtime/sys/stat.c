#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file/fdtable.h"
#include "fs/vfs.h"
#include "sched/clock.h"
#include "sys/at.h"

#define FIND_FLAGS (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)

/* AT_EMPTY_PATH on a descriptor: any kind of file answers, not only one with an inode. */
static bool is_fd_itself(int dirfd, const char *path, int flags)
{
    return flags & AT_EMPTY_PATH && dirfd >= 0 && path && !*path;
}

long uk_newfstatat(int dirfd, const char *path, struct stat *st, int flags)
{
    struct inode *inode;
    int err;

    if (flags & ~(FIND_FLAGS | AT_NO_AUTOMOUNT))
        return -EINVAL;
    if (is_fd_itself(dirfd, path, flags))
        return uk_fstat(dirfd, st);
    err = at_find(dirfd, path, flags, &inode);
    if (err)
        return err;
    if (st) {
        memset(st, 0, sizeof(*st));
        fs_stat(inode, st);
    } else {
        err = -EFAULT;
    }
    inode_put(inode);
    return err;
}

long uk_stat(const char *path, struct stat *st)
{
    return uk_newfstatat(AT_FDCWD, path, st, 0);
}

long uk_lstat(const char *path, struct stat *st)
{
    return uk_newfstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

/* struct statx of statx(2): not every libc's headers have it. */
struct linux_statx {
    u32 mask, blksize;
    u64 attributes;
    u32 nlink, uid, gid;
    u16 mode, spare;
    u64 ino, size, blocks, attributes_mask;
    struct linux_statx_time {
        s64 sec;
        u32 nsec;
        s32 spare;
    } atime, btime, ctime, mtime;
    u32 rdev_major, rdev_minor, dev_major, dev_minor;
    u64 reserved[14];
};
_Static_assert(sizeof(struct linux_statx) == 256, "layout of the kernel's struct statx");

#define STATX_BASIC    0x7ffu
#define STATX_RESERVED (1u << 31)
#define AT_STATX_SYNC  0x6000 /* how fresh: always */

static struct linux_statx_time statx_time(const struct timespec *ts)
{
    return (struct linux_statx_time){.sec = ts->tv_sec, .nsec = (u32)ts->tv_nsec};
}

long uk_statx(int dirfd, const char *path, int flags, unsigned mask, void *statx)
{
    struct stat st;
    long r;

    if (mask & STATX_RESERVED || flags & ~(FIND_FLAGS | AT_NO_AUTOMOUNT | AT_STATX_SYNC))
        return -EINVAL;
    if (!statx)
        return -EFAULT;
    r = uk_newfstatat(dirfd, path, &st, flags & FIND_FLAGS);
    if (r)
        return r;
    *(struct linux_statx *)statx = (struct linux_statx){.mask = STATX_BASIC,
                                                        .blksize = (u32)st.st_blksize,
                                                        .nlink = (u32)st.st_nlink,
                                                        .uid = st.st_uid,
                                                        .gid = st.st_gid,
                                                        .mode = (u16)st.st_mode,
                                                        .ino = st.st_ino,
                                                        .size = (u64)st.st_size,
                                                        .blocks = (u64)st.st_blocks,
                                                        .atime = statx_time(&st.st_atim),
                                                        .ctime = statx_time(&st.st_ctim),
                                                        .mtime = statx_time(&st.st_mtim),
                                                        .rdev_major = major(st.st_rdev),
                                                        .rdev_minor = minor(st.st_rdev),
                                                        .dev_major = major(st.st_dev),
                                                        .dev_minor = minor(st.st_dev)};
    return 0;
}

long uk_statfs(const char *path, struct statfs *sf)
{
    struct inode *inode;
    int err = at_find(AT_FDCWD, path, 0, &inode);

    if (err)
        return err;
    memset(sf, 0, sizeof(*sf));
    fs_statfs(inode, sf);
    inode_put(inode);
    return 0;
}

long uk_fstatfs(int fd, struct statfs *sf)
{
    struct inode *inode;
    int err = at_fd(fd, &inode);

    if (err == -EBADF)
        return err;
    memset(sf, 0, sizeof(*sf));
    if (!err) {
        fs_statfs(inode, sf);
        inode_put(inode);
    } else { /* pipes, sockets: some nameless file system */
        sf->f_bsize = sf->f_frsize = PAGE_SIZE;
        sf->f_namelen = FS_NAME_MAX;
    }
    return 0;
}

long uk_faccessat2(int dirfd, const char *path, int mode, int flags)
{
    struct inode *inode;
    int err;

    if (mode & ~(R_OK | W_OK | X_OK) || flags & ~(FIND_FLAGS | AT_EACCESS))
        return -EINVAL;
    err = at_find(dirfd, path, flags & FIND_FLAGS, &inode);
    if (err)
        return err;
    err = fs_access(inode, mode);
    inode_put(inode);
    return err;
}

long uk_faccessat(int dirfd, const char *path, int mode)
{
    return uk_faccessat2(dirfd, path, mode, 0);
}

long uk_access(const char *path, int mode)
{
    return uk_faccessat2(AT_FDCWD, path, mode, 0);
}

long uk_fchmodat(int dirfd, const char *path, mode_t mode)
{
    struct inode *inode;
    int err = at_find(dirfd, path, 0, &inode);

    if (err)
        return err;
    err = fs_chmod(inode, mode);
    inode_put(inode);
    return err;
}

long uk_chmod(const char *path, mode_t mode)
{
    return uk_fchmodat(AT_FDCWD, path, mode);
}

long uk_fchmod(int fd, mode_t mode)
{
    struct inode *inode;
    int err = at_fd(fd, &inode);

    if (err)
        return err;
    err = fs_chmod(inode, mode);
    inode_put(inode);
    return err;
}

long uk_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
    struct inode *inode;
    int err;

    if (flags & ~FIND_FLAGS)
        return -EINVAL;
    err = at_find(dirfd, path, flags, &inode);
    if (err)
        return err;
    err = fs_chown(inode, uid, gid);
    inode_put(inode);
    return err;
}

long uk_chown(const char *path, uid_t uid, gid_t gid)
{
    return uk_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long uk_lchown(const char *path, uid_t uid, gid_t gid)
{
    return uk_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long uk_fchown(int fd, uid_t uid, gid_t gid)
{
    return uk_fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}

/* One time of utimensat(2). */
static int utime_of(const struct timespec *ts, u64 now_ns, u64 *out)
{
    if (ts->tv_nsec == UTIME_OMIT)
        *out = UINT64_MAX;
    else if (ts->tv_nsec == UTIME_NOW)
        *out = now_ns;
    else if ((u64)ts->tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    else /* LIMIT: times from 1970 to 2554 */
        *out = (u64)MAX(ts->tv_sec, 0) * NSEC_PER_SEC + (u64)ts->tv_nsec;
    return 0;
}

long uk_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
    u64 now_ns = clock_wall_ns(), atime_ns = now_ns, mtime_ns = now_ns;
    struct inode *inode;
    int err;

    if (flags & ~FIND_FLAGS)
        return -EINVAL;
    if (times && (utime_of(&times[0], now_ns, &atime_ns) || utime_of(&times[1], now_ns, &mtime_ns)))
        return -EINVAL;
    err = path ? at_find(dirfd, path, flags, &inode) : at_fd(dirfd, &inode);
    if (err)
        return err;
    if (atime_ns != UINT64_MAX || mtime_ns != UINT64_MAX)
        err = fs_utime(inode, atime_ns, mtime_ns);
    inode_put(inode);
    return err;
}

long uk_truncate(const char *path, off_t len)
{
    struct inode *inode;
    int err;

    if (len < 0)
        return -EINVAL;
    err = at_find(AT_FDCWD, path, 0, &inode);
    if (err)
        return err;
    err = fs_truncate(inode, len);
    inode_put(inode);
    return err;
}

/* fallocate(2), mode 0 only: the size grows; space is found when it is written. */
long uk_fallocate(int fd, int mode, off_t off, off_t len)
{
    struct inode *inode;
    struct file *f;
    s64 end;
    int err = 0;

    if (off < 0 || len <= 0)
        return -EINVAL;
    if (mode)
        return -EOPNOTSUPP;
    if (__builtin_add_overflow(off, len, &end))
        return -EFBIG;
    f = fd_get(fd);
    if (!f)
        return -EBADF;
    inode = fs_inode_of(f);
    if ((f->flags & O_ACCMODE) == O_RDONLY)
        err = -EBADF;
    else if (!inode || !S_ISREG(inode->mode))
        err = inode ? -ENODEV : -ESPIPE;
    else if ((u64)end > inode->size)
        err = fs_truncate(inode, end);
    file_put(f);
    return err;
}
