#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fs/vfs.h"
#include "sys/at.h"
#include "sys/install.h"

#define RENAME_NOREPLACE_ (1u << 0)

long uk_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    struct inode *at;
    struct file *f;
    int err = at_begin(dirfd, path, &at);

    if (err)
        return err;
    err = fs_open(at, path, (u32)flags, mode, &f);
    inode_put(at);
    return err ? err : install(f, flags & O_CLOEXEC);
}

long uk_open(const char *path, int flags, mode_t mode)
{
    return uk_openat(AT_FDCWD, path, flags, mode);
}

long uk_creat(const char *path, mode_t mode)
{
    return uk_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long uk_mkdirat(int dirfd, const char *path, mode_t mode)
{
    struct inode *at;
    int err = at_begin(dirfd, path, &at);

    if (err)
        return err;
    err = fs_mkdir(at, path, mode);
    inode_put(at);
    return err;
}

long uk_mkdir(const char *path, mode_t mode)
{
    return uk_mkdirat(AT_FDCWD, path, mode);
}

/* LIMIT: no devices or FIFOs are made; open(2) makes files. */
long uk_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
    (void)dirfd;
    (void)path;
    (void)mode;
    (void)dev;
    return -EPERM;
}

long uk_mknod(const char *path, mode_t mode, dev_t dev)
{
    return uk_mknodat(AT_FDCWD, path, mode, dev);
}

long uk_unlinkat(int dirfd, const char *path, int flags)
{
    struct inode *at;
    int err;

    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    err = at_begin(dirfd, path, &at);
    if (err)
        return err;
    err = flags & AT_REMOVEDIR ? fs_rmdir(at, path) : fs_unlink(at, path);
    inode_put(at);
    return err;
}

long uk_unlink(const char *path)
{
    return uk_unlinkat(AT_FDCWD, path, 0);
}

long uk_rmdir(const char *path)
{
    return uk_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

long uk_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct inode *inode, *at;
    int err;

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    err = at_find(from_dirfd, from,
                  (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW),
                  &inode);
    if (err)
        return err;
    err = at_begin(to_dirfd, to, &at);
    if (!err) {
        err = fs_link(inode, at, to);
        inode_put(at);
    }
    inode_put(inode);
    return err;
}

long uk_link(const char *from, const char *to)
{
    return uk_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long uk_symlinkat(const char *target, int dirfd, const char *path)
{
    struct inode *at;
    int err = at_begin(dirfd, path, &at);

    if (err)
        return err;
    err = target ? fs_symlink(target, at, path) : -EFAULT;
    inode_put(at);
    return err;
}

long uk_symlink(const char *target, const char *path)
{
    return uk_symlinkat(target, AT_FDCWD, path);
}

long uk_readlinkat(int dirfd, const char *path, char *buf, int size)
{
    struct inode *inode;
    long r;

    if (size <= 0)
        return -EINVAL;
    r = at_find(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &inode);
    if (r)
        return r == -EINVAL ? -ENOENT : r;
    if (!S_ISLNK(inode->mode))
        r = path[0] ? -EINVAL : -ENOENT;
    else
        r = buf ? inode->ops->readlink(inode, buf, (size_t)size) : -EFAULT;
    inode_put(inode);
    return r;
}

long uk_readlink(const char *path, char *buf, int size)
{
    return uk_readlinkat(AT_FDCWD, path, buf, size);
}

long uk_renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
    struct inode *from_at, *to_at;
    int err;

    if (flags & ~RENAME_NOREPLACE_) /* LIMIT: no exchange */
        return -EINVAL;
    err = at_begin(from_dirfd, from, &from_at);
    if (err)
        return err;
    err = at_begin(to_dirfd, to, &to_at);
    if (!err) {
        err = fs_rename(from_at, from, to_at, to, flags ? FS_RENAME_NOREPLACE : 0);
        inode_put(to_at);
    }
    inode_put(from_at);
    return err;
}

long uk_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    return uk_renameat2(from_dirfd, from, to_dirfd, to, 0);
}

long uk_rename(const char *from, const char *to)
{
    return uk_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
