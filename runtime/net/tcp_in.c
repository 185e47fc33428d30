/*
 * TCP, inwards (RFC 9293 §3.10.7). conn_input() is the prediction: the next segment of an
 * established connection with nothing unusual about it. Everything else takes conn_slow(), in the
 * order of the RFC. An orphan may be freed on the way: after tcp_done() and its like, nobody
 * touches the connection again.
 */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "net/csum.h"

/* --- acknowledgements --- */

/* Part of a segment is acknowledged. What was sent stays untouched. */
static void trim_head(struct tcp_sock *c, struct pkt *p, u32 ack)
{
    struct tx_seg *seg = tx_seg(p);
    u32 cut = ack - seg->seq;

    if (seg->marks & BIT(SEG_LOST))
        c->lost_bytes -= cut;
    if (seg->marks & BIT(SEG_SACKED))
        c->sacked_bytes -= cut;
    seg->seq += cut;
    seg->at += cut;
    seg->len -= cut;
    seg->sum = csum_add(p->buf + seg->at, seg->len);
}

/* s->ack is new and within what we sent. Returns the bytes of it that no block had told of. */
static u32 ack_advance(struct tcp_sock *c, const struct tcp_in *s)
{
    struct net *n = c->net;
    struct tcp_table *t = n->tcp_table;
    u32 ack = s->ack, acked = ack - c->snd_una, delivered = acked;
    bool was_limited = tcp_in_flight(c) + c->mss > c->cwnd;
    bool is_resent = false;
    struct pkt *p = c->tx_head;
    u64 sent_ns = 0;

    c->snd_una = ack;
    while (p) {
        struct tx_seg *seg = tx_seg(p);
        struct pkt *next = p->next;
        if (unlikely(SEQ_GT(seg->seq + seg->len, ack))) {
            if (unlikely(SEQ_LT(seg->seq, ack)))
                trim_head(c, p, ack);
            break;
        }
        if (likely((seg->n_sent | seg->marks << 8) == 1 && !c->ca_state)) {
            sent_ns = seg->sent_ns;
        } else {
            is_resent |= seg->n_sent != 1;
            if (seg->marks & BIT(SEG_SACKED))
                delivered -= seg->len;
            else
                sent_ns = seg->sent_ns;
            tcp_rack_acked(c, p, s);
        }
        c->n_tx--;
        tcp_tx_put(t, p);
        p = next;
    }
    c->tx_head = p;
    if (!p)
        c->tx_tail = NULL;
    /* Karn: not if any of them was sent twice; those behind it waited for it in the peer's queue.
     */
    if (likely(sent_ns && !is_resent))
        tcp_rtt_sample(c, (n->now_ns - sent_ns) / 1024); /* us, near enough */
    c->n_retries = 0;
    c->progress_ns = n->now_ns;
    c->rtx_at = 0;
    if (was_limited && c->ca_state <= TCP_CA_Disorder) /* RFC 7661: unused, it proves nothing */
        tcp_cong_acked(c, acked);
    if (unlikely(c->has_tlp))
        tcp_rack_probed(c, false);
    if (ack != c->snd_nxt)
        tcp_rtx_start(c);
    if (unlikely(!list_empty(&t->mem_waiters)))
        tcp_mem_wake(t);
    if (unlikely(c->no_space) && tcp_is_writable(c)) {
        c->no_space = false;
        file_notify(&c->sk.file, EPOLLOUT | EPOLLWRNORM);
    }
    return delivered;
}

/* As ack_advance() where one segment was out, once, and no memory of anything else: how a dialogue
 * goes. False: it is otherwise, and nothing has been done. */
static inline bool ack_single(struct tcp_sock *c, u32 ack)
{
    struct net *n = c->net;
    struct tcp_table *t = n->tcp_table;
    struct pkt *p = c->tx_head;
    struct tx_seg *seg;

    if (unlikely(!p || p->next || ack != c->snd_nxt))
        return false;
    seg = tx_seg(p);
    if (unlikely((seg->n_sent | seg->marks << 8) != 1 ||
                 (c->ca_state | c->has_tlp | c->no_space | c->fin_queued) ||
                 ack - c->snd_una + c->mss > c->cwnd || !list_empty(&t->mem_waiters)))
        return false;
    c->snd_una = ack;
    c->tx_head = c->tx_tail = NULL;
    c->n_tx = 0;
    c->n_retries = 0;
    c->progress_ns = n->now_ns;
    c->rtx_at = 0;
    tcp_rtt_sample(c, (n->now_ns - seg->sent_ns) / 1024); /* us, near enough */
    tcp_tx_put(t, p);
    return true;
}

