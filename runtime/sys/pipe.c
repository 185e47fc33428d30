#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>

#include "file/fdtable.h"
#include "file/pipe.h"
#include "sys/install.h"

long uk_pipe2(int fds[2], int flags)
{
    struct file *a, *b;
    int err;

    if (flags & ~(O_NONBLOCK | O_CLOEXEC | O_DIRECT))
        return -EINVAL;
    if (flags & O_DIRECT) /* LIMIT: no packet mode */
        return -EOPNOTSUPP;
    if (!fds)
        return -EFAULT;
    err = pipe_new((u32)flags & O_NONBLOCK, &a, &b);
    return err ? err : install_pair(a, b, flags & O_CLOEXEC, fds);
}

long uk_pipe(int fds[2])
{
    return uk_pipe2(fds, 0);
}
