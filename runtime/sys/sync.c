#include "sys/sys.h"

#include <errno.h>

#include "file/fdtable.h"

/* LIMIT: all files are in memory, as durable as they get; lift with the disk. */

/* fsync(2): EINVAL for what cannot be synchronized: pipes, sockets and the like. */
static long sync_file(int fd)
{
    struct file *f = fd_get(fd);
    long r;

    if (!f)
        return -EBADF;
    r = f->ops->seek ? 0 : -EINVAL;
    file_put(f);
    return r;
}

long uk_fsync(int fd)
{
    return sync_file(fd);
}

long uk_fdatasync(int fd)
{
    return sync_file(fd);
}

long uk_sync(void)
{
    return 0;
}

long uk_syncfs(int fd)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    file_put(f);
    return 0;
}

/* The descriptor must be one of a file; what is advised about it changes nothing here. */
static long advise(int fd)
{
    long r = sync_file(fd);

    return r == -EINVAL ? -ESPIPE : r;
}

long uk_sync_file_range(int fd, off_t off, off_t len, unsigned flags)
{
    if (off < 0 || len < 0 || flags & ~7u)
        return -EINVAL;
    return advise(fd);
}

long uk_fadvise64(int fd, off_t off, off_t len, int advice)
{
    long r = advise(fd);

    (void)off;
    if (r)
        return r;
    return len < 0 || advice < 0 || advice > 5 ? -EINVAL : 0;
}

long uk_readahead(int fd, off_t off, size_t len)
{
    (void)off;
    (void)len;
    return sync_file(fd);
}
