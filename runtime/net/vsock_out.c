/* What goes from AF_VSOCK sockets, and what moves in and out of them: packets, bytes, credit. */
#include <errno.h>
#include <string.h>

#include "arch/copy.h"
#include "net/vsock.h"

#define RESETS_MAX 64u /* that wait for room in the device */
#define OUT_EVENTS (EPOLLOUT | EPOLLWRNORM)
#define SHUT_BOTH  (SHUT_RD_BIT | SHUT_WR_BIT)

/* Sockets that wait for the device: with something to say, or for room to send. */
static struct list waiting = LIST_INIT(waiting);

/* RST to where there is no connection. */
static struct reset {
    struct vsockdev *vd;
    struct vsock_addr from, to;
    u16 type;
} resets[RESETS_MAX];
static u32 n_resets;

/* --- packets --- */

/* Of a packet of the connection, without payload. */
static struct vsock_hdr header(const struct vsock *s, u16 op, u32 flags)
{
    return (struct vsock_hdr){
        .src_cid = s->dev->cid,
        .dst_cid = s->remote.cid,
        .src_port = s->local.port,
        .dst_port = s->remote.port,
        .type = VSOCK_STREAM,
        .op = op,
        .flags = flags,
        .buf_alloc = s->buf_alloc,
        .fwd_cnt = s->fwd_cnt,
    };
}

/* Send one. Returns 0; -ENOSPC later; -EIO. */
static int send_packet(struct vsock *s, u16 op, u32 flags)
{
    struct vsock_hdr h = header(s, op, flags);
    u32 none = 0;
    u8 *data;
    int err = vsockdev_tx_begin(s->dev, &none, &data);

    if (err)
        return err;
    s->told_fwd_cnt = s->fwd_cnt;
    vsockdev_tx(s->dev, &h);
    return 0;
}

/* Say what there is to say. Returns 0; -ENOSPC: the rest later; -EIO. */
static int say_all(struct vsock *s)
{
    static const u8 ops[] = {
        [VSOCK_SAY_REQUEST] = VSOCK_OP_REQUEST,   [VSOCK_SAY_RESPONSE] = VSOCK_OP_RESPONSE,
        [VSOCK_SAY_CREDIT] = VSOCK_OP_CREDIT_UPD, [VSOCK_SAY_ASK] = VSOCK_OP_CREDIT_REQ,
        [VSOCK_SAY_SHUTDOWN] = VSOCK_OP_SHUTDOWN,
    };

    while (s->says) {
        unsigned what = (unsigned)__builtin_ctz(s->says);
        u32 flags = 0;
        int err;

        if (what == VSOCK_SAY_SHUTDOWN)
            flags = (s->sk.shut & SHUT_RD_BIT ? VSOCK_SHUT_RCV : 0) |
                    (s->sk.shut & SHUT_WR_BIT ? VSOCK_SHUT_SEND : 0);
        err = send_packet(s, ops[what], flags);
        if (err)
            return err;
        s->says &= (u8)~BIT(what);
    }
    return 0;
}

static void wait_for_device(struct vsock *s)
{
    if (list_empty(&s->wait_node))
        list_push_back(&waiting, &s->wait_node);
}

void vsock_say(struct vsock *s, unsigned what)
{
    s->says |= (u8)BIT(what);
    if (say_all(s) == -ENOSPC)
        wait_for_device(s);
}

static int send_reset(const struct reset *r)
{
    struct vsock_hdr h = {
        .src_cid = r->from.cid,
        .dst_cid = r->to.cid,
        .src_port = r->from.port,
        .dst_port = r->to.port,
        .type = r->type,
        .op = VSOCK_OP_RST,
    };
    u32 none = 0;
    u8 *data;
    int err = vsockdev_tx_begin(r->vd, &none, &data);

    if (!err)
        vsockdev_tx(r->vd, &h);
    return err;
}

