/* TCP, outwards: what of the send queue may leave now, and again. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

#include "arch/copy.h"
#include "net/csum.h"

/* Who has nothing on its way could only be woken by others, and they may not read: so the pool's
 * being dry does not keep it. */
static struct pkt *first_pkt(void)
{
    return pkt_alloc_large(TCP_PAYLOAD_AT, TCP_PAYLOAD_MAX);
}

bool tcp_split(struct tcp_sock *c, struct pkt *p, u32 len)
{
    struct tx_seg *s = tx_seg(p), *r;
    struct pkt *q = p == c->tx_head ? first_pkt() : pkt_alloc(TCP_PAYLOAD_AT);

    if (!q)
        return false;
    r = tx_seg(q);
    r->seq = s->seq + len;
    r->len = (u16)(s->len - len);
    r->at = TCP_PAYLOAD_AT;
    r->n_sent = s->n_sent;
    r->marks = s->marks;
    r->sent_ns = s->sent_ns;
    r->is_summed = s->is_summed = true;
    r->sum = (u32)csum_copy(q->buf + TCP_PAYLOAD_AT, p->buf + s->at + len, r->len);
    s->len = (u16)len;
    s->sum = (u32)csum_add(p->buf + s->at, len);
    q->next = p->next;
    p->next = q;
    if (c->tx_tail == p)
        c->tx_tail = q;
    c->n_tx++;
    c->net->tcp_table->n_tx++;
    return true;
}

/* The flags of what ends with @p, the FIN among them if it is the last. */
static u32 flags_of(const struct tcp_sock *c, const struct pkt *p)
{
    if (p->next)
        return TCP_F_ACK;
    /* RFC 9293 §3.9.1: the last of what was written */
    return c->fin_queued ? TCP_F_ACK | TCP_F_PSH | TCP_F_FIN : TCP_F_ACK | TCP_F_PSH;
}

/* @p has left with these flags. */
static inline __attribute__((always_inline)) void seg_sent(struct tcp_sock *c, struct pkt *p,
                                                           u32 flags)
{
    struct tx_seg *s = tx_seg(p);
    u32 end = s->seq + s->len + (flags & TCP_F_FIN);

    s->sent_ns = c->net->now_ns;
    if (s->n_sent < 255)
        s->n_sent++;
    if (s->len < c->mss)
        c->small_end = s->seq + s->len;
    if (SEQ_GT(end, c->snd_nxt))
        c->snd_nxt = end;
    if (unlikely(c->ca_state))
        c->prr_out += s->len;
}

/* Send one packet of the queue. Returns tcp_emit()'s answer. */
static int send_queued(struct tcp_sock *c, struct pkt *p)
{
    struct tx_seg *s = tx_seg(p);
    u32 flags = flags_of(c, p);
    int err;

    _Static_assert(TCP_F_FIN == 1, "added to a sequence number");
    err = tcp_emit(c, p, s->n_sent ? flags : flags | TCP_F_NEW);
    if (likely(!err))
        seg_sent(c, p, flags);
    return err;
}

/* RFC 9293 §3.7.4 with Minshall's change (RFC 896 asked about any data, this about a small
 * segment): may the last, not full segment leave now? */
static inline __attribute__((always_inline)) bool may_send_small(const struct tcp_sock *c)
{
    if (likely(!(c->cork | c->more) && (SEQ_LEQ(c->small_end, c->snd_una) || c->nodelay)))
        return true;
    return c->fin_queued || c->force_small;
}

/* May the device cut a frame of ours into segments? */
static inline bool has_tso(const struct tcp_sock *c)
{
    if (likely(!(c->nif->offloads & (BIT(NETDEV_TSO4) | BIT(NETDEV_TSO6)))))
        return false;
    return c->nif->offloads & BIT(c->ip_len == IP4_HDR_BYTES ? NETDEV_TSO4 : NETDEV_TSO6) &&
           c->hdr_generation == c->net->arp.generation; /* what we know of the way holds */
}

/*
 * Send @p, never sent before, and what follows and ends at @limit at the latest in one frame, which
 * the device cuts again. All but the last are full. Returns tcp_emit()'s answer; *@next is what is
 * left.
 */
