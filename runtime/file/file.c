#include "file/file.h"

#include <errno.h>
#include <fcntl.h>

void file_init(struct file *f, const struct file_ops *ops, u32 flags)
{
    f->ops = ops;
    f->refs = 1;
    f->flags = flags;
    waitq_init(&f->waitq);
}

void file_put(struct file *f)
{
    if (--f->refs)
        return;
    /* Sleepers hold references, epoll does not: who waits now is an epoll item. */
    file_notify(f, FILE_GONE);
    f->ops->release(f);
}

int file_wait(struct file *f, u32 events)
{
    struct waiter w;
    int err = 0;

    events |= EPOLLERR | EPOLLHUP;
    if (f->ops->poll(f) & events)
        return 0;
    if (f->flags & O_NONBLOCK) {
        /* A service that spins on this file must not keep the devices from moving. */
        sched_poll();
        return f->ops->poll(f) & events ? 0 : -EAGAIN;
    }
    waiter_init(&w, thread_current());
    waitq_add(&f->waitq, &w);
    while (!(f->ops->poll(f) & events) && !err)
        err = sched_sleep(DEADLINE_NEVER);
    waitq_remove(&w);
    return err;
}

size_t iov_len(const struct iovec *iov, int n_iov)
{
    size_t len = 0;

    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    return len;
}
