/*
 * What the peer has said: kept until the service reads it, put in order, and acknowledged in time.
 * Ends with the peer's FIN.
 */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "arch/copy.h"
#include "mem/heap.h"

void tcp_rx_put(struct tcp_table *t, struct pkt *p)
{
    t->n_rx--;
    if (unlikely(rx_seg(p)->is_compact)) {
        t->rx_compact_bytes -= p->cap_bytes;
        heap_free(p);
    } else {
        pkt_put(p);
    }
}

static struct pkt *compact(struct net *n, struct pkt *p)
{
    struct tcp_table *t = n->tcp_table;
    u32 cap = ALIGN_UP(p->len_bytes, 256);
    struct pkt *q;

    q = heap_new(sizeof(*q) + cap);
    if (!q)
        return NULL;
    q->data = q->buf;
    q->cap_bytes = cap;
    q->refs = 1;
    q->len_bytes = p->len_bytes;
    memcpy(q->scratch, p->scratch, sizeof(q->scratch));
    copy_block(q->data, p->data, p->len_bytes);
    rx_seg(q)->is_compact = true;
    t->rx_compact_bytes += cap;
    n->stats.tcp_rx_compacted++;
    pkt_put(p);
    return q;
}

/* Slow readers must not pin the packet pool: beyond our share of it, payload moves to the heap, and
 * when that share is used up too, the segment is dropped and the peer sends it again later. */
struct pkt *tcp_rx_compact(struct net *n, struct pkt *p)
{
    u32 held = n->tcp_table->rx_compact_bytes;

    return held + ALIGN_UP(p->len_bytes, 256) > n->limits.rx_compact_bytes ? NULL : compact(n, p);
}

/* A small piece moves into the room behind the last one, so that single bytes cannot hold a packet
 * each. */
void tcp_rx_append(struct tcp_sock *c, struct pkt *p)
{
    struct pkt *tail = c->rcv_tail;
    u32 len = p->len_bytes;

    c->rcv_bytes += len;
    p->next = NULL;
    if (pkt_tailroom(tail) >= len && tail->refs == 1) {
        copy_block(tail->data + tail->len_bytes, p->data, len);
        tail->len_bytes += len;
        tcp_rx_put(c->net->tcp_table, p);
        return;
    }
    tail->next = p;
    c->rcv_tail = p;
}

/* Take *@at out of the reassembly queue. */
static struct pkt *ooo_take(struct tcp_sock *c, struct pkt **at)
{
    struct pkt *p = *at;

    *at = p->next;
    c->ooo_bytes -= tcp_rx_cost(p);
    return p;
}

static void ooo_drop(struct tcp_sock *c, struct pkt **at)
{
    tcp_rx_put(c->net->tcp_table, ooo_take(c, at));
}

/* The last one in the reassembly queue, which is not empty. */
static struct pkt **ooo_last(struct tcp_sock *c)
{
    struct pkt **last = &c->ooo;

    while ((*last)->next)
        last = &(*last)->next;
    return last;
}

/* May @p wait, too? What has come too early gets as much as a window in packets takes, of the
 * memory that all share a quarter, and none of what is kept for text in order. */
static bool ooo_has_room(const struct tcp_sock *c, const struct pkt *p)
{
    const struct net_limits *l = &c->net->limits;
    u64 shared = (u64)l->rx_pkts * PKT_STORAGE_BYTES + l->rx_compact_bytes;
    u64 max = MAX(MIN(c->sk.rcvbuf * 2ull, shared / 4), 8ull * PKT_STORAGE_BYTES);

    return c->ooo_bytes + tcp_rx_cost(p) <= max &&
           c->net->tcp_table->rx_compact_bytes <= l->rx_compact_bytes / 4 * 3;
}

/* Make room for @p, which has come too early: what is furthest away gives way (RFC 2018 §8).
 * Returns false if that is @p. */
static bool ooo_prune(struct tcp_sock *c, const struct pkt *p, u32 seq)
{
    struct net_stats *stats = &c->net->stats;

    if (likely(ooo_has_room(c, p)))
        return true;
    stats->tcp_prune_called++;
    if (!c->ooo || SEQ_LT(rx_seg(*ooo_last(c))->seq, seq))
        return false;
    stats->tcp_ooo_pruned++;
    do
        ooo_drop(c, ooo_last(c));
    while (c->ooo && SEQ_GT(rx_seg(*ooo_last(c))->seq, seq) && !ooo_has_room(c, p));
    return ooo_has_room(c, p);
}