static int send_burst(struct tcp_sock *c, struct pkt *p, u32 limit, struct pkt **next)
{
    u32 max = MIN(c->nif->nd->n_frags_max, (u32)(IP_DATA_MAX - TCP_HDRS_MAX) / c->mss);
    struct pkt *h, *last = p, *q = p;
    u32 len = 0, n = 0, flags;
    struct pkt_frag *f;
    int err;

    *next = p->next;
    /* CWR is for one segment, and not every device can do that (RFC 3168 §6.1.2). */
    if (c->cwr_due || max < 2 || !p->next || tx_seg(p)->len < c->mss ||
        SEQ_GT(tx_seg(p->next)->seq + tx_seg(p->next)->len, limit))
        return send_queued(c, p);
    h = tcp_empty_pkt(c, tx_seg(p)->seq);
    if (!h)
        return send_queued(c, p);
    f = pkt_frags(h);
    for (; q && n < max; last = q, q = q->next) {
        struct tx_seg *s = tx_seg(q);
        if (s->len > c->mss || SEQ_GT(s->seq + s->len, limit) ||
            (s->len < c->mss && !q->next && !may_send_small(c)))
            break;
        f[n++] = (struct pkt_frag){q, q->buf + s->at, s->len};
        len += s->len;
        if (s->len < c->mss) {
            last = q;
            q = q->next;
            break;
        }
    }
    if (n < 2) { /* the tail must wait */
        pkt_put(h);
        return send_queued(c, p);
    }
    flags = flags_of(c, last);
    h->n_frags = (u16)n;
    h->gso_type = c->ip_len == IP4_HDR_BYTES ? PKT_GSO_TCPV4 : PKT_GSO_TCPV6;
    h->gso_size = c->mss;
    tx_seg(h)->len = (u16)len;
    err = tcp_emit(c, h, flags | TCP_F_NEW);
    pkt_put(h);
    if (err)
        return err;
    c->net->stats.tcp_out += n - 1;
    c->net->stats.tcp6_out += c->ip_len == IP4_HDR_BYTES ? 0 : n - 1;
    for (; p != q; p = p->next)
        seg_sent(c, p, p == last ? flags : TCP_F_ACK);
    *next = q;
    return 0;
}

/* FIN where no data is left to carry it, for the first time or again. Returns as tcp_emit(). */
static int send_fin(struct tcp_sock *c)
{
    int err = tcp_send_empty(c, c->write_seq, TCP_F_FIN | TCP_F_ACK);

    if (!err)
        c->snd_nxt = c->write_seq + 1;
    return err;
}

/* Send a segment again. Returns false if it could not leave. */
static bool resend(struct tcp_sock *c, struct pkt *p)
{
    struct tx_seg *s = tx_seg(p);
    int err = 0;

    if (p->n_in_device) { /* it has not even left yet */
        s->sent_ns = c->net->now_ns;
    } else {
        err = send_queued(c, p);
        if (err) {
            tcp_emit_failed(c, err);
            return false;
        }
        c->n_resent++;
        c->net->stats.tcp_retransmits++;
    }
    if (s->marks & BIT(SEG_LOST)) {
        s->marks = 0;
        c->lost_bytes -= s->len;
    }
    return true;
}

bool tcp_retransmit(struct tcp_sock *c, bool is_forced)
{
    u32 window_end = c->snd_una + c->snd_wnd;

    if (is_forced && !c->tx_head && c->fin_queued) {
        c->net->stats.tcp_retransmits++;
        return send_fin(c) == 0;
    }
    if (c->frto == TCP_FRTO_NEW && !is_forced)
        return true; /* RFC 5682 §3.1 step 2: new data first */
    for (struct pkt *p = c->tx_head; p && c->lost_bytes; p = p->next) {
        struct tx_seg *s = tx_seg(p);
        u32 room = c->mss;
        if (!(s->marks & BIT(SEG_LOST)))
            continue;
        /* RFC 9293 §3.8.6: not beyond a window that has shrunk; of one that has closed, the first
         * segment is the probe. */
        if (c->snd_wnd || !is_forced)
            room = SEQ_GT(window_end, s->seq) ? MIN(window_end - s->seq, room) : 0;
        if (!room || (s->len > room && !tcp_split(c, p, room)) ||
            (!is_forced && tcp_in_flight(c) + s->len > c->cwnd) || !resend(c, p))
            return false;
        is_forced = false;
    }
    return true;
}

bool tcp_send_probe(struct tcp_sock *c)
{
    struct pkt *p = c->tx_next;

    if (p && tx_seg(p)->len <= c->mss &&
        SEQ_LEQ(tx_seg(p)->seq + tx_seg(p)->len, c->snd_una + c->snd_wnd)) {
        if (send_queued(c, p) != 0)
            return false;
        c->tx_next = p->next;
        return true;
    }
    c->is_tlp_resent = true;
    if (!c->tx_head)
        return tcp_retransmit(c, true);
    for (p = c->tx_head; p->next != c->tx_next; p = p->next)
        ;
    return resend(c, p);
}

/* New data, as far as windows and Nagle allow. Returns tcp_emit()'s answer. */
static inline int send_new(struct tcp_sock *c)
{
    u32 gone = c->sacked_bytes + c->lost_bytes;
    u32 limit = c->snd_una + MIN(c->cwnd + gone, c->snd_wnd);
    struct pkt *p, *next;
    int err;

    while ((p = c->tx_next) != NULL) {
        struct tx_seg *s = tx_seg(p);
        if (unlikely(s->len > c->mss) && !tcp_split(c, p, c->mss))
            break;
        next = p->next;
        if (unlikely(SEQ_GT(s->seq + s->len, limit))) {
            /* RFC 9293 §3.8.6.2.1: half the biggest window is worth a smaller segment; (3): or an
             * override timeout. */
            u32 room = SEQ_GT(limit, s->seq) ? limit - s->seq : 0;
            if (c->snd_nxt != c->snd_una || !room || (room < c->max_wnd / 2 && !c->force_small) ||
                !tcp_split(c, p, room))
                break;
            next = p->next;
        } else if (!next && s->len < c->mss && !may_send_small(c)) {
            break;
        }
        err = next && has_tso(c) ? send_burst(c, p, limit, &next) : send_queued(c, p);
        if (unlikely(err))
            return err;
        c->tx_next = next;
    }
    if (unlikely(c->fin_queued) && !p && c->snd_nxt == c->write_seq)
        return send_fin(c);
    return 0;
}

