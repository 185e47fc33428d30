/* Waiting for a file to become ready. */
#include <errno.h>
#include <fcntl.h>

#include "file/file.h"

NO_STACK_CHECK int file_wait(struct file *f, u32 events)
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
