#define _GNU_SOURCE 1
#include "sys/rw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>

#include "file/fdtable.h"
#include "sys/sys.h"

#define N_IOV_MAX 1024 /* UIO_MAXIOV */

int rw_iov_check(const struct iovec *iov, int n_iov)
{
    size_t sum = 0;

    if (n_iov < 0 || n_iov > N_IOV_MAX)
        return -EINVAL;
    if (!iov && n_iov)
        return -EFAULT;
    for (int i = 0; i < n_iov; i++) {
        if (iov[i].iov_len > (size_t)SSIZE_MAX - sum)
            return -EINVAL;
        if (!iov[i].iov_base && iov[i].iov_len)
            return -EFAULT;
        sum += iov[i].iov_len;
    }
    return 0;
}

int rw_begin(int fd, int mode_refused, s64 off, struct file **out)
{
    struct file *f = fd_get_io(fd);
    int err = 0;

    *out = f;
    if (!f)
        return -EBADF;
    if (off != OFF_CURRENT && !f->ops->seek)
        err = -ESPIPE;
    else if ((f->flags & O_ACCMODE) == (u32)mode_refused)
        err = -EBADF;
    if (err)
        file_put(f);
    return err;
}

long uk_lseek(int fd, off_t off, int whence)
{
    struct file *f = fd_get_io(fd);
    long r;

    if (!f)
        return -EBADF;
    r = f->ops->seek ? f->ops->seek(f, off, whence) : -ESPIPE;
    file_put(f);
    return r;
}

long uk_close(int fd)
{
    return fd_close(fd);
}

#define CLOSE_RANGE_CLOEXEC_ (1u << 2)

long uk_close_range(unsigned first, unsigned last, unsigned flags)
{
    if (first > last || flags & ~(CLOSE_RANGE_CLOEXEC_ | 1u << 1))
        return -EINVAL;
    for (unsigned fd = first; fd <= last && fd < FD_LIMIT_HARD; fd++) {
        struct file *f = fd_get((int)fd);

        if (!f)
            continue;
        file_put(f);
        if (flags & CLOSE_RANGE_CLOEXEC_)
            fd_set_cloexec((int)fd, true);
        else
            fd_close((int)fd);
    }
    return 0;
}