static inline u32 rx_end(struct pkt *p)
{
    return rx_seg(p)->seq + p->len_bytes;
}

/* Keep a segment that came too early, sorted and without overlaps. Owns @p. */
static void ooo_insert(struct tcp_sock *c, struct pkt *p)
{
    struct net *n = c->net;
    struct pkt **at = &c->ooo, *kept, *q = NULL;
    struct rx_seg *r = rx_seg(p);
    u32 seq = r->seq;

    n->stats.tcp_out_of_order++;
    if (unlikely(!ooo_prune(c, p, seq))) {
        n->stats.tcp_ooo_dropped++;
        goto drop;
    }
    while (*at && SEQ_LEQ(rx_seg(*at)->seq, r->seq)) {
        q = *at;
        tcp_dsack_note(c, r->seq, MIN_SEQ(rx_end(q), r->seq + p->len_bytes));
        if (SEQ_GEQ(rx_end(q), r->seq + p->len_bytes) && (!r->has_fin || rx_seg(q)->has_fin)) {
            tcp_sack_note(c, r->seq);
            goto drop; /* all of it is there */
        }
        if (SEQ_GT(rx_end(q), r->seq)) {
            u32 cut = MIN(rx_end(q) - r->seq, p->len_bytes);
            p->data += cut;
            p->len_bytes -= cut;
            r->seq += cut;
        }
        at = &q->next;
    }
    while (*at && SEQ_LEQ(rx_end(*at), r->seq + p->len_bytes)) {
        r->has_fin |= rx_seg(*at)->has_fin;
        ooo_drop(c, at);
    }
    if (*at && SEQ_GT(r->seq + p->len_bytes, rx_seg(*at)->seq))
        p->len_bytes = rx_seg(*at)->seq - r->seq;
    /* As in order: single bytes shall not hold a packet each. */
    if (q && rx_end(q) == r->seq && pkt_tailroom(q) >= p->len_bytes && q->refs == 1 &&
        !(rx_seg(q)->has_fin | r->has_fin)) {
        copy_block(q->data + q->len_bytes, p->data, p->len_bytes);
        q->len_bytes += p->len_bytes;
        tcp_sack_note(c, r->seq);
        goto drop;
    }
    kept = tcp_rx_keep(n, p);
    if (!kept) {
        n->stats.tcp_rx_dropped++;
        goto drop;
    }
    kept->next = *at;
    *at = kept;
    c->ooo_bytes += tcp_rx_cost(kept);
    tcp_sack_note(c, rx_seg(kept)->seq);
    return;
drop:
    pkt_put(p);
}

void tcp_delay_ack(struct tcp_sock *c, u32 len)
{
    if (len >= c->mss / 2)
        c->n_unacked += len > c->nif->mtu_bytes ? 2 : 1; /* a device may put segments together */
    if (c->n_unacked >= 2 || c->quickack || c->nif->is_loop) { /* nothing to save around the loop */
        c->ack_now = true;
    } else if (!c->ack_at) {
        tcp_arm_at(c, c->ack_at = c->net->now_ns + TCP_DELACK_NS);
    }
}

/* FIN in order: nothing more will come. Returns false if the connection is gone. */
static bool got_fin(struct tcp_sock *c)
{
    c->rcv_nxt++;
    c->got_fin = true;
    c->ack_now = true;
    while (c->ooo) /* beyond the end: a liar's */
        ooo_drop(c, &c->ooo);
    c->sk.shut |= SHUT_RD_BIT;
    switch (c->ep.state) {
    case TCP_SYN_RECV:
    case TCP_ESTABLISHED:
        c->ep.state = TCP_CLOSE_WAIT;
        break;
    case TCP_FIN_WAIT1:
        c->ep.state = TCP_CLOSING; /* our FIN would have been taken as acknowledged before */
        break;
    case TCP_FIN_WAIT2:
        tcp_send_ack(c);
        tcp_time_wait(c);
        return false;
    }
    file_notify(&c->sk.file, EPOLLIN | EPOLLRDNORM | EPOLLRDHUP);
    return true;
}

/* As tcp_rx_keep(). What has come too early must not keep out what it waits for: the last of it is
 * forgotten (RFC 2018 §8). Nor must what others have not read: the service may wait for this one
 * before it reads them, so there is always room for one piece. */
