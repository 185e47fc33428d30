#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "sys/deliver.h"
#include "sys/rw.h"

/* Vectors of nothing end here: a socket would make a datagram of them. */
NO_STACK_CHECK static long rw_write(int fd, const struct iovec *iov, int n_iov, s64 off,
                                    bool is_vector)
{
    struct file *f;
    long r = rw_begin(fd, O_RDONLY, off, &f);

    if (r)
        return r;
    r = rw_iov_check(iov, n_iov);
    if (!r && !f->ops->write)
        r = -EINVAL;
    else if (!r && !(is_vector && !iov_len(iov, n_iov)))
        r = DELIVER_RESTARTING(f->ops->write(f, iov, n_iov, off));
    file_put(f);
    return deliver_sigpipe(r);
}

NO_STACK_CHECK long uk_write(int fd, const void *buf, size_t len)
{
    struct iovec iov = {(void *)buf, len};

    return rw_write(fd, &iov, 1, OFF_CURRENT, false);
}

long uk_writev(int fd, const struct iovec *iov, int n_iov)
{
    return rw_write(fd, iov, n_iov, OFF_CURRENT, true);
}

long uk_pwritev(int fd, const struct iovec *iov, int n_iov, long off, long off_hi)
{
    (void)off_hi;
    return off < 0 ? -EINVAL : rw_write(fd, iov, n_iov, off, true);
}

long uk_pwrite64(int fd, const void *buf, size_t len, off_t off)
{
    struct iovec iov = {(void *)buf, len};

    return uk_pwritev(fd, &iov, 1, off, 0);
}

long uk_pwritev2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags)
{
    if (flags)
        return -EOPNOTSUPP;
    return off == OFF_CURRENT ? uk_writev(fd, iov, n_iov) : uk_pwritev(fd, iov, n_iov, off, off_hi);
}
