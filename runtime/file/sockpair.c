#define _GNU_SOURCE 1
#include "file/sockpair.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "file/ring.h"
#include "mem/heap.h"

#define SHUT_IN          BIT(0) /* nothing more arrives */
#define SHUT_OUT         BIT(1) /* nothing more may be sent */

/* Space a stream writer waits for: waking it for every byte would be wasted. */
#define STREAM_LOW_BYTES 2048u

struct sockpair_end {
    struct file file;
    struct sockpair *pair;
    struct ring in; /* SOCK_STREAM: bytes; else records: u32 length, then bytes */
    u8 shut;
    bool is_open;
};

struct sockpair {
    struct sockpair_end ends[2];
    int type;
};

static const struct file_ops sockpair_ops;

bool sockpair_is(const struct file *f)
{
    return f->ops == &sockpair_ops;
}

static struct sockpair_end *end_of(struct file *f)
{
    return CONTAINER_OF(f, struct sockpair_end, file);
}

static struct sockpair_end *peer_of(struct sockpair_end *e)
{
    return &e->pair->ends[e == &e->pair->ends[0]];
}

static u32 sockpair_poll(struct file *f)
{
    struct sockpair_end *e = end_of(f);
    u32 events = 0;

    if (ring_used(&e->in))
        events |= EPOLLIN;
    if (e->shut & SHUT_IN)
        events |= EPOLLIN | EPOLLRDHUP;
    if (e->shut & SHUT_OUT || ring_space(&peer_of(e)->in) >= STREAM_LOW_BYTES)
        events |= EPOLLOUT;
    if (e->shut == (SHUT_IN | SHUT_OUT))
        events |= EPOLLHUP;
    return events;
}

static int end_wait(struct sockpair_end *e, u32 events, int flags)
{
    if (flags & MSG_DONTWAIT && !(sockpair_poll(&e->file) & events))
        return -EAGAIN;
    return file_wait(&e->file, events);
}

static ssize_t send_stream(struct sockpair_end *e, struct iov_cursor *from, size_t len, int flags)
{
    struct sockpair_end *peer = peer_of(e);
    size_t done = 0;
    int err = 0;

    while (done < len && !err) {
        if (e->shut & SHUT_OUT) {
            err = -EPIPE;
        } else if (ring_space(&peer->in)) {
            size_t n = ring_put_iov(&peer->in, from, len - done);

            if (!n)
                err = -ENOMEM;
            done += n;
            file_notify(&peer->file, EPOLLIN);
        } else {
            err = end_wait(e, EPOLLOUT, flags);
        }
    }
    return done ? (ssize_t)done : err;
}

static ssize_t send_record(struct sockpair_end *e, struct iov_cursor *from, size_t len, int flags)
{
    struct sockpair_end *peer = peer_of(e);
    u32 header = (u32)len;
    int err = 0;

    if (len > RING_BYTES - sizeof(header))
        return -EMSGSIZE;
    while (!err) {
        struct waiter w;

        if (e->shut & SHUT_OUT)
            return -EPIPE;
        if (ring_space(&peer->in) >= sizeof(header) + len)
            break;
        if (flags & MSG_DONTWAIT || e->file.flags & O_NONBLOCK)
            return -EAGAIN;
        waiter_init(&w, thread_current()); /* poll() cannot tell when this record fits */
        waitq_add(&e->file.waitq, &w);
        err = sched_sleep(DEADLINE_NEVER);
        waitq_remove(&w);
    }
    if (err)
        return err;
    if (ring_put(&peer->in, &header, sizeof(header)) < sizeof(header) ||
        ring_put_iov(&peer->in, from, len) < len) {
        /* Half a record cannot stay: the queue is of no use any more. */
        ring_fini(&peer->in);
        return -ENOMEM;
    }
    file_notify(&peer->file, EPOLLIN);
    return (ssize_t)len;
}

static ssize_t end_send(struct sockpair_end *e, const struct iovec *iov, int n_iov, int flags)
{
    struct iov_cursor from = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov);

    if (e->pair->type == SOCK_STREAM)
        return send_stream(e, &from, len, flags);
    return send_record(e, &from, len, flags);
}

/* ring_peek() with a vector. */
static size_t peek_iov(const struct ring *r, size_t skip, struct iov_cursor *to, size_t max)
{
    size_t done = 0, len;
    void *run;

    while (done < max && (run = iov_cursor_run(to, &len))) {
        size_t n = ring_peek(r, skip + done, run, MIN(len, max - done));

        if (!n)
            break;
        iov_cursor_advance(to, n);
        done += n;
    }
    return done;
}

static ssize_t recv_stream(struct sockpair_end *e, struct iov_cursor *to, size_t len, int flags)
{
    size_t done = 0;
    int err = 0;

    if (!len)
        return 0;
    do {
        err = end_wait(e, EPOLLIN, flags);
        if (err || !ring_used(&e->in)) /* woken without bytes: the end */
            break;
        if (flags & MSG_PEEK)
            return (ssize_t)peek_iov(&e->in, 0, to, len);
        done += ring_take_iov(&e->in, to, len - done);
        file_notify(&peer_of(e)->file, EPOLLOUT);
    } while (flags & MSG_WAITALL && done < len);
    return done ? (ssize_t)done : err;
}