void vsock_say_reset(struct vsockdev *vd, const struct vsock_addr *from,
                     const struct vsock_addr *to, u16 type)
{
    struct reset r = {vd, *from, *to, type};

    if (r.from.cid == VMADDR_CID_ANY) /* connect() leaves it so */
        r.from.cid = vd->cid;
    if (send_reset(&r) != -ENOSPC)
        return;
    if (n_resets == RESETS_MAX) {
        vsock_stats.resets_lost++;
        return;
    }
    resets[n_resets++] = r;
    vd->is_held = n_resets == RESETS_MAX;
}

void vsock_flush(struct vsockdev *vd)
{
    struct list again = LIST_INIT(again);
    u32 n_left = 0;

    for (u32 i = 0; i < n_resets; i++)
        if (resets[i].vd != vd || send_reset(&resets[i]) == -ENOSPC)
            resets[n_left++] = resets[i];
    n_resets = n_left;
    vd->is_held = n_resets == RESETS_MAX;

    while (!list_empty(&waiting)) { /* those that have to wait again go behind */
        struct vsock *s = list_first(&waiting, struct vsock, wait_node);

        list_remove(&s->wait_node);
        if (s->dev != vd || say_all(s) == -ENOSPC)
            list_push_back(&again, &s->wait_node);
        else
            file_notify(&s->sk.file, OUT_EVENTS);
    }
    while (!list_empty(&again)) {
        struct list *node = again.next;

        list_remove(node);
        list_push_back(&waiting, node);
    }
}

/* --- credit --- */

u32 vsock_credit(const struct vsock *s)
{
    u32 in_flight = s->tx_cnt - s->peer_fwd_cnt;

    return s->peer_buf_alloc > in_flight ? s->peer_buf_alloc - in_flight : 0;
}

bool vsock_is_writable(struct vsock *s)
{
    u32 len = 1;
    u8 *data;

    if (s->state != VSOCK_CONNECTED) /* as Linux: send() will say what is wrong */
        return s->state == VSOCK_CLOSED || s->state == VSOCK_ENDED;
    if (list_empty(&s->node))
        return true;
    if (!vsock_credit(s))
        return false;
    if (!s->says && vsockdev_tx_begin(s->dev, &len, &data) != -ENOSPC)
        return true;
    wait_for_device(s);
    return false;
}

/* Promise up to @want bytes in all, as far as there is any to promise. Never less than before: the
 * peer may have counted on it. */
static void promise(struct vsock *s, u32 want)
{
    u32 left = vsock_limits.credit_bytes - vsock_usage.credit_bytes + s->buf_alloc;

    want = MIN(want, (u32)MIN(s->size, RING_BYTES));
    want = MAX(s->buf_alloc, MIN(want, left));
    vsock_usage.credit_bytes += want - s->buf_alloc;
    s->buf_alloc = want;
}

bool vsock_credit_start(struct vsock *s)
{
    s->tx_cnt = s->peer_fwd_cnt = s->peer_buf_alloc = 0;
    s->rx_cnt = s->fwd_cnt = s->told_fwd_cnt = 0;
    s->has_asked = false;
    promise(s, vsock_limits.start_bytes);
    return s->buf_alloc || !s->size;
}

void vsock_credit_end(struct vsock *s)
{
    vsock_usage.credit_bytes -= s->buf_alloc;
    s->buf_alloc = 0;
    ring_fini(&s->in);
}

void vsock_credit_resize(struct vsock *s)
{
    if (!list_empty(&s->node) && s->size > s->buf_alloc) {
        promise(s, (u32)MIN(s->size, RING_BYTES));
        if (s->state == VSOCK_CONNECTED)
            vsock_say(s, VSOCK_SAY_CREDIT);
    }
}

/* Some of it has been read. The peer hears of it when half of its credit is to be told: by then it
 * has the other half to send from, and this is a connection worth twice as much. */
static void credit_back(struct vsock *s, u32 n)
{
    s->fwd_cnt += n;
    if (s->fwd_cnt - s->told_fwd_cnt < s->buf_alloc / 2 + 1 || list_empty(&s->node) ||
        s->peer_shut & SHUT_WR_BIT)
        return;
    promise(s, 2 * s->buf_alloc);
    vsock_say(s, VSOCK_SAY_CREDIT);
}

