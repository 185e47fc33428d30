#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>

#include "file/epoll.h"
#include "sys/deliver.h"
#include "sys/install.h"

NO_STACK_CHECK long uk_epoll_create1(int flags)
{
    struct file *f;
    int err;

    if (flags & ~EPOLL_CLOEXEC)
        return -EINVAL;
    err = epoll_new(&f);
    return err ? err : install(f, flags);
}

long uk_epoll_create(int size)
{
    return size > 0 ? uk_epoll_create1(0) : -EINVAL;
}

long uk_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    struct file *f, *target;
    long r;

    if (op != EPOLL_CTL_DEL && !event)
        return -EFAULT;
    f = fd_get(epfd);
    if (!f)
        return -EBADF;
    target = fd_get(fd);
    if (target) {
        r = epoll_change(f, op, target, fd, event);
        file_put(target);
    } else {
        r = -EBADF;
    }
    file_put(f);
    return r;
}

long uk_epoll_wait(int epfd, struct epoll_event *events, int n_max, int timeout_ms)
{
    struct file *f = fd_get(epfd);
    long r;

    if (!f)
        return -EBADF;
    if (!events)
        r = n_max > 0 ? -EFAULT : -EINVAL;
    else
        r = epoll_take(f, events, n_max,
                       timeout_ms < 0 ? DEADLINE_NEVER : (u64)timeout_ms * NSEC_PER_MSEC);
    file_put(f);
    return r;
}

long uk_epoll_pwait(int epfd, struct epoll_event *events, int n_max, int timeout_ms,
                    const u64 *mask, size_t mask_bytes)
{
    u64 old;
    long r;

    if (mask && mask_bytes != sizeof(*mask))
        return -EINVAL;
    old = deliver_mask_begin(mask);
    r = uk_epoll_wait(epfd, events, n_max, timeout_ms);
    deliver_mask_end(mask, old, r);
    return r;
}