/* --- the slow path --- */

/* RFC 5961 §3 and RFC 9293 §3.10.7.4, second step. Returns false if the connection is gone. */
static bool take_rst(struct tcp_sock *c, const struct tcp_in *s)
{
    int err = ECONNRESET;

    if (s->seq != c->rcv_nxt) {
        tcp_challenge_ack(c);
        return true;
    }
    c->net->stats.tcp_resets_in++;
    switch (c->ep.state) {
    case TCP_SYN_RECV:
        err = ECONNREFUSED; /* simultaneous open; a half-open child just disappears */
        break;
    case TCP_CLOSE_WAIT:
        err = EPIPE; /* as Linux: it has read everything there is */
        break;
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        err = 0;
        break;
    }
    tcp_done(c, err);
    return false;
}

bool tcp_established(struct tcp_sock *c)
{
    struct tcp_sock *l = c->parent;

    if (l) {
        if (l->n_accept > l->backlog) { /* as Linux: stay half-open until there is room */
            c->net->stats.tcp_listen_full++;
            return false;
        }
        list_remove(&c->child_node);
        l->n_syn--;
        l->n_accept++;
        c->is_in_accept_q = c->is_told = true;
        list_push_back(&l->accept_q, &c->child_node);
    }
    c->ep.state = TCP_ESTABLISHED;
    c->was_connected = c->sk.is_connected = true;
    c->n_retries = 0;
    c->rtx_at = 0;
    c->progress_ns = c->net->now_ns;
    tcp_cong_init(c);
    if (c->sk.keepalive)
        tcp_arm_at(c, c->keep_at = c->net->now_ns + c->keep_idle_s * NSEC_PER_SEC);
    if (l)
        file_notify(&l->sk.file, EPOLLIN | EPOLLRDNORM);
    else
        file_notify(&c->sk.file, EPOLLOUT | EPOLLWRNORM);
    return true;
}

static void take_window(struct tcp_sock *c, const struct tcp_in *s)
{
    /* RFC 9293 §3.10.7.4: no older segment may change it. */
    if (SEQ_LT(c->snd_wl1, s->seq) || (c->snd_wl1 == s->seq && SEQ_LEQ(c->snd_wl2, s->ack))) {
        c->snd_wnd = s->wnd << c->snd_wscale;
        c->max_wnd = MAX(c->max_wnd, c->snd_wnd);
        c->snd_wl1 = s->seq;
        c->snd_wl2 = s->ack;
    }
}

/* Fifth step: the acknowledgement field. Returns false: drop the segment, or the connection is
 * gone (*is_gone). */
static bool take_ack(struct tcp_sock *c, const struct tcp_in *s, bool *is_gone)
{
    struct net *n = c->net;
    u32 old_wnd = c->snd_wnd, acked = 0, delivered = 0;
    bool is_dup;

    if (c->ep.state == TCP_SYN_RECV) {
        if (s->ack != c->snd_nxt) {
            n->stats.tcp_rst_out++;
            tcp_send_raw(n, &c->sk.flow, s->ack, 0, TCP_F_RST, 0, NULL);
            return false;
        }
        /* tcp(7), TCP_DEFER_ACCEPT: for some SYN|ACKs the ACK alone does not count. */
        if (c->parent && c->rtx_at && c->n_retries < c->parent->defer_tries && !s->len &&
            !(s->flags & TCP_F_FIN))
            return false;
        if (!tcp_established(c))
            return false;
        c->snd_una = s->ack;
        c->snd_wl1 = s->seq - 1;
        take_window(c, s);
        return true;
    }
    if (SEQ_GT(s->ack, c->snd_nxt) || SEQ_LT(s->ack, c->snd_una - c->max_wnd)) {
        tcp_challenge_ack(c); /* RFC 5961 §5 */
        return false;
    }
    take_window(c, s);
    is_dup = s->ack == c->snd_una && !s->len && c->snd_wnd == old_wnd && c->snd_una != c->snd_nxt &&
             !(s->flags & TCP_F_FIN); /* RFC 5681 §2 */
    if (unlikely(c->has_ecn && (s->flags & TCP_F_ECE)))
        tcp_cong_reduce(c, TCP_CA_CWR); /* RFC 3168 §6.1.2 */
    if (SEQ_GT(s->ack, c->snd_una)) {
        acked = s->ack - c->snd_una;
        delivered = ack_advance(c, s);
    }
    if (is_dup)
        n->stats.tcp_dup_acks++;
    else if (c->has_tlp && s->ack == c->tlp_end && !acked && !s->len)
        tcp_rack_probed(c, !(s->flags & TCP_F_SACK));
    if (is_dup || c->ca_state || (s->flags & TCP_F_SACK)) {
        tcp_rack_ack(c, s, acked, delivered, is_dup);
    } else if (!acked && c->snd_wnd && c->snd_una == c->snd_nxt && tcp_has_unsent(c)) {
        c->n_retries = 0; /* answer to a probe */
        c->rtx_at = 0;
        c->progress_ns = n->now_ns;
    } else if (!acked && !c->snd_wnd && c->snd_una == c->snd_nxt) {
        c->progress_ns =
            n->now_ns; /* RFC 9293 §3.8.6.1: answers keep a zero window alive for ever */
        if (!c->is_orphan)
            c->n_retries = MIN(c->n_retries, TCP_RETRIES - 4);
    }
    if (!tcp_fin_is_acked(c))
        return true;
    switch (c->ep.state) {
    case TCP_FIN_WAIT1:
        c->ep.state = TCP_FIN_WAIT2;
        file_notify(&c->sk.file, EPOLLOUT | EPOLLWRNORM);
        if (c->is_orphan) {
            *is_gone = c->linger2_s == UINT32_MAX;
            tcp_fin_wait2(c);
            return !*is_gone;
        }
        break;
    case TCP_CLOSING:
        *is_gone = true;
        tcp_time_wait(c);
        return false;
    case TCP_LAST_ACK:
        *is_gone = true;
        tcp_done(c, 0);
        return false;
    }
    return true;
}

