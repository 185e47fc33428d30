/* What comes for AF_VSOCK: whose it is, and what it changes. */
#include <errno.h>

#include "net/vsock.h"
#include "sched/clock.h"

#define CONN_BUCKETS 64
#define IN_EVENTS    (EPOLLIN | EPOLLRDNORM)
#define OUT_EVENTS   (EPOLLOUT | EPOLLWRNORM)
#define ALL_EVENTS   (IN_EVENTS | OUT_EVENTS | EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define SHUT_BOTH    (SHUT_RD_BIT | SHUT_WR_BIT)

/* vsock.node of all that are connected or connecting, by both ports. */
static struct list conns[CONN_BUCKETS];

static struct list *bucket(u32 local_port, u32 remote_port)
{
    u32 h = (local_port * 31 + remote_port) * 2654435761u;
    struct list *b = &conns[h >> 26];

    if (!b->next)
        list_init(b);
    return b;
}

void vsock_conn_add(struct vsock *s)
{
    list_push_back(bucket(s->local.port, s->remote.port), &s->node);
}

/* Within the machine ports alone tell connections apart: it has several addresses, and a packet
 * names the sender by only one. */
static struct vsock *conn_find(const struct vsockdev *vd, const struct vsock_hdr *h)
{
    bool is_loop = vd->cid == VMADDR_CID_LOCAL;

    list_for_each (it, bucket(h->dst_port, h->src_port)) {
        struct vsock *s = list_entry(it, struct vsock, node);

        if (s->dev == vd && s->local.port == h->dst_port && s->remote.port == h->src_port &&
            (is_loop || s->remote.cid == h->src_cid))
            return s;
    }
    return NULL;
}

/* Call @fn for every connection on @vd; it may free that one. */
static void conns_each(struct vsockdev *vd, void (*fn)(struct vsock *s))
{
    for (unsigned i = 0; i < CONN_BUCKETS; i++) {
        if (!conns[i].next)
            continue;
        list_for_each (it, &conns[i]) {
            struct vsock *s = list_entry(it, struct vsock, node);

            if (s->dev == vd)
                fn(s);
        }
    }
}

static void answer_reset(struct vsockdev *vd, const struct vsock_hdr *h)
{
    struct vsock_addr from = {(u32)h->dst_cid, h->dst_port}, to = {(u32)h->src_cid, h->src_port};

    if (h->op == VSOCK_OP_RST)
        return;
    vsock_stats.in_no_conn++;
    vsock_say_reset(vd, &from, &to, h->type);
}

/* The peer broke the rules, or what it sent cannot be kept. */
static void reset_conn(struct vsock *s)
{
    vsock_say_reset(s->dev, &s->local, &s->remote, VSOCK_STREAM);
    vsock_break(s, ECONNRESET);
}

/* --- no connection yet --- */

static void on_request(struct vsockdev *vd, const struct vsock_hdr *h)
{
    struct vsock *l = vsock_find_bound((u32)h->dst_cid, h->dst_port), *s = NULL;

    vsock_stats.in_requests++;
    if (l && l->state == VSOCK_LISTEN && l->n_accept <= l->backlog)
        s = vsock_child(l);
    if (!s) {
        vsock_stats.in_refused++;
        answer_reset(vd, h);
        return;
    }
    s->dev = vd;
    s->local = (struct vsock_addr){(u32)h->dst_cid, h->dst_port};
    s->remote = (struct vsock_addr){(u32)h->src_cid, h->src_port};
    s->peer_buf_alloc = h->buf_alloc;
    s->peer_fwd_cnt = s->tx_cnt = h->fwd_cnt;
    vsock_conn_add(s);
    list_push_back(&l->accept_q, &s->accept_node);
    l->n_accept++;
    vsock_say(s, VSOCK_SAY_RESPONSE);
    file_notify(&l->sk.file, IN_EVENTS);
}

/* --- a connection --- */

static void on_connecting(struct vsock *s, const struct vsock_hdr *h)
{
    switch (h->op) {
    case VSOCK_OP_RESPONSE:
        timer_cancel(&s->timer);
        s->state = VSOCK_CONNECTED;
        s->call = VSOCK_CALL_DONE;
        file_notify(&s->sk.file, OUT_EVENTS);
        break;
    case VSOCK_OP_INVALID:
        break;
    case VSOCK_OP_RST:
        vsock_break(s, ECONNRESET);
        break;
    default:
        vsock_stats.in_bad++;
        vsock_say_reset(s->dev, &s->local, &s->remote, VSOCK_STREAM);
        vsock_break(s, EPROTO);
    }
}

