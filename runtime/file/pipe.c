#define _GNU_SOURCE 1
#include "file/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "mem/heap.h"

static struct pipe *pipe_of_reader(struct file *f)
{
    return CONTAINER_OF(f, struct pipe, read_end);
}

static struct pipe *pipe_of_writer(struct file *f)
{
    return CONTAINER_OF(f, struct pipe, write_end);
}

static u32 reader_poll(struct file *f)
{
    struct pipe *p = pipe_of_reader(f);

    return (ring_used(&p->ring) ? EPOLLIN : 0) | (p->has_writer ? 0 : EPOLLHUP);
}

static u32 writer_poll(struct file *f)
{
    struct pipe *p = pipe_of_writer(f);

    return (ring_space(&p->ring) >= PIPE_BUF ? EPOLLOUT : 0) | (p->has_reader ? 0 : EPOLLERR);
}

static ssize_t pipe_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct pipe *p = pipe_of_reader(f);
    struct iov_cursor to = {iov, n_iov, 0};
    size_t n;
    int err;

    (void)off;
    if (!iov_len(iov, n_iov))
        return 0;
    err = file_wait(f, EPOLLIN);
    if (err)
        return err;
    n = ring_take_iov(&p->ring, &to, RING_BYTES);
    if (n)
        file_notify(&p->write_end, EPOLLOUT);
    return (ssize_t)n;
}

static ssize_t pipe_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct pipe *p = pipe_of_writer(f);
    struct iov_cursor from = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov), done = 0;
    int err = 0;

    (void)off;
    while (done < len && !err) {
        size_t space = ring_space(&p->ring), n = 0;

        if (!p->has_reader) {
            err = -EPIPE;
        } else if (space >= MIN(len - done, PIPE_BUF) || (len > PIPE_BUF && space)) {
            n = ring_put_iov(&p->ring, &from, len - done);
            if (!n)
                err = -ENOMEM;
            done += n;
            file_notify(&p->read_end, EPOLLIN);
        } else {
            err = file_wait(f, EPOLLOUT);
        }
    }
    return done ? (ssize_t)done : err;
}

static long pipe_ioctl(struct file *f, struct pipe *p, unsigned cmd, void *arg)
{
    (void)f;
    switch (cmd) {
    case FIONREAD:
        *(int *)arg = (int)ring_used(&p->ring);
        return 0;
    case F_GETPIPE_SZ:
        return RING_BYTES;
    case F_SETPIPE_SZ: /* LIMIT: one size; smaller ones are granted as this one */
        return (unsigned long)arg <= RING_BYTES ? (long)RING_BYTES : -EPERM;
    }
    return -ENOTTY;
}

static long reader_ioctl(struct file *f, unsigned cmd, void *arg)
{
    return pipe_ioctl(f, pipe_of_reader(f), cmd, arg);
}

static long writer_ioctl(struct file *f, unsigned cmd, void *arg)
{
    return pipe_ioctl(f, pipe_of_writer(f), cmd, arg);
}

static int pipe_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFIFO | 0600;
    st->st_nlink = 1;
    st->st_blksize = PAGE_SIZE;
    return 0;
}

static void pipe_free_if_unused(struct pipe *p)
{
    if (p->has_reader || p->has_writer)
        return;
    ring_fini(&p->ring);
    heap_free(p);
}

static void reader_release(struct file *f)
{
    struct pipe *p = pipe_of_reader(f);

    p->has_reader = false;
    if (p->has_writer)
        file_notify(&p->write_end, EPOLLOUT | EPOLLERR);
    pipe_free_if_unused(p);
}

static void writer_release(struct file *f)
{
    struct pipe *p = pipe_of_writer(f);

    p->has_writer = false;
    if (p->has_reader)
        file_notify(&p->read_end, EPOLLIN | EPOLLHUP);
    pipe_free_if_unused(p);
}

static const struct file_ops reader_ops = {
    .read = pipe_read,
    .poll = reader_poll,
    .ioctl = reader_ioctl,
    .stat = pipe_stat,
    .release = reader_release,
};

static const struct file_ops writer_ops = {
    .write = pipe_write,
    .poll = writer_poll,
    .ioctl = writer_ioctl,
    .stat = pipe_stat,
    .release = writer_release,
};

struct pipe *pipe_of(struct file *f)
{
    if (f->ops == &reader_ops)
        return pipe_of_reader(f);
    return f->ops == &writer_ops ? pipe_of_writer(f) : NULL;
}

int pipe_new(u32 flags, struct file **read_end, struct file **write_end)
{
    struct pipe *p = heap_new(sizeof(*p));

    if (!p)
        return -ENOMEM;
    file_init(&p->read_end, &reader_ops, O_RDONLY | flags);
    file_init(&p->write_end, &writer_ops, O_WRONLY | flags);
    p->has_reader = p->has_writer = true;
    *read_end = &p->read_end;
    *write_end = &p->write_end;
    return 0;
}
