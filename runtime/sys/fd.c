#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "file/fdtable.h"

/* Flags F_SETFL may change, fcntl(2). */
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

long uk_dup(int fd)
{
    return uk_fcntl(fd, F_DUPFD, 0);
}

static long dup_to(int fd, int to, bool cloexec)
{
    struct file *f = fd_get(fd);
    long r;

    if (!f)
        return -EBADF;
    r = fd_install_at(f, to, cloexec);
    if (r < 0)
        file_put(f);
    return r;
}

long uk_dup2(int fd, int to)
{
    struct file *f;

    if (fd != to)
        return dup_to(fd, to, false);
    f = fd_get(fd); /* nothing to do, but @fd must be open */
    if (!f)
        return -EBADF;
    file_put(f);
    return to;
}

long uk_dup3(int fd, int to, int flags)
{
    if (flags & ~O_CLOEXEC || fd == to)
        return -EINVAL;
    return dup_to(fd, to, flags & O_CLOEXEC);
}

static long dup_from(struct file *f, unsigned long min, bool cloexec)
{
    long r;

    if (min >= fd_limit())
        return -EINVAL;
    r = fd_install(file_get(f), (int)min, cloexec);
    if (r < 0)
        file_put(f);
    return r;
}

long uk_fcntl(int fd, int cmd, unsigned long arg)
{
    struct file *f = fd_get(fd);
    long r = 0;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH && cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC && cmd != F_GETFD &&
        cmd != F_SETFD && cmd != F_GETFL) {
        file_put(f);
        return -EBADF;
    }
    switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        r = dup_from(f, arg, cmd == F_DUPFD_CLOEXEC);
        break;
    case F_GETFD:
        r = fd_is_cloexec(fd) ? FD_CLOEXEC : 0;
        break;
    case F_SETFD:
        fd_set_cloexec(fd, arg & FD_CLOEXEC);
        break;
    case F_GETFL:
        r = (long)f->flags;
        break;
    case F_SETFL:
        f->flags = (f->flags & ~(u32)SETFL_MASK) | ((u32)arg & SETFL_MASK);
        break;
    /* A lock keeps other processes out, and there are none. */
    case F_GETLK:
        ((struct flock *)arg)->l_type = F_UNLCK;
        break;
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        break;
    case F_OFD_GETLK:
        ((struct flock *)arg)->l_type = F_UNLCK;
        break;
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: /* a pipe knows these as private ioctls */
        r = f->ops->ioctl ? f->ops->ioctl(f, (unsigned)cmd, (void *)arg) : -EBADF;
        if (r == -ENOTTY)
            r = -EBADF;
        break;
    default: /* SIGIO and owners, leases, seals: not here */
        r = -EINVAL;
    }
    file_put(f);
    return r;
}

/* flock(2) */
long uk_flock(int fd, int op)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    file_put(f);
    op &= ~LOCK_NB;
    return op == LOCK_SH || op == LOCK_EX || op == LOCK_UN ? 0 : -EINVAL;
}
