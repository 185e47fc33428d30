#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/vfs.h"
#include "sys/at.h"

long uk_getdents64(int fd, void *buf, unsigned len)
{
    struct file *f = fd_get_io(fd);
    long r;

    if (!f)
        return -EBADF;
    r = f->ops->getdents ? f->ops->getdents(f, buf, len) : -ENOTDIR;
    file_put(f);
    return r;
}

long uk_chdir(const char *path)
{
    struct inode *inode;
    int err = at_find(AT_FDCWD, path, 0, &inode);

    if (err)
        return err;
    err = fs_chdir(inode);
    inode_put(inode);
    return err;
}

long uk_fchdir(int fd)
{
    struct inode *inode;
    int err = at_fd(fd, &inode);

    if (err)
        return err == -EINVAL ? -ENOTDIR : err;
    err = fs_chdir(inode);
    inode_put(inode);
    return err;
}

long uk_getcwd(char *buf, size_t size)
{
    return buf ? fs_getcwd(buf, size) : -EFAULT;
}

long uk_umask(mode_t mask)
{
    return fs_umask(mask);
}
