#define _GNU_SOURCE 1
#include "fs/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/devfs.h"
#include "fs/generator.h"
#include "mem/heap.h"
#include "sched/clock.h"

#pragma weak net_files

/* fcntl(F_GETFL) of a 64-bit Linux process shows this on every opened file. */
#define O_LARGEFILE_ 0100000u
/* What stays of the flags of open(2). */
#define KEPT_FLAGS                                                                                 \
    (O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_DIRECTORY | O_NOFOLLOW |  \
     O_NOATIME | O_PATH)

/* An open file of a file system. Device files have ops of their own, but the same release and stat.
 */
struct fs_file {
    struct file file;
    struct inode *inode;
    u64 pos; /* bytes; for a directory what getdents() of its inode makes of it */
};

static struct fs_file *fs_file_of(struct file *f)
{
    return CONTAINER_OF(f, struct fs_file, file);
}

static ssize_t fs_file_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct fs_file *ff = fs_file_of(f);
    struct inode *inode = ff->inode;
    u64 pos = off < 0 ? ff->pos : (u64)off;
    ssize_t done = 0, n = 0;

    if (inode_is_dir(inode))
        return -EISDIR;
    for (int i = 0; i < n_iov; i++) {
        n = inode->ops->read(inode, iov[i].iov_base, iov[i].iov_len, pos + (u64)done);
        if (n > 0)
            done += n;
        if (n < (ssize_t)iov[i].iov_len)
            break;
    }
    if (!done && n < 0)
        return n;
    if (off < 0)
        ff->pos += (u64)done;
    if (!(f->flags & O_NOATIME) && inode->atime_ns <= inode->mtime_ns) /* as mount -o relatime */
        inode->atime_ns = clock_wall_ns();
    return done;
}

static ssize_t fs_file_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct fs_file *ff = fs_file_of(f);
    struct inode *inode = ff->inode;
    u64 pos = off < 0 ? ff->pos : (u64)off;
    ssize_t done = 0, n = 0;

    if (f->flags & O_APPEND) /* pwrite(2): even with an offset */
        pos = inode->size;
    if (iov_len(iov, n_iov) > (u64)INT64_MAX - pos)
        return -EFBIG;
    for (int i = 0; i < n_iov; i++) {
        if (!iov[i].iov_len)
            continue;
        n = inode->ops->write(inode, iov[i].iov_base, iov[i].iov_len, pos + (u64)done);
        if (n > 0)
            done += n;
        if (n < (ssize_t)iov[i].iov_len)
            break;
    }
    if (!done && n < 0)
        return n;
    if (off < 0)
        ff->pos = pos + (u64)done;
    return done;
}

static s64 fs_file_seek(struct file *f, s64 off, int whence)
{
    struct fs_file *ff = fs_file_of(f);
    u64 size = ff->inode->size;
    s64 base = 0;

    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = (s64)ff->pos;
        break;
    case SEEK_END:
        base = (s64)size;
        break;
    case SEEK_DATA: /* holes are not told: lseek(2) allows it */
    case SEEK_HOLE:
        if (off < 0 || (u64)off >= size)
            return -ENXIO;
        if (whence == SEEK_HOLE)
            off = (s64)size;
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, off, &base))
        return -EOVERFLOW;
    if (base < 0)
        return -EINVAL;
    ff->pos = (u64)base;
    return base;
}

int fs_file_stat(struct file *f, struct stat *st)
{
    fs_stat(fs_file_of(f)->inode, st);
    return 0;
}

static int fs_file_truncate(struct file *f, s64 len)
{
    return fs_truncate(fs_file_of(f)->inode, len);
}

/* struct linux_dirent64 of getdents64(2). */
struct dirent64_head {
    u64 ino;
    s64 next_pos;
    u16 len_bytes;
    u8 type;
};
#define DIRENT64_HEAD_BYTES 19u /* the name follows at once */

struct dirents {
    u8 *buf;
    size_t size, used;
    bool is_full;
};

static bool dirents_emit(void *ctx, u64 next_pos, u64 ino, u32 mode, const char *name, size_t len)
{
    struct dirents *d = ctx;
    size_t bytes = ALIGN_UP(DIRENT64_HEAD_BYTES + len + 1, (size_t)8);
    struct dirent64_head head = {
        .ino = ino, .next_pos = (s64)next_pos, .len_bytes = (u16)bytes, .type = (u8)(mode >> 12)};

    d->is_full = bytes > d->size - d->used;
    if (d->is_full)
        return false;
    memset(d->buf + d->used, 0, bytes);
    memcpy(d->buf + d->used, &head, DIRENT64_HEAD_BYTES);
    memcpy(d->buf + d->used + DIRENT64_HEAD_BYTES, name, len);
    d->used += bytes;
    return true;
}

