#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>

#include "file/fdtable.h"
#include "sys/deliver.h"

#define N_IOV_MAX   1024 /* UIO_MAXIOV */
/* "At the current position", as the ops spell it; and for preadv2(2). */
#define OFF_CURRENT (-1)

/* readv(2): every length and the sum fit ssize_t. */
static int iov_check(const struct iovec *iov, int n_iov)
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

/* The file behind @fd if it may be moved bytes in this direction, at this offset. */
static int rw_begin(int fd, int mode_refused, s64 off, struct file **out)
{
    struct file *f = fd_get(fd);
    int err = 0;

    *out = f;
    if (!f)
        return -EBADF;
    if ((f->flags & O_ACCMODE) == (u32)mode_refused || f->flags & O_PATH)
        err = -EBADF;
    else if (off != OFF_CURRENT && !f->ops->seek)
        err = -ESPIPE;
    if (err)
        file_put(f);
    return err;
}

static long rw_read(int fd, const struct iovec *iov, int n_iov, s64 off)
{
    struct file *f;
    long r = rw_begin(fd, O_WRONLY, off, &f);

    if (r)
        return r;
    r = iov_check(iov, n_iov);
    if (!r)
        r = f->ops->read ? f->ops->read(f, iov, n_iov, off) : -EINVAL;
    file_put(f);
    return r;
}

static long rw_write(int fd, const struct iovec *iov, int n_iov, s64 off)
{
    struct file *f;
    long r = rw_begin(fd, O_RDONLY, off, &f);

    if (r)
        return r;
    r = iov_check(iov, n_iov);
    if (!r)
        r = f->ops->write ? f->ops->write(f, iov, n_iov, off) : -EINVAL;
    file_put(f);
    return deliver_sigpipe(r);
}

long uk_read(int fd, void *buf, size_t len)
{
    struct iovec iov = {buf, len};

    return rw_read(fd, &iov, 1, OFF_CURRENT);
}

long uk_write(int fd, const void *buf, size_t len)
{
    struct iovec iov = {(void *)buf, len};

    return rw_write(fd, &iov, 1, OFF_CURRENT);
}

long uk_readv(int fd, const struct iovec *iov, int n_iov)
{
    return rw_read(fd, iov, n_iov, OFF_CURRENT);
}

long uk_writev(int fd, const struct iovec *iov, int n_iov)
{
    return rw_write(fd, iov, n_iov, OFF_CURRENT);
}

long uk_preadv(int fd, const struct iovec *iov, int n_iov, long off, long off_hi)
{
    (void)off_hi; /* only 32-bit machines split the offset */
    return off < 0 ? -EINVAL : rw_read(fd, iov, n_iov, off);
}

long uk_pwritev(int fd, const struct iovec *iov, int n_iov, long off, long off_hi)
{
    (void)off_hi;
    return off < 0 ? -EINVAL : rw_write(fd, iov, n_iov, off);
}

long uk_pread64(int fd, void *buf, size_t len, off_t off)
{
    struct iovec iov = {buf, len};

    return uk_preadv(fd, &iov, 1, off, 0);
}

long uk_pwrite64(int fd, const void *buf, size_t len, off_t off)
{
    struct iovec iov = {(void *)buf, len};

    return uk_pwritev(fd, &iov, 1, off, 0);
}

/* preadv2(2): the flags are hints we cannot follow, so we say so. */
long uk_preadv2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags)
{
    if (flags)
        return -EOPNOTSUPP;
    return off == OFF_CURRENT ? uk_readv(fd, iov, n_iov) : uk_preadv(fd, iov, n_iov, off, off_hi);
}

long uk_pwritev2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags)
{
    if (flags)
        return -EOPNOTSUPP;
    return off == OFF_CURRENT ? uk_writev(fd, iov, n_iov) : uk_pwritev(fd, iov, n_iov, off, off_hi);
}

long uk_lseek(int fd, off_t off, int whence)
{
    struct file *f = fd_get(fd);
    long r;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH)
        r = -EBADF;
    else
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