/* First step (RFC 9293 §3.4): does the segment touch the window? */
static bool is_acceptable(const struct tcp_sock *c, const struct tcp_in *s)
{
    u32 len = s->len + !!(s->flags & TCP_F_SYN) + !!(s->flags & TCP_F_FIN);
    u32 edge = SEQ_GT(c->rcv_adv, c->rcv_nxt) ? c->rcv_adv : c->rcv_nxt;

    if (SEQ_GT(s->seq, edge) || (s->seq == edge && edge != c->rcv_nxt && len))
        return false;
    if (!len)
        return SEQ_GEQ(s->seq, c->rcv_nxt);
    return SEQ_GT(s->seq + len, c->rcv_nxt);
}

/* Owns @p. */
static void conn_slow(struct tcp_sock *c, struct tcp_in *s, struct pkt *p)
{
    struct net *n = c->net;
    bool is_gone = false;

    if (c->ep.state == TCP_SYN_RECV && (s->flags & TCP_F_SYN) && s->seq == c->irs) {
        if (!(s->flags & TCP_F_ACK)) { /* our SYN|ACK was lost */
            if (n->now_ns >= c->challenge_ns) {
                c->challenge_ns = n->now_ns + NSEC_PER_SEC / 2;
                tcp_send_syn(c);
            }
            goto drop;
        }
        s->seq++; /* simultaneous open, RFC 9293 figure 8 */
        s->flags &= (u8)~TCP_F_SYN;
    }
    /* RFC 7323 §5.3 R1 */
    if (c->has_ts && s->has_ts && !(s->flags & TCP_F_RST) && SEQ_LT(s->ts_val, c->ts_recent) &&
        n->now_ns - c->ts_recent_ns < TCP_PAWS_IDLE_NS) {
        n->stats.tcp_paws++;
        tcp_challenge_ack(c);
        goto drop;
    }
    if (!is_acceptable(c, s)) {
        if (!(s->flags & TCP_F_RST)) {
            if (SEQ_LT(s->seq, c->rcv_nxt))
                tcp_dsack_note(c, s->seq, MIN_SEQ(s->seq + s->len, c->rcv_nxt));
            if (s->len || (s->flags & (TCP_F_FIN | TCP_F_SYN)) == TCP_F_FIN ||
                s->seq == c->rcv_nxt - 1)
                tcp_send_ack(c); /* data again, or a keep-alive: they must not wait */
            else
                tcp_challenge_ack(c);
        }
        goto drop;
    }
    if (s->flags & TCP_F_RST) {
        take_rst(c, s);
        goto drop;
    }
    if (s->flags & TCP_F_SYN) { /* RFC 5961 §4 */
        tcp_challenge_ack(c);
        goto drop;
    }
    if (!(s->flags & TCP_F_ACK))
        goto drop;
    if (s->has_ts && c->has_ts && SEQ_LEQ(s->seq, c->rcv_nxt))
        tcp_note_ts(c, s); /* PAWS has passed it, or was too old to tell (RFC 7323 §5.5) */
    if (!take_ack(c, s, &is_gone)) {
        pkt_put(p);
        if (!is_gone && c->ack_now)
            tcp_output(c);
        return;
    }
    if (!tcp_take_text(c, s, p))
        return;
    if (c->ooo && c->ack_now)
        tcp_send_ack(c); /* data of ours has no room for the blocks */
    tcp_output(c);
    return;
drop:
    pkt_put(p);
}