static int fs_file_getdents(struct file *f, void *buf, size_t len)
{
    struct fs_file *ff = fs_file_of(f);
    struct dirents d = {.buf = buf, .size = len};
    int err;

    if (!inode_is_dir(ff->inode))
        return -ENOTDIR;
    err = ff->inode->ops->getdents(ff->inode, &ff->pos, dirents_emit, &d);
    if (err)
        return err;
    return d.is_full && !d.used ? -EINVAL : (int)d.used;
}

void fs_file_release(struct file *f)
{
    inode_put(fs_file_of(f)->inode);
    heap_free(fs_file_of(f));
}

static const struct file_ops fs_file_ops = {
    .read = fs_file_read,
    .write = fs_file_write,
    .seek = fs_file_seek,
    .stat = fs_file_stat,
    .truncate = fs_file_truncate,
    .getdents = fs_file_getdents,
    .release = fs_file_release,
};

struct inode *fs_inode_of(struct file *f)
{
    return f->ops->release == fs_file_release ? fs_file_of(f)->inode : NULL;
}

/* -- open -- */

/* What open(2) says about something that is there. */
static int open_check(const struct fs_place *p, u32 flags)
{
    u32 mode = p->inode->mode;

    if (S_ISLNK(mode)) { /* not followed, so O_NOFOLLOW was given */
        if (flags & O_DIRECTORY)
            return -ENOTDIR;
        return flags & O_PATH ? 0 : -ELOOP;
    }
    if (flags & O_DIRECTORY && !S_ISDIR(mode))
        return -ENOTDIR;
    if (S_ISDIR(mode) && (flags & (O_CREAT | O_TRUNC) || (flags & O_ACCMODE) != O_RDONLY))
        return -EISDIR;
    return 0;
}

/* Find or make what is to be opened. */
static int open_inode(struct inode *at, const char *path, u32 flags, u32 mode, struct inode **out)
{
    bool is_exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    struct fs_place p;
    int err = fs_walk(at, path, flags & O_NOFOLLOW || is_exclusive ? 0 : FS_FOLLOW, &p);

    if (err)
        return err;
    if (p.wants_dir && flags & O_CREAT)
        err = -EISDIR;
    else if (p.inode)
        err = is_exclusive ? -EEXIST : open_check(&p, flags);
    else if (!(flags & O_CREAT))
        err = -ENOENT;
    else
        err = p.dir->ops->create(p.dir, p.name, p.name_len, S_IFREG | (mode & 07777), 0, &p.inode);
    if (!err)
        *out = inode_get(p.inode);
    fs_place_fini(&p);
    return err;
}

/* What is read and written through the file: the inode's bytes, or a device. */
static int open_ops(struct inode *inode, u32 flags, const struct file_ops **ops)
{
    int err = 0;

    *ops = &fs_file_ops;
    if (flags & O_PATH)
        return 0;
    if (S_ISSOCK(inode->mode)) /* open(2) */
        return -ENXIO;
    if (S_ISCHR(inode->mode))
        return devfs_ops(inode->rdev, ops);
    if (inode->ops->open)
        err = inode->ops->open(inode, flags);
    if (!err && flags & O_TRUNC && S_ISREG(inode->mode))
        err = fs_truncate(inode, 0);
    return err;
}

int fs_open(struct inode *at, const char *path, u32 flags, u32 mode, struct file **out)
{
    const struct file_ops *ops;
    struct inode *inode = NULL;
    struct fs_file *ff;
    u32 mask;
    int err;

    LINK_WITH(etc_files);
    LINK_WITH(procfs_files);
    LINK_WITH(net_files);
    if ((flags & O_TMPFILE) == O_TMPFILE)
        return -EOPNOTSUPP;
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
    mask = fs_umask(0);
    fs_umask(mask);
    err = open_inode(at, path, flags, mode & ~mask, &inode);
    if (err)
        return err;
    if (S_ISCHR(inode->mode) && !(flags & O_PATH) && devfs_file(inode->rdev, out)) {
        inode_put(inode);
        return *out ? 0 : -ENXIO;
    }
    err = open_ops(inode, flags, &ops);
    if (err)
        goto put_inode;
    ff = heap_new(sizeof(*ff));
    err = -ENOMEM;
    if (!ff)
        goto put_inode;
    file_init(&ff->file, ops, (flags & KEPT_FLAGS) | (flags & O_PATH ? 0 : O_LARGEFILE_));
    ff->inode = inode;
    *out = &ff->file;
    return 0;
put_inode:
    inode_put(inode);
    return err;
}
