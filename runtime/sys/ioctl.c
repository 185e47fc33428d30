#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "file/fdtable.h"

long uk_ioctl(int fd, unsigned cmd, void *arg)
{
    struct file *f = fd_get(fd);
    long r = 0;

    if (!f)
        return -EBADF;
    switch (cmd) {
    case FIONBIO:
        if (!arg)
            r = -EFAULT;
        else if (*(int *)arg)
            f->flags |= O_NONBLOCK;
        else
            f->flags &= ~(u32)O_NONBLOCK;
        break;
    case FIOCLEX:
    case FIONCLEX:
        fd_set_cloexec(fd, cmd == FIOCLEX);
        break;
    default:
        r = f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
    }
    file_put(f);
    return r;
}
