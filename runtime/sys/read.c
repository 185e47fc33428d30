#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "file/console_input.h"
#include "sys/deliver.h"
#include "sys/rw.h"

/* Vectors of nothing end here: a socket would make a datagram of them. */
NO_STACK_CHECK static long rw_read(int fd, const struct iovec *iov, int n_iov, s64 off,
                                   bool is_vector)
{
    struct file *f;

    LINK_WITH(console_read); /* who reads may read the console */
    long r = rw_begin(fd, O_WRONLY, off, &f);

    if (r)
        return r;
    r = rw_iov_check(iov, n_iov);
    if (!r && !f->ops->read)
        r = -EINVAL;
    else if (!r && !(is_vector && !iov_len(iov, n_iov)))
        r = DELIVER_RESTARTING(f->ops->read(f, iov, n_iov, off));
    file_put(f);
    return r;
}

NO_STACK_CHECK long uk_read(int fd, void *buf, size_t len)
{
    struct iovec iov = {buf, len};

    return rw_read(fd, &iov, 1, OFF_CURRENT, false);
}

long uk_readv(int fd, const struct iovec *iov, int n_iov)
{
    return rw_read(fd, iov, n_iov, OFF_CURRENT, true);
}

long uk_preadv(int fd, const struct iovec *iov, int n_iov, long off, long off_hi)
{
    (void)off_hi; /* only 32-bit machines split the offset */
    return off < 0 ? -EINVAL : rw_read(fd, iov, n_iov, off, true);
}

long uk_pread64(int fd, void *buf, size_t len, off_t off)
{
    struct iovec iov = {buf, len};

    return uk_preadv(fd, &iov, 1, off, 0);
}

/* preadv2(2): the flags are hints we cannot follow, so we say so. */
long uk_preadv2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags)
{
    if (flags)
        return -EOPNOTSUPP;
    return off == OFF_CURRENT ? uk_readv(fd, iov, n_iov) : uk_preadv(fd, iov, n_iov, off, off_hi);
}
