/*
 * splice(2), tee(2), vmsplice(2). Bytes are copied, once, into or out of the pages of a pipe; what
 * is promised is their order and that none is lost. No reference to a pipe's pages is held where
 * another thread may run: so both sides are waited for before anything moves.
 */
#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "file/fdtable.h"
#include "file/pipe.h"
#include "sched/clock.h"
#include "sys/deliver.h"
#include "sys/rw.h"

#define FLAGS        (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)
#define READY_EVENTS (EPOLLHUP | EPOLLERR)

/* --- one side --- */

static bool has_readable(const struct pipe *p)
{
    return ring_used(&p->ring) != 0;
}

/* As a pipe of pages is: a smaller rest of room is none. */
static bool has_room(const struct pipe *p)
{
    return ring_space(&p->ring) >= PIPE_BUF;
}

/* Wait for an end of a pipe. Returns 0, -EAGAIN, -EINTR. */
static int pipe_wait(struct file *end, u32 events, bool may_wait)
{
    u32 was = end->flags & O_NONBLOCK;
    int err;

    if (may_wait)
        return file_wait(end, events);
    end->flags |= O_NONBLOCK;
    err = file_wait(end, events);
    end->flags = (end->flags & ~(u32)O_NONBLOCK) | was;
    return err;
}

/* Is @f ready, or need not be waited for? */
static bool is_ready(struct file *f, u32 events)
{
    return !f->ops->poll || f->ops->poll(f) & (events | READY_EVENTS);
}

/* read() or write() of @f, which is ready, as if it was opened with O_NONBLOCK. */
static ssize_t move_now(struct file *f, const struct iovec *iov, int n_iov, off_t *off, bool is_out)
{
    s64 at = off ? *off : OFF_CURRENT;
    u32 was = f->flags & O_NONBLOCK;
    ssize_t n;

    f->flags |= O_NONBLOCK;
    n = is_out ? f->ops->write(f, iov, n_iov, at) : f->ops->read(f, iov, n_iov, at);
    f->flags = (f->flags & ~(u32)O_NONBLOCK) | was;
    if (n > 0 && off)
        *off += n;
    return n;
}

/* --- to and from pipes --- */

/* Once what there is: a message of a socket must not be followed by another. */
static long to_pipe(struct file *in, off_t *off, struct pipe *p, size_t len, bool may_wait)
{
    struct iovec iov[RING_PAGES];
    int n_iov, n_ready = 0;
    ssize_t n;

    for (;;) {
        int err = 0;

        if (!p->has_reader)
            return -EPIPE;
        if (!has_room(p))
            err = pipe_wait(&p->write_end, EPOLLOUT, may_wait);
        else if (!is_ready(in, EPOLLIN))
            err = file_wait(in, EPOLLIN); /* LIMIT: without the limit of SO_RCVTIMEO */
        else
            break;
        if (err)
            return err;
    }
    if (in->ops->ioctl && !in->ops->ioctl(in, FIONREAD, &n_ready) && n_ready > 0)
        len = MIN(len, (size_t)n_ready); /* no more pages than that takes */
    n_iov = ring_room(&p->ring, len, iov);
    n = n_iov ? move_now(in, iov, n_iov, off, false) : -ENOMEM;
    ring_commit(&p->ring, (size_t)MAX(n, 0));
    if (n > 0)
        file_notify(&p->read_end, EPOLLIN);
    return n;
}

static long from_pipe(struct pipe *p, struct file *out, off_t *off, size_t len, bool may_wait)
{
    struct iovec iov[RING_PAGES];
    size_t done = 0;
    ssize_t n = 0;

    while (done < len && (has_readable(p) || (p->has_writer && !done))) {
        if (!has_readable(p)) {
            n = pipe_wait(&p->read_end, EPOLLIN, may_wait);
        } else if (!is_ready(out, EPOLLOUT)) {
            n = file_wait(out, EPOLLOUT); /* LIMIT: without the limit of SO_SNDTIMEO */
        } else {
            n = move_now(out, iov, ring_bytes(&p->ring, len - done, iov), off, true);
            if (n == -EAGAIN && !(out->flags & O_NONBLOCK)) { /* ready, but not for this */
                n = sched_sleep(clock_mono_ns() + NSEC_PER_MSEC);
                n = n == -ETIMEDOUT ? 0 : n;
            }
            if (n > 0) {
                ring_take(&p->ring, NULL, (size_t)n);
                done += (size_t)n;
                file_notify(&p->write_end, EPOLLOUT);
            }
        }
        if (n < 0)
            break;
    }
    return done ? (long)done : n;
}