static struct pkt *keep_in_order(struct tcp_sock *c, struct pkt *p)
{
    struct net *n = c->net;
    struct pkt *kept;

    while (!(kept = tcp_rx_keep(n, p)) && c->ooo) {
        n->stats.tcp_ooo_pruned++;
        ooo_drop(c, ooo_last(c));
    }
    if (unlikely(!kept)) {
        if (!c->rcv_head)
            kept = n->limits.rx_pkts ? p : compact(n, p);
        n->tcp_table->n_rx += kept != NULL;
        n->stats.tcp_rx_dropped += kept == NULL;
    }
    return kept;
}

bool tcp_take_text(struct tcp_sock *c, struct tcp_in *s, struct pkt *p)
{
    struct net *n = c->net;
    bool has_fin = s->flags & TCP_F_FIN;
    u32 wnd = SEQ_GT(c->rcv_adv, c->rcv_nxt) ? c->rcv_adv - c->rcv_nxt : 0;
    u32 offset = s->seq - c->rcv_nxt; /* may be "negative": an old part in front */
    struct rx_seg *r = rx_seg(p);

    if (unlikely(c->has_ecn && s->len)) { /* RFC 3168 §6.1.3 */
        if (s->flags & TCP_F_CWR)
            c->has_ce = false;
        if (s->flags & TCP_F_CE)
            c->has_ce = c->ack_now = true;
    }
    if (c->got_fin || (!s->len && !has_fin))
        goto drop;
    /* RFC 9293 §3.6.1: nobody is left to read it, or wants to; RFC 1122 §4.2.2.13: reset. */
    if ((c->is_orphan || (c->fin_queued && c->sk.shut & SHUT_RD_BIT)) && s->len &&
        SEQ_GT(s->seq + s->len, c->rcv_nxt)) {
        pkt_put(p);
        tcp_abort(c, c->is_orphan ? 0 : ECONNRESET);
        return false;
    }
    if (SEQ_LT(s->seq, c->rcv_nxt)) {
        u32 cut = MIN(c->rcv_nxt - s->seq, s->len);
        tcp_dsack_note(c, s->seq, s->seq + cut);
        p->data += cut;
        p->len_bytes -= cut;
        s->seq += cut;
        s->len -= cut;
        offset = 0;
        c->ack_now = true; /* the peer has missed an ACK */
        if (!s->len && (!has_fin || s->seq != c->rcv_nxt))
            goto drop;
    }
    if (offset + s->len > wnd) { /* beyond the window: a probe, or a liar */
        c->ack_now = true;
        if (offset > wnd)
            goto drop;
        s->len = p->len_bytes = wnd - offset;
        has_fin = false;
        if (!s->len)
            goto drop;
    }
    r->seq = s->seq;
    r->has_fin = has_fin;
    if (s->seq != c->rcv_nxt) {
        c->ack_now = true; /* RFC 5681 §4.2: a duplicate ACK, at once */
        ooo_insert(c, p);
        return true;
    }
    if (s->len) {
        struct pkt *kept = keep_in_order(c, p);
        if (!kept) {
            c->ack_now = true;
            goto drop;
        }
        tcp_rx_queue(c, kept);
        c->rcv_nxt += s->len;
        tcp_delay_ack(c, s->len);
    } else {
        pkt_put(p);
    }
    while (c->ooo && SEQ_LEQ(rx_seg(c->ooo)->seq, c->rcv_nxt)) {
        struct pkt *q = c->ooo;
        u32 end = rx_end(q), cut = c->rcv_nxt - rx_seg(q)->seq;
        bool q_fin = rx_seg(q)->has_fin;
        c->ack_now = true; /* RFC 5681 §4.2: a gap is filled */
        if (has_fin || SEQ_LT(end, c->rcv_nxt) || (end == c->rcv_nxt && !q_fin)) {
            ooo_drop(c, &c->ooo);
            continue;
        }
        ooo_take(c, &c->ooo);
        q->data += cut;
        q->len_bytes -= cut;
        if (q->len_bytes) {
            tcp_rx_queue(c, q);
        } else {
            tcp_rx_put(n->tcp_table, q);
        }
        c->rcv_nxt = end;
        has_fin = q_fin;
    }
    if (has_fin && !got_fin(c))
        return false;
    file_notify(&c->sk.file, EPOLLIN | EPOLLRDNORM);
    return true;
drop:
    pkt_put(p);
    return true;
}
