#include "file/eventfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mem/heap.h"

struct eventfd {
    struct file file;
    u64 count; /* at most UINT64_MAX - 1 */
    bool is_semaphore;
};

static struct eventfd *eventfd_of(struct file *f)
{
    return CONTAINER_OF(f, struct eventfd, file);
}

static u32 eventfd_poll(struct file *f)
{
    struct eventfd *e = eventfd_of(f);

    return (e->count ? EPOLLIN : 0) | (e->count < UINT64_MAX - 1 ? EPOLLOUT : 0);
}

static ssize_t eventfd_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct eventfd *e = eventfd_of(f);
    u64 v;
    int err;

    (void)off;
    /* LIMIT: the 8 bytes are not spread over several vectors. */
    if (!n_iov || iov->iov_len < sizeof(v))
        return -EINVAL;
    err = file_wait(f, EPOLLIN);
    if (err)
        return err;
    v = e->is_semaphore ? 1 : e->count;
    e->count -= v;
    memcpy(iov->iov_base, &v, sizeof(v));
    file_notify(f, EPOLLOUT);
    return sizeof(v);
}

static ssize_t eventfd_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct eventfd *e = eventfd_of(f);
    u64 v;

    (void)off;
    if (!n_iov || iov->iov_len < sizeof(v))
        return -EINVAL;
    memcpy(&v, iov->iov_base, sizeof(v));
    if (v == UINT64_MAX)
        return -EINVAL;
    while (v > UINT64_MAX - 1 - e->count) {
        /* poll() says writable as soon as 1 would fit, so it cannot tell when @v does. */
        struct waiter w;
        int err;

        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        waiter_init(&w, thread_current());
        waitq_add(&f->waitq, &w);
        err = sched_sleep(DEADLINE_NEVER);
        waitq_remove(&w);
        if (err)
            return err;
    }
    e->count += v;
    if (e->count)
        file_notify(f, EPOLLIN);
    return sizeof(v);
}

static void eventfd_release(struct file *f)
{
    heap_free(eventfd_of(f));
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .release = eventfd_release,
};

int eventfd_new(u32 initial, u32 flags, bool is_semaphore, struct file **out)
{
    struct eventfd *e = heap_new(sizeof(*e));

    if (!e)
        return -ENOMEM;
    file_init(&e->file, &eventfd_ops, O_RDWR | flags);
    e->count = initial;
    e->is_semaphore = is_semaphore;
    *out = &e->file;
    return 0;
}