/* --- sending --- */

/* Put as much as one packet takes on its way. Returns how much; -ENOSPC; -EIO. */
static ssize_t send_some(struct vsock *s, struct iov_cursor *from, size_t left)
{
    struct vsock_hdr h = header(s, VSOCK_OP_RW, 0);
    u32 done = 0;
    size_t n;
    void *run;
    u8 *data;
    int err = say_all(s); /* first what comes before */

    h.len_bytes = (u32)MIN(left, vsock_credit(s));
    if (!err)
        err = vsockdev_tx_begin(s->dev, &h.len_bytes, &data);
    if (err)
        return err;
    while (done < h.len_bytes && (run = iov_cursor_run(from, &n))) {
        n = MIN(n, h.len_bytes - done);
        copy_block(data + done, run, n);
        iov_cursor_advance(from, n);
        done += (u32)n;
    }
    s->tx_cnt += done;
    s->told_fwd_cnt = s->fwd_cnt;
    vsockdev_tx(s->dev, &h);
    return done;
}

static int send_check(struct vsock *s)
{
    if (s->sk.shut & SHUT_WR_BIT || s->peer_shut & SHUT_RD_BIT)
        return -EPIPE;
    return s->state == VSOCK_CONNECTED ? 0 : -ENOTCONN;
}

ssize_t vsock_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                   int flags)
{
    struct vsock *s = vsock_of(sk);
    struct iov_cursor from = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov), done = 0;
    u64 deadline_ns = 0;
    ssize_t n;
    int err;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (msg && msg->msg_namelen)
        return s->state == VSOCK_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    err = send_check(s);
    while (!err && done < len) {
        n = vsock_credit(s) ? send_some(s, &from, len - done) : -ENOSPC;
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        if (n != -ENOSPC) { /* the device broke, and will say so */
            err = -ECONNRESET;
            break;
        }
        if (vsock_credit(s)) {
            wait_for_device(s);
        } else if (!s->has_asked) {
            s->has_asked = true;
            vsock_say(s, VSOCK_SAY_ASK);
        }
        err = sock_wait_or_again(sk, flags, &deadline_ns, sk->sndtimeo_ns);
        if (!err)
            err = sk->err ? -sk->err : send_check(s);
    }
    return done ? (ssize_t)done : err;
}

/* --- receiving --- */

static size_t peek(const struct vsock *s, const struct iovec *iov, int n_iov)
{
    size_t done = 0, n;

    for (int i = 0; i < n_iov; i++) {
        n = ring_peek(&s->in, done, iov[i].iov_base, iov[i].iov_len);
        done += n;
        if (n < iov[i].iov_len)
            break;
    }
    return done;
}

ssize_t vsock_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                   int flags)
{
    struct vsock *s = vsock_of(sk);
    struct iov_cursor to = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov), done = 0;
    u64 deadline_ns = 0;
    int err = 0;

    if (msg) {
        msg->msg_flags = 0;
        msg->msg_namelen = 0;
        msg->msg_controllen = 0;
    }
    if (s->state != VSOCK_CONNECTED)
        return s->is_over ? 0 : -ENOTCONN;
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (sk->shut & SHUT_RD_BIT || !len)
        return 0;
    for (;;) {
        size_t n = flags & MSG_PEEK ? peek(s, iov, n_iov) : ring_take_iov(&s->in, &to, len - done);

        done += n;
        if (n && !(flags & MSG_PEEK))
            credit_back(s, (u32)n);
        if (flags & MSG_PEEK ? done : done == len || (done && !(flags & MSG_WAITALL)))
            break;
        if (sk->err || sk->shut & SHUT_RD_BIT || s->peer_shut & SHUT_WR_BIT) {
            err = -sk->err;
            break;
        }
        err = sock_wait_or_again(sk, flags, &deadline_ns, sk->rcvtimeo_ns);
        if (err)
            break;
    }
    return done ? (ssize_t)done : err;
}
