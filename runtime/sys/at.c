#define _GNU_SOURCE 1
#include "sys/at.h"

#include <errno.h>
#include <fcntl.h>

int at_fd(int fd, struct inode **out)
{
    struct file *f = fd_get(fd);
    struct inode *inode;

    if (!f)
        return -EBADF;
    inode = fs_inode_of(f);
    if (inode)
        *out = inode_get(inode);
    file_put(f);
    return inode ? 0 : -EINVAL;
}

int at_begin(int dirfd, const char *path, struct inode **at)
{
    int err;

    if (!path)
        return -EFAULT;
    if (*path == '/' || dirfd == AT_FDCWD) {
        *at = fs_cwd(); /* an absolute path starts at the root in any case */
        return 0;
    }
    err = at_fd(dirfd, at);
    return err == -EINVAL ? -ENOTDIR : err;
}

int at_find(int dirfd, const char *path, int flags, struct inode **out)
{
    struct inode *at;
    int err;

    if (path && !*path && flags & AT_EMPTY_PATH && dirfd != AT_FDCWD)
        return at_fd(dirfd, out);
    err = at_begin(dirfd, path, &at);
    if (err)
        return err;
    if (!*path && flags & AT_EMPTY_PATH) {
        *out = at;
        return 0;
    }
    err = fs_find(at, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : FS_FOLLOW, out);
    inode_put(at);
    return err;
}