/* States in which data or our FIN may be in the send queue. */
#define CAN_SEND                                                                                   \
    (BIT(TCP_ESTABLISHED) | BIT(TCP_CLOSE_WAIT) | BIT(TCP_FIN_WAIT1) | BIT(TCP_FIN_WAIT2) |        \
     BIT(TCP_CLOSING) | BIT(TCP_LAST_ACK))

void tcp_output(struct tcp_sock *c)
{
    u64 now = c->net->now_ns;
    bool is_blocked = false;

    if (unlikely(c->ep.state != TCP_ESTABLISHED) && !(BIT(c->ep.state) & CAN_SEND))
        return;
    if (unlikely(now - c->progress_ns > TCP_RTO_MIN_US * NSEC_PER_USEC))
        tcp_cong_idle(c);
    if (likely(!c->lost_bytes) || tcp_retransmit(c, false)) {
        int err = send_new(c);
        if (unlikely(err)) {
            tcp_emit_failed(c, err);
            is_blocked = true;
        }
    }
    c->force_small = false;
    /* In flight: to be retransmitted. Waiting with nothing in flight: a probe is due. */
    if (!c->rtx_at && (c->snd_una != c->snd_nxt || tcp_has_unsent(c))) {
        if (!c->n_retries)
            c->progress_ns = now; /* from here on an answer is owed */
        tcp_rtx_start(c);
    }
    if (unlikely(c->ack_now) && !is_blocked && !c->net->is_rx_batch)
        tcp_send_ack(c);
}

struct pkt *tcp_queue_pkt(struct tcp_sock *c)
{
    struct pkt *p;
    struct tx_seg *s;

    if (unlikely(c->n_tx && !tcp_tx_has_room(c)))
        return NULL;
    p = pkt_alloc(TCP_PAYLOAD_AT);
    if (unlikely(!p) && !c->n_tx)
        p = first_pkt();
    if (unlikely(!p)) {
        c->net->stats.no_memory++;
        return NULL;
    }
    s = tx_seg(p);
    s->seq = c->write_seq;
    s->sum = 0;
    s->len = 0;
    s->at = TCP_PAYLOAD_AT;
    s->n_sent = 0;
    s->marks = 0;
    s->is_summed = !c->nif || !(c->nif->offloads & BIT(NETDEV_CSUM_TX));
    if (c->tx_tail)
        c->tx_tail->next = p;
    else
        c->tx_head = p;
    c->tx_tail = p;
    if (!c->tx_next)
        c->tx_next = p;
    c->n_tx++;
    c->net->tcp_table->n_tx++;
    return p;
}

bool tcp_send_short(struct tcp_sock *c, const void *buf, size_t len)
{
    u64 now = c->net->now_ns;
    u32 end = c->write_seq + (u32)len;
    struct tx_seg *s;
    struct pkt *p;

    if (unlikely(c->tx_next || len - 1 >= c->mss - 1u || (c->ca_state | c->cork) ||
                 !list_empty(&c->tx_wait.node) ||
                 SEQ_GT(end, c->snd_una + MIN(c->cwnd, c->snd_wnd)) ||
                 (SEQ_GT(c->small_end, c->snd_una) && !c->nodelay)))
        return false;
    p = tcp_queue_pkt(c);
    if (unlikely(!p))
        return false;
    s = tx_seg(p);
    s->len = (u16)len;
    if (s->is_summed)
        s->sum = (u32)csum_copy(p->buf + TCP_PAYLOAD_AT, buf, len);
    else
        copy_bytes(p->buf + TCP_PAYLOAD_AT, buf, len);
    c->write_seq = end;
    if (unlikely(now - c->progress_ns > TCP_RTO_MIN_US * NSEC_PER_USEC))
        tcp_cong_idle(c); /* leaves room for one segment in any case */
    if (unlikely(tcp_emit(c, p, TCP_F_ACK | TCP_F_PSH | TCP_F_NEW) != 0)) {
        tcp_output(c); /* fails as well, and does what is to be done then */
        return true;
    }
    s->sent_ns = now;
    s->n_sent = 1;
    c->tx_next = NULL;
    c->small_end = c->snd_nxt = end;
    if (likely(!c->rtx_at)) {
        c->progress_ns = now;
        tcp_rtx_start(c);
    }
    return true;
}

void tcp_blocked_resume(struct tx_waiter *w)
{
    struct tcp_sock *c = CONTAINER_OF(w, struct tcp_sock, tx_wait);

    c->net->now_ns = net_now(c->net);
    if (c->is_waiting_addr)
        c->net->tcp_table->start_connect(c);
    else if (c->syn_is_due)
        tcp_send_syn(c);
    else
        tcp_output(c);
}
