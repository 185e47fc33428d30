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

void file_end(struct file *f)
{
    /* Sleepers hold references, epoll does not: who waits now is an epoll item. */
    file_notify(f, FILE_GONE);
    f->ops->release(f);
}

void file_put(struct file *f)
{
    file_put_inline(f);
}

size_t iov_len(const struct iovec *iov, int n_iov)
{
    size_t len = 0;

    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    return len;
}