/* Owns @p. */
static inline void conn_input(struct tcp_sock *c, struct tcp_in *s, struct pkt *p)
{
    struct net *n = c->net;
    u32 acked;

    c->last_rx_ns = n->now_ns;
    if (unlikely(c->ep.state != TCP_ESTABLISHED || (s->flags & ~TCP_F_PSH) != TCP_F_ACK ||
                 s->seq != c->rcv_nxt || c->ooo || c->ca_state || s->has_ts != c->has_ts ||
                 (s->has_ts && SEQ_LT(s->ts_val, c->ts_recent))))
        goto slow;
    acked = s->ack - c->snd_una;
    if (unlikely(acked > c->snd_nxt - c->snd_una || s->len > c->rcv_adv - c->rcv_nxt ||
                 (!acked && !s->len)))
        goto slow;
    if (s->len) {
        struct pkt *q = tcp_rx_keep(n, p);
        if (unlikely(!q))
            goto slow;
        p = q;
    }
    if (s->has_ts)
        tcp_note_ts(c, s);
    c->snd_wnd = s->wnd << c->snd_wscale;
    if (unlikely(c->snd_wnd > c->max_wnd))
        c->max_wnd = c->snd_wnd;
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    if (acked && unlikely(!ack_single(c, s->ack)))
        ack_advance(c, s);
    if (s->len) {
        tcp_rx_queue(c, p);
        c->rcv_nxt += s->len;
        tcp_delay_ack(c, s->len);
        file_notify(&c->sk.file, EPOLLIN | EPOLLRDNORM);
    } else {
        pkt_put(p);
    }
    if (c->ack_now || tcp_has_unsent(c))
        tcp_output(c);
    return;
slow:
    if (c->ep.state == TCP_SYN_SENT) {
        n->tcp_table->syn_sent_input(c, s);
        pkt_put(p);
        return;
    }
    conn_slow(c, s, p);
}

/* RFC 9293 §3.10.7.1: nobody there. */
static void refuse(struct net *n, const struct ip_flow *f, const struct tcp_in *s)
{
    n->stats.tcp_no_port++;
    if (s->flags & TCP_F_RST)
        return;
    n->stats.tcp_rst_out++;
    if (s->flags & TCP_F_ACK)
        tcp_send_raw(n, f, s->ack, 0, TCP_F_RST, 0, NULL);
    else
        tcp_send_raw(n, f, 0, s->seq + s->len + !!(s->flags & TCP_F_SYN) + !!(s->flags & TCP_F_FIN),
                     TCP_F_RST | TCP_F_ACK, 0, NULL);
}

/* No connection has the segment, but @tw, if not NULL, had. Returns one that it begins, and is for
 * as well; NULL: none, and the peer has been told what it should know. */
static __attribute__((noinline)) struct tcp_sock *find_new(struct net *n, const struct ip_in *in,
                                                           u32 ports, const struct tcp_in *s,
                                                           struct tcp_ep *tw)
{
    struct ip_flow f = {in->dst, in->src, (u16)ports, (u16)(ports >> 16)};
    struct tcp_sock *l;
    u32 iss = 0;

    if (tw && !tcp_tw_input(n, (struct tcp_tw *)tw, s, &iss))
        return NULL;
    l = tcp_find_listener(n, &in->dst, f.lport);
    if (!l) {
        refuse(n, &f, s);
        return NULL;
    }
    return n->tcp_table->listen_input(l, &f, s, iss);
}

/* The text of @s is in several packets, of which net.rx_rest are to come. To the connection each is
 * a segment, but it acknowledges them together. */
static void chain_begin(struct net *n, struct tcp_in *s)
{
    n->is_rx_batch = true;
    n->rx_flags = s->flags & (u16)~TCP_F_SACK; /* the blocks are in the packet that goes now */
    n->rx_seq = s->seq + s->len;
    s->flags &= (u16) ~(TCP_F_FIN | TCP_F_PSH);
}