/* From pipe to pipe; with @is_tee the bytes stay where they are as well. */
static long between(struct pipe *in, struct pipe *out, size_t len, bool may_wait, bool is_tee)
{
    struct iovec iov[RING_PAGES];
    size_t done = 0;
    int n_iov;

    for (;;) {
        int err = 0;

        if (!has_readable(in) && in->has_writer)
            err = pipe_wait(&in->read_end, EPOLLIN, may_wait);
        else if (!out->has_reader)
            err = -EPIPE;
        else if (!has_room(out))
            err = pipe_wait(&out->write_end, EPOLLOUT, may_wait);
        else
            break;
        if (err)
            return err;
    }
    n_iov = ring_room(&out->ring, MIN(len, ring_used(&in->ring)), iov);
    for (int i = 0; i < n_iov; i++)
        done += ring_peek(&in->ring, done, iov[i].iov_base, iov[i].iov_len);
    ring_commit(&out->ring, done);
    if (!done)
        return has_readable(in) ? -ENOMEM : 0;
    file_notify(&out->read_end, EPOLLIN);
    if (!is_tee) {
        ring_take(&in->ring, NULL, done);
        file_notify(&in->write_end, EPOLLOUT);
    }
    return (long)done;
}

/* --- calls --- */

/* Both files, if they can be read and written. */
static int both_get(int in_fd, int out_fd, struct file **in, struct file **out)
{
    int err = rw_begin(in_fd, O_WRONLY, OFF_CURRENT, in);

    if (err)
        return err;
    err = rw_begin(out_fd, O_RDONLY, OFF_CURRENT, out);
    if (err)
        file_put(*in);
    return err;
}

static long move(struct file *in, off_t *in_off, struct file *out, off_t *out_off, size_t len,
                 bool may_wait)
{
    struct pipe *from = pipe_of(in), *to = pipe_of(out);

    if ((from && in_off) || (to && out_off))
        return -ESPIPE;
    if (from && to) {
        may_wait = may_wait && !((in->flags | out->flags) & O_NONBLOCK);
        return from == to ? -EINVAL : between(from, to, len, may_wait, false);
    }
    if ((in_off && (!in->ops->seek || *in_off < 0)) ||
        (out_off && (!out->ops->seek || *out_off < 0)))
        return -EINVAL;
    if (to)
        return in->ops->read ? to_pipe(in, in_off, to, len, may_wait) : -EINVAL;
    if (!from || !out->ops->write || out->flags & O_APPEND)
        return -EINVAL;
    return from_pipe(from, out, out_off, len, may_wait);
}

long uk_splice(int in_fd, off_t *in_off, int out_fd, off_t *out_off, size_t len, unsigned flags)
{
    struct file *in, *out;
    long r;

    if (!len)
        return 0;
    if (flags & ~FLAGS)
        return -EINVAL;
    r = both_get(in_fd, out_fd, &in, &out);
    if (r)
        return r;
    r = DELIVER_RESTARTING(move(in, in_off, out, out_off, len, !(flags & SPLICE_F_NONBLOCK)));
    file_put(in);
    file_put(out);
    return deliver_sigpipe(r);
}

long uk_tee(int in_fd, int out_fd, size_t len, unsigned flags)
{
    struct file *in, *out;
    struct pipe *from, *to;
    bool may_wait;
    long r;

    if (flags & ~FLAGS)
        return -EINVAL;
    if (!len)
        return 0;
    r = both_get(in_fd, out_fd, &in, &out);
    if (r)
        return r;
    from = pipe_of(in);
    to = pipe_of(out);
    may_wait = !(flags & SPLICE_F_NONBLOCK) && !((in->flags | out->flags) & O_NONBLOCK);
    if (from && to && from != to)
        r = DELIVER_RESTARTING(between(from, to, len, may_wait, true));
    else
        r = -EINVAL;
    file_put(in);
    file_put(out);
    return deliver_sigpipe(r);
}

/* Memory into a pipe, as much as there is room for. */
static long from_memory(struct pipe *p, const struct iovec *iov, int n_iov, bool may_wait)
{
    struct iov_cursor from = {iov, n_iov, 0};
    size_t n;

    while (p->has_reader && !has_room(p)) {
        int err = pipe_wait(&p->write_end, EPOLLOUT, may_wait);
        if (err)
            return err;
    }
    if (!p->has_reader)
        return -EPIPE;
    n = ring_put_iov(&p->ring, &from, RING_BYTES);
    if (!n)
        return -ENOMEM;
    file_notify(&p->read_end, EPOLLIN);
    return (long)n;
}

long uk_vmsplice(int fd, const struct iovec *iov, size_t n_iov, unsigned flags)
{
    bool may_wait = !(flags & SPLICE_F_NONBLOCK);
    struct file *f;
    struct pipe *p;
    long r;

    if (flags & ~FLAGS)
        return -EINVAL;
    f = fd_get(fd);
    if (!f)
        return -EBADF;
    p = pipe_of(f);
    r = !p ? -EBADF : n_iov > INT_MAX ? -EINVAL : rw_iov_check(iov, (int)n_iov);
    if (!r && iov_len(iov, (int)n_iov)) {
        if (f == &p->write_end)
            r = DELIVER_RESTARTING(from_memory(p, iov, (int)n_iov, may_wait));
        else if (may_wait || has_readable(p) || !p->has_writer)
            r = DELIVER_RESTARTING(f->ops->read(f, iov, (int)n_iov, OFF_CURRENT));
        else
            r = -EAGAIN;
    }
    file_put(f);
    return deliver_sigpipe(r);
}