static void on_data(struct vsock *s, const struct vsock_hdr *h, const u8 *data)
{
    if (s->is_orphan || s->peer_shut & SHUT_WR_BIT) { /* nobody reads it */
        vsock_stats.in_bad += !s->is_orphan;
        return;
    }
    if (h->len_bytes > s->buf_alloc - (s->rx_cnt - s->fwd_cnt)) {
        vsock_stats.credit_overflows++;
        reset_conn(s);
        return;
    }
    s->rx_cnt += h->len_bytes;
    if (s->sk.shut & SHUT_RD_BIT) { /* read, so to say: the peer may still be sending */
        s->fwd_cnt += h->len_bytes;
        return;
    }
    if (ring_put(&s->in, data, h->len_bytes) < h->len_bytes) {
        vsock_stats.no_memory++;
        reset_conn(s);
        return;
    }
    file_notify(&s->sk.file, IN_EVENTS);
}

static void on_shutdown(struct vsock *s, u32 flags)
{
    s->peer_shut |= (u8)((flags & VSOCK_SHUT_RCV ? SHUT_RD_BIT : 0) |
                         (flags & VSOCK_SHUT_SEND ? SHUT_WR_BIT : 0));
    if (s->peer_shut == SHUT_BOTH && !ring_used(&s->in)) {
        /* Its last word; ours is this. With something left to read, close() says it. */
        vsock_say_reset(s->dev, &s->local, &s->remote, VSOCK_STREAM);
        vsock_peer_gone(s);
    } else {
        file_notify(&s->sk.file, ALL_EVENTS);
    }
}

static void on_connected(struct vsock *s, const struct vsock_hdr *h, const u8 *data)
{
    switch (h->op) {
    case VSOCK_OP_RW:
        on_data(s, h, data);
        break;
    case VSOCK_OP_CREDIT_REQ:
        vsock_say(s, VSOCK_SAY_CREDIT);
        break;
    case VSOCK_OP_CREDIT_UPD: /* every packet is one */
        break;
    case VSOCK_OP_SHUTDOWN:
        on_shutdown(s, h->flags);
        break;
    case VSOCK_OP_RST:
        vsock_peer_gone(s);
        break;
    case VSOCK_OP_INVALID: /* a part is missing */
    case VSOCK_OP_REQUEST: /* the peer does not know of us */
        vsock_stats.in_bad++;
        reset_conn(s);
        break;
    default: /* which we may only not know yet */
        vsock_stats.in_bad++;
    }
}

/* What every packet says of credit. A count that cannot be is not taken: more has left the peer's
 * buffer than we sent, or less than had before. */
static void take_credit(struct vsock *s, const struct vsock_hdr *h)
{
    bool had_room = vsock_credit(s);

    if (s->tx_cnt - h->fwd_cnt > s->tx_cnt - s->peer_fwd_cnt) {
        vsock_stats.in_bad++;
        return;
    }
    s->peer_buf_alloc = h->buf_alloc;
    s->peer_fwd_cnt = h->fwd_cnt;
    if (!vsock_credit(s))
        return;
    s->has_asked = false;
    if (!had_room && s->state == VSOCK_CONNECTED)
        file_notify(&s->sk.file, OUT_EVENTS);
}

static void dev_rx(struct vsockdev *vd, const struct vsock_hdr *h, const u8 *data)
{
    struct vsock *s;

    if ((h->dst_cid != vd->cid && vd->cid != VMADDR_CID_LOCAL) || h->src_cid > UINT32_MAX) {
        vsock_stats.in_wrong_cid++;
        return;
    }
    s = conn_find(vd, h);
    if (s && h->type == VSOCK_STREAM && h->op == VSOCK_OP_REQUEST && s->peer_shut == SHUT_BOTH) {
        vsock_peer_gone(s); /* its port is in use again, for another connection */
        s = NULL;
    }
    if (!s && h->type == VSOCK_STREAM && h->op == VSOCK_OP_REQUEST) {
        on_request(vd, h);
    } else if (!s || h->type != VSOCK_STREAM) {
        answer_reset(vd, h);
    } else {
        if (h->op != VSOCK_OP_RST)
            take_credit(s, h);
        if (s->state == VSOCK_CONNECTING)
            on_connecting(s, h);
        else
            on_connected(s, h, data);
    }
}

/* --- the device --- */

static void gone(struct vsock *s)
{
    vsock_break(s, ECONNRESET);
}

static void dev_reset(struct vsockdev *vd)
{
    conns_each(vd, gone);
    vsock_flush(vd); /* if it broke, nothing waits for it any more */
}

static void shut(struct vsock *s)
{
    if (s->state == VSOCK_CONNECTED && s->sk.shut != SHUT_BOTH) {
        s->sk.shut = SHUT_BOTH;
        vsock_say(s, VSOCK_SAY_SHUTDOWN);
    }
}

void vsock_conns_shut(struct vsockdev *vd)
{
    conns_each(vd, shut);
}

void vsock_dev_attach(struct vsockdev *vd)
{
    vd->rx = dev_rx;
    vd->tx_space = vsock_flush;
    vd->reset = dev_reset;
}