static struct pkt *chain_next(struct net *n, struct tcp_in *s)
{
    struct pkt *p = n->rx_rest;

    n->rx_rest = p->next;
    p->next = NULL;
    s->seq = n->rx_seq;
    s->len = p->len_bytes;
    s->flags = n->rx_flags;
    if (n->rx_rest)
        chain_begin(n, s);
    else
        n->is_rx_batch = false;
    return p;
}

NO_STACK_CHECK static void tcp_input(struct net *n, struct pkt *p, const struct ip_in *in)
{
    const struct tcp_hdr *th = (const struct tcp_hdr *)p->data;
    u32 hdr_len;
    struct tcp_in s;
    struct tcp_ep *ep;

    n->stats.tcp_in++;
    if (unlikely(p->len_bytes < sizeof(*th) || in->to_many))
        goto bad;
    hdr_len = (th->offset >> 4) * 4;
    if (unlikely(hdr_len < sizeof(*th) || hdr_len > p->len_bytes))
        goto bad;
    if (!(p->flags & BIT(PKT_CSUM_VALID)) &&
        unlikely(csum_finish(csum_add(th, p->len_bytes) + be16(p->len_bytes) +
                             ip_pseudo(&in->src, &in->dst, IP_PROTO_TCP)) != 0)) {
        n->stats.tcp_csum++;
        goto drop;
    }
    net_now(n);
    s.seq = be32(th->seq);
    s.ack = be32(th->ack);
    s.wnd = be16(th->window);
    s.flags = th->flags & (u8)~TCP_F_URG;
    if (unlikely((in->tos & 3) == 3))
        s.flags |= TCP_F_CE;
    s.has_ts = s.has_wscale = s.has_sack = false;
    s.wscale = 0;
    s.mss = 0;
    if (hdr_len == sizeof(*th) + TCP_TS_BYTES && load32(th + 1) == be32(0x0101080a)) {
        const u8 *o = (const u8 *)(th + 1);
        s.has_ts = true;
        s.ts_val = be32(load32(o + 4));
        s.ts_ecr = be32(load32(o + 8));
    } else if (unlikely(hdr_len > sizeof(*th))) {
        tcp_parse_options(&s, (const u8 *)(th + 1), hdr_len - sizeof(*th));
    }
    u32 ports = load32(th);
    ports = ports >> 16 | ports << 16; /* theirs is our remote */
    p->data += hdr_len;
    s.len = p->len_bytes -= hdr_len;
    if (unlikely(n->rx_rest))
        chain_begin(n, &s);
    for (;;) {
        ep = tcp_find(n, &in->dst, &in->src, ports);
        if (likely(ep && ep->state != TCP_TIME_WAIT)) {
            conn_input(CONTAINER_OF(ep, struct tcp_sock, ep), &s, p);
        } else {
            struct tcp_sock *c = find_new(n, in, ports, &s, ep);
            if (!c)
                goto drop;
            conn_slow(c, &s, p);
        }
        if (likely(!n->rx_rest))
            return;
        p = chain_next(n, &s);
    }
bad:
    n->stats.tcp_bad++;
drop:
    pkt_put(p);
}

/* An ICMP error about a segment of ours. RFC 5927 §4: believe it only about data in flight. */
static void tcp_error(struct net *n, const struct ip_error *e)
{
    struct tcp_ep *ep = tcp_find(n, &e->flow.local, &e->flow.remote, tcp_ports(&e->flow));
    struct tcp_sock *c;

    if (!ep || ep->state == TCP_TIME_WAIT)
        return;
    c = CONTAINER_OF(ep, struct tcp_sock, ep);
    if (SEQ_LT(e->seq, c->snd_una) || SEQ_GT(e->seq, c->snd_nxt))
        return;
    net_now(n);
    if (e->err == EMSGSIZE) {
        /* RFC 1191. Old routers tell no MTU: take the least that makes sense. */
        u32 mtu = MAX(e->mtu_bytes ? e->mtu_bytes : 576, 296);
        if (ep->state == TCP_SYN_SENT ||
            mtu - ip_hdr_bytes(&e->flow.remote) - TCP_HDR_BYTES >= c->mss)
            return;
        tcp_narrow(c, mtu);
        tcp_output(c);
        return;
    }
    /* RFC 1122 §4.2.3.9, RFC 5461: only an attempt to connect ends by it. */
    if (ep->state == TCP_SYN_SENT)
        tcp_done(c, e->err);
    else
        c->soft_err = e->err;
}

const struct ip_proto tcp_proto = {.input = tcp_input, .error = tcp_error};
