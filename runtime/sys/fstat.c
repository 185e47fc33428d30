#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "file/fdtable.h"

/* Apart from stat.c: it needs no file system. */
long uk_fstat(int fd, struct stat *st)
{
    struct file *f = fd_get(fd);
    long r = 0;

    if (!f)
        return -EBADF;
    if (!st) {
        r = -EFAULT;
    } else {
        memset(st, 0, sizeof(*st));
        if (f->ops->stat) {
            r = f->ops->stat(f, st);
        } else { /* as Linux shows epoll, eventfd and the like */
            st->st_mode = 0600;
            st->st_nlink = 1;
            st->st_blksize = PAGE_SIZE;
        }
    }
    file_put(f);
    return r;
}

/* ftruncate(2): EINVAL when not open for writing. */
long uk_ftruncate(int fd, off_t len)
{
    struct file *f;
    long r;

    if (len < 0)
        return -EINVAL;
    f = fd_get(fd);
    if (!f)
        return -EBADF;
    if ((f->flags & O_ACCMODE) == O_RDONLY || !f->ops->truncate)
        r = -EINVAL;
    else
        r = f->ops->truncate(f, len);
    file_put(f);
    return r;
}