static ssize_t recv_record(struct sockpair_end *e, struct iov_cursor *to, size_t len, int flags,
                           int *flags_out)
{
    u32 header;
    int err = end_wait(e, EPOLLIN, flags);
    size_t n;

    if (err)
        return err;
    if (!ring_used(&e->in))
        return 0;
    ring_peek(&e->in, 0, &header, sizeof(header));
    n = peek_iov(&e->in, sizeof(header), to, MIN(len, header));
    if (!(flags & MSG_PEEK)) {
        ring_take(&e->in, NULL, sizeof(header) + header);
        file_notify(&peer_of(e)->file, EPOLLOUT);
    }
    if (n < header)
        *flags_out |= MSG_TRUNC;
    return flags & MSG_TRUNC ? (ssize_t)header : (ssize_t)n;
}

static ssize_t end_recv(struct sockpair_end *e, const struct iovec *iov, int n_iov, int flags,
                        int *flags_out)
{
    struct iov_cursor to = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov);

    *flags_out = 0;
    if (e->pair->type == SOCK_STREAM)
        return recv_stream(e, &to, len, flags);
    return recv_record(e, &to, len, flags, flags_out);
}

static ssize_t sockpair_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    int flags_out;

    (void)off;
    return end_recv(end_of(f), iov, n_iov, 0, &flags_out);
}

static ssize_t sockpair_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)off;
    return end_send(end_of(f), iov, n_iov, 0);
}

ssize_t sockpair_sendmsg(struct file *f, const struct msghdr *msg, int flags)
{
    if (msg->msg_controllen) /* LIMIT: passes no descriptors: there is no other process */
        return -EOPNOTSUPP;
    if (msg->msg_namelen)
        return end_of(f)->pair->type == SOCK_STREAM ? -EISCONN : -EOPNOTSUPP;
    return end_send(end_of(f), msg->msg_iov, (int)msg->msg_iovlen, flags);
}

ssize_t sockpair_recvmsg(struct file *f, struct msghdr *msg, int flags)
{
    ssize_t n = end_recv(end_of(f), msg->msg_iov, (int)msg->msg_iovlen, flags, &msg->msg_flags);

    msg->msg_namelen = 0;
    msg->msg_controllen = 0;
    return n;
}

static void end_shut(struct sockpair_end *e, u8 shut)
{
    e->shut |= shut;
    file_notify(&e->file, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
}

int sockpair_shutdown(struct file *f, int how)
{
    struct sockpair_end *e = end_of(f);
    u8 out = how != SHUT_RD ? SHUT_OUT : 0, in = how != SHUT_WR ? SHUT_IN : 0;

    end_shut(e, in | out);
    /* Who no longer receives, nobody can send to; who no longer sends, nobody hears from. */
    end_shut(peer_of(e), (u8)((in ? SHUT_OUT : 0) | (out ? SHUT_IN : 0)));
    return 0;
}

int sockpair_getname(struct file *f, struct sockaddr *addr, socklen_t *len)
{
    sa_family_t family = AF_UNIX;

    (void)f;
    memcpy(addr, &family, MIN(*len, sizeof(family)));
    *len = sizeof(family);
    return 0;
}

int sockpair_setopt(struct file *f, int level, int name)
{
    (void)f;
    (void)name; /* LIMIT: sizes and time limits are accepted and not kept */
    return level == SOL_SOCKET ? 0 : -EOPNOTSUPP;
}

int sockpair_getopt(struct file *f, int level, int name, void *val, socklen_t *len)
{
    int v;

    if (level != SOL_SOCKET)
        return -EOPNOTSUPP;
    switch (name) {
    case SO_TYPE:
        v = end_of(f)->pair->type;
        break;
    case SO_DOMAIN:
        v = AF_UNIX;
        break;
    case SO_SNDBUF:
    case SO_RCVBUF:
        v = RING_BYTES;
        break;
    case SO_ERROR:
    case SO_PROTOCOL:
    case SO_ACCEPTCONN:
        v = 0;
        break;
    default:
        return -ENOPROTOOPT;
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

static long sockpair_ioctl(struct file *f, unsigned cmd, void *arg)
{
    if (cmd != FIONREAD)
        return -ENOTTY;
    *(int *)arg = (int)ring_used(&end_of(f)->in);
    return 0;
}

static int sockpair_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFSOCK | 0777;
    st->st_nlink = 1;
    st->st_blksize = PAGE_SIZE;
    return 0;
}

static void sockpair_release(struct file *f)
{
    struct sockpair_end *e = end_of(f), *peer = peer_of(e);

    ring_fini(&e->in);
    e->is_open = false;
    if (peer->is_open) {
        end_shut(peer, SHUT_IN | SHUT_OUT);
    } else {
        heap_free(e->pair);
    }
}

static const struct file_ops sockpair_ops = {
    .read = sockpair_read,
    .write = sockpair_write,
    .poll = sockpair_poll,
    .ioctl = sockpair_ioctl,
    .stat = sockpair_stat,
    .release = sockpair_release,
};

int sockpair_new(int type, struct file **a, struct file **b)
{
    struct file **out[2] = {a, b};
    struct sockpair *pair;
    int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (kind != SOCK_STREAM && kind != SOCK_SEQPACKET && kind != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    pair = heap_new(sizeof(*pair));
    if (!pair)
        return -ENOMEM;
    pair->type = kind;
    for (int i = 0; i < 2; i++) {
        struct sockpair_end *e = &pair->ends[i];

        file_init(&e->file, &sockpair_ops, O_RDWR | ((u32)type & SOCK_NONBLOCK));
        e->pair = pair;
        e->is_open = true;
        *out[i] = &e->file;
    }
    return 0;
}
