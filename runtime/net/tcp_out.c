/* TCP, outwards: from the send queue, through header template and checksum, to the interface. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"

#pragma weak ip6_fill

/*
 * Make the header template: route, MAC address, everything that stays, and the sums of it.
 * Returns 0; -EAGAIN while ARP or DHCP works on it; -EHOSTUNREACH, -ENETUNREACH.
 */
static int template_make(struct tcp_sock *c)
{
    struct sock *sk = &c->sk;
    struct net *n = sk->net;
    u8 mac[6] = {0};
    struct ip_route rt;
    int err = ip_route(n, &sk->flow.remote, &rt);

    if (err)
        return err;
    if (!rt.nif->is_loop) {
        err = arp_resolve(rt.nif, &rt.next_hop, mac, NULL);
        if (err)
            return err;
    }
    c->nif = rt.nif;
    c->ip_len = (u8)ip_hdr_bytes(&sk->flow.remote);
    c->hdr_len = c->ip_len + TCP_HDR_BYTES + (c->has_ts ? TCP_TS_BYTES : 0);
    memset(c->hdr, 0, sizeof(c->hdr));
    u8 *h = c->hdr + TCP_TEMPLATE_BYTES - c->hdr_len - ETH_HDR_BYTES;
    struct eth_hdr *eth = (struct eth_hdr *)h;
    memcpy(eth->dst, mac, 6);
    memcpy(eth->src, rt.nif->mac, 6);
    u8 *ip = (u8 *)(eth + 1);
    struct ip_out out = {sk->flow.local, sk->flow.remote, IP_PROTO_TCP, sk->tos, sk->ttl};
    if (c->ip_len == IP4_HDR_BYTES) {
        eth->type = be16(ETH_TYPE_IPV4);
        ip4_fill((struct ip4_hdr *)ip, &out, 0);
        ((struct ip4_hdr *)ip)->csum = 0;
    } else {
        eth->type = be16(ETH_TYPE_IPV6);
        ip6_fill((struct ip6_hdr *)ip, &out, IP6_HDR_BYTES);
    }
    c->ip_sum = csum_fold(csum_add(ip, IP4_HDR_BYTES)); /* only IPv4 wants it */
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + c->ip_len);
    th->sport = sk->flow.lport;
    th->dport = sk->flow.rport;
    th->offset = (u8)((c->hdr_len - c->ip_len) << 2);
    if (c->has_ts)
        store32(th + 1, be32(0x0101080a));
    c->pseudo_sum = (u32)csum_fold(ip_pseudo(&sk->flow.local, &sk->flow.remote, IP_PROTO_TCP));
    c->tcp_sum = (u32)csum_fold(csum_add(th, c->hdr_len - c->ip_len) + c->pseudo_sum);
    c->hdr_generation = n->arp.generation;
    return 0;
}

u32 tcp_window_gain(const struct tcp_sock *c)
{
    const struct sock *sk = &c->sk;
    const struct tcp_table *t = sk->net->tcp_table;
    u32 room = sk->rcvbuf > c->rcv_bytes ? sk->rcvbuf - c->rcv_bytes : 0;
    u32 edge = c->rcv_nxt + MIN(room, c->rcv_wnd_max);

    /* Slow readers hold all the memory there is: open no window any further. */
    if (unlikely(t->rx_compact_bytes > sk->net->limits.rx_compact_bytes / 4 * 3))
        return 0;
    return SEQ_GT(edge, c->rcv_adv) ? edge - c->rcv_adv : 0;
}

/* How much is promised, in the units of the header. */
static inline u16 window_scaled(const struct tcp_sock *c, u32 wnd)
{
    /* Rounding down would take back what was promised. */
    wnd = (wnd + (1u << c->rcv_wscale) - 1) >> c->rcv_wscale;
    return (u16)MIN(wnd, 0xffffu);
}

/* RFC 9293 §3.8.6.2.2: the edge moves by a segment or half the buffer, or not at all. */
static __attribute__((noinline)) u16 window_move(struct tcp_sock *c)
{
    u32 gain = tcp_window_gain(c);

    if (gain >= MIN((u32)c->mss, c->sk.rcvbuf / 2))
        c->rcv_adv += gain;
    return window_scaled(c, SEQ_GT(c->rcv_adv, c->rcv_nxt) ? c->rcv_adv - c->rcv_nxt : 0);
}

static inline u16 window_now(struct tcp_sock *c)
{
    u32 left = c->rcv_adv - c->rcv_nxt;

    if (likely(c->rcv_wnd_full - left < MIN((u32)c->mss, c->rcv_wnd_full / 2)))
        return window_scaled(c, left); /* nearly all of it is promised already */
    return window_move(c);
}

#define TCP6_MORE_BYTES     16 /* in front of the template, only there with IPv6 */
#define TCP4_TEMPLATE_BYTES (TCP_TEMPLATE_BYTES - TCP6_MORE_BYTES)

/* In whole words and without a loop: memcpy() would be a call. What a shorter template lacks in
 * front is written into the headroom. */
static inline void copy_template(u8 *to, const u8 *from)
{
    u64 a, b, c;
#define COPY3(at)                                                                                  \
    __builtin_memcpy(&a, from + (at), 8);                                                          \
    __builtin_memcpy(&b, from + (at) + 8, 8);                                                      \
    __builtin_memcpy(&c, from + (at) + 16, 8);                                                     \
    __builtin_memcpy(to + (at), &a, 8);                                                            \
    __builtin_memcpy(to + (at) + 8, &b, 8);                                                        \
    __builtin_memcpy(to + (at) + 16, &c, 8)
    COPY3(0);
    COPY3(24);
    COPY3(48);
#undef COPY3
    _Static_assert(TCP4_TEMPLATE_BYTES == 72, "three times three words");
    _Static_assert(TCP_PAYLOAD_AT - TCP_TEMPLATE_BYTES >= PKT_DRIVER_HEADROOM, "driver's room");
}

#define ECT0 2 /* of the traffic class: RFC 3168 §5 */

/* What of the IP header the template cannot know, and IPv4's sum of it. @ect: ECT0 or nothing. */
static inline __attribute__((always_inline)) void put_ip_len(const struct tcp_sock *c, u8 *hdr,
                                                             u32 l4_len, u32 ect)
{
    struct ip4_hdr *ip = (struct ip4_hdr *)hdr;
    struct ip6_hdr *ip6 = (struct ip6_hdr *)hdr;

    if (likely(c->ip_len == IP4_HDR_BYTES)) {
        ip->tos |= (u8)ect;
        ip->total_len = be16(IP4_HDR_BYTES + l4_len);
        ip->csum = (u16)~csum_two(c->ip_sum, ip->total_len);
        if (unlikely(ect))
            ip->csum = (u16)~csum_two((u16)~ip->csum, be16(ect));
    } else {
        c->sk.net->stats.tcp6_out++;
        ip6->version_class_flow |= be32(ect << 20);
        ip6->payload_len = be16(l4_len);
    }
}

/* RFC 3168 §6.1: what @flags say of congestion. Returns ECT0 if the segment can tell us of it. */
static u32 mark_ecn(struct tcp_sock *c, u32 *flags)
{
    if (c->has_ce)
        *flags |= TCP_F_ECE;
    if (!(*flags & TCP_F_NEW))
        return 0;
    if (c->cwr_due)
        *flags |= TCP_F_CWR;
    c->cwr_due = false;
    return ECT0;
}

/*
 * Put headers in front of a packet of the send queue, or of one that tx_seg() tells about like
 * that, and hand the frame over. With @p->n_frags its payload is there, and s->len all of that.
 * Returns 0; -ENOSPC, -EAGAIN, -EHOSTUNREACH, -ENETUNREACH: nothing sent.
 */
static int emit(struct tcp_sock *c, struct pkt *p, u32 flags)
{
    struct tx_seg *s = tx_seg(p);
    struct net *n = c->sk.net;
    u32 ect = 0, ip_len, l4_len, hdrs_len;
    u8 *payload = p->buf + s->at, *first;
    struct tcp_hdr *th;
    int err;

    if (unlikely(c->hdr_generation != n->arp.generation)) {
        err = template_make(c);
        if (err)
            return err;
    }
    if (unlikely(c->has_ecn))
        ect = mark_ecn(c, &flags);
    ip_len = c->ip_len;
    hdrs_len = ETH_HDR_BYTES + c->hdr_len;
    l4_len = c->hdr_len - ip_len + s->len;
    first = payload - hdrs_len;
    copy_template(payload - TCP4_TEMPLATE_BYTES, c->hdr + TCP6_MORE_BYTES);
    if (unlikely(ip_len != IP4_HDR_BYTES))
        memcpy(payload - TCP_TEMPLATE_BYTES, c->hdr, TCP6_MORE_BYTES);
    put_ip_len(c, first + ETH_HDR_BYTES, l4_len, ect);
    th = (struct tcp_hdr *)(first + ETH_HDR_BYTES + ip_len);
    th->seq = be32(s->seq);
    th->ack = be32(c->rcv_nxt);
    th->flags = (u8)flags;
    th->window = be16(window_now(c));
    if (likely(c->has_ts)) {
        store32((u8 *)(th + 1) + 4, be32(tcp_ts_now(c)));
        store32((u8 *)(th + 1) + 8, be32(c->ts_recent));
    }
    p->data = first;
    p->len_bytes = hdrs_len;
    if (unlikely(p->n_frags))
        p->hdr_len_bytes = (u16)hdrs_len;
    else
        p->len_bytes += s->len;
    if (c->nif->offloads & BIT(NETDEV_CSUM_TX)) {
        p->flags |= BIT(PKT_CSUM_PARTIAL);
        p->csum_start = (u16)(ETH_HDR_BYTES + ip_len);
        p->csum_offset = offsetof(struct tcp_hdr, csum);
        th->csum = csum_two(c->pseudo_sum, be16(l4_len));
    } else {
        u64 sum =
            (u64)c->tcp_sum + th->seq + th->ack + ((flags & 0xff) << 8) + th->window + be16(l4_len);
        p->flags &= (u8)~BIT(PKT_CSUM_PARTIAL);
        if (c->has_ts)
            sum += (u64)load32((u8 *)(th + 1) + 4) + load32((u8 *)(th + 1) + 8);
        /* What was queued for another interface may not be summed. */
        sum += likely(s->is_summed) ? s->sum : csum_add(payload, s->len);
        th->csum = csum_finish(sum);
    }
    err = netif_tx(c->nif, p);
    if (unlikely(err == -ENOSPC))
        return err;
    /* -EIO is a frame lost: the retransmission timer's business. */
    n->stats.tcp_out++;
    c->ack_now = false;
    c->n_unacked = 0;
    c->ack_at = 0;
    return 0;
}

/* emit() could not send now. Everybody who waits here tries again from tcp_blocked_resume(). */
static void emit_failed(struct tcp_sock *c, int err)
{
    if (err == -ENOSPC || err == -EAGAIN) {
        net_block(c->sk.net, &c->tx_wait);
        return;
    }
    c->soft_err = -err;
    if (c->ep.state == TCP_SYN_SENT)
        tcp_done(c, -err); /* has a descriptor: not freed */
}

/* A packet that is not of the send queue, at @seq. NULL: no memory, and an ACK is due later. */
static struct pkt *empty_pkt(struct tcp_sock *c, u32 seq)
{
    struct pkt *p = pkt_alloc(TCP_PAYLOAD_AT);

    if (likely(p)) {
        *tx_seg(p) = (struct tx_seg){.seq = seq, .at = TCP_PAYLOAD_AT, .is_summed = true};
    } else {
        c->sk.net->stats.no_memory++;
        tcp_arm_at(c, c->ack_at = c->sk.net->now_ns + 10 * NSEC_PER_MSEC);
    }
    return p;
}

int tcp_send_empty(struct tcp_sock *c, u32 seq, u32 flags)
{
    struct pkt *p = empty_pkt(c, seq);
    int err;

    if (!p)
        return -ENOSPC;
    err = emit(c, p, flags);
    pkt_put(p);
    if (unlikely(err))
        emit_failed(c, err);
    return err;
}

/* The timestamps option; @head: what is in front of its kind and length, two NOPs or other. */
static u32 put_ts(const struct tcp_sock *c, u8 *o, u32 head)
{
    tcp_put32(o, head << 16 | 0x080a);
    tcp_put32(o + 4, tcp_ts_now(c));
    tcp_put32(o + 8, c->ts_recent);
    return TCP_TS_BYTES;
}

static u32 put_syn_options(struct tcp_sock *c, u8 *o, bool with_wscale)
{
    u32 mss = c->nif->mtu_bytes - c->ip_len - TCP_HDR_BYTES;
    u32 len = 4, sack_ok = c->has_sack ? 0x0402 : 0x0101; /* RFC 2018 §2 */

    if (c->user_mss)
        mss = MIN(mss, c->user_mss);
    tcp_put32(o, 2u << 24 | 4u << 16 | mss); /* RFC 9293 §3.7.1 */
    if (c->has_ts) {                         /* RFC 7323 §3.2 */
        len += put_ts(c, o + len, sack_ok);
    } else if (c->has_sack) {
        tcp_put32(o + len, 0x01010000 | sack_ok);
        len += 4;
    }
    if (with_wscale) { /* RFC 7323 §2.2 */
        tcp_put32(o + len, 1u << 24 | 3u << 16 | 3u << 8 | c->rcv_wscale);
        len += 4;
    }
    return len;
}

/* Put headers in front of @opt_len bytes of options at p->data, which no template has, and send it.
 * hdr is fresh. Returns as emit(). */
static int emit_options(struct tcp_sock *c, struct pkt *p, u32 opt_len, u32 seq, u8 flags, u32 wnd)
{
    u32 hdrs_len = ETH_HDR_BYTES + c->ip_len + TCP_HDR_BYTES, len = TCP_HDR_BYTES + opt_len;
    u8 *h = p->data - hdrs_len;
    struct tcp_hdr *th = (struct tcp_hdr *)(h + ETH_HDR_BYTES + c->ip_len);
    int err;

    memcpy(h, c->hdr + TCP_TEMPLATE_BYTES - c->hdr_len - ETH_HDR_BYTES, hdrs_len);
    th->seq = be32(seq);
    th->ack = flags & TCP_F_ACK ? be32(c->rcv_nxt) : 0;
    th->offset = (u8)(len << 2);
    th->flags = flags;
    th->window = be16(wnd);
    th->csum = 0;
    th->csum = csum_finish(csum_add(th, len) + be16(len) +
                           ip_pseudo(&c->sk.flow.local, &c->sk.flow.remote, IP_PROTO_TCP));
    put_ip_len(c, h + ETH_HDR_BYTES, len, 0);
    p->data = h;
    p->len_bytes = hdrs_len + opt_len;
    err = netif_tx(c->nif, p);
    if (err == -ENOSPC)
        return err;
    c->sk.net->stats.tcp_out++;
    return 0;
}

void tcp_send_syn(struct tcp_sock *c)
{
    struct sock *sk = &c->sk;
    bool is_answer = c->ep.state == TCP_SYN_RECV;
    u32 flags = is_answer ? TCP_F_SYN | TCP_F_ACK : TCP_F_SYN;
    struct pkt *p = empty_pkt(c, 0);
    u32 wnd = MIN(sk->rcvbuf, 0xffffu); /* never scaled in a SYN (RFC 7323 §2.2) */
    int err;

    if (!p)
        return;
    if (is_answer)
        c->rcv_adv = c->rcv_nxt + wnd;
    if (c->has_ecn) /* RFC 3168 §6.1.1 */
        flags |= is_answer ? TCP_F_ECE : TCP_F_ECE | TCP_F_CWR;
    err = c->hdr_generation == sk->net->arp.generation ? 0 : template_make(c);
    if (!err)
        err = emit_options(c, p, put_syn_options(c, p->data, !is_answer || c->wscale_ok), c->iss,
                           (u8)flags, wnd);
    pkt_put(p);
    c->syn_is_due = err != 0;
    if (err)
        emit_failed(c, err);
}

/* An ACK that tells of blocks (RFC 2018). */
static void send_sack(struct tcp_sock *c)
{
    struct pkt *p = empty_pkt(c, 0);
    u32 len = 0;
    int err;

    if (!p)
        return;
    err = c->hdr_generation == c->sk.net->arp.generation ? 0 : template_make(c);
    if (!err) {
        if (c->has_ts)
            len = put_ts(c, p->data, 0x0101);
        len += tcp_sack_put(c, p->data + len);
        err = emit_options(c, p, len, c->snd_nxt, TCP_F_ACK | (c->has_ce ? TCP_F_ECE : 0),
                           window_move(c));
    }
    pkt_put(p);
    if (err) {
        emit_failed(c, err);
        return;
    }
    c->ack_now = false;
    c->n_unacked = 0;
    c->ack_at = 0;
}

void tcp_send_ack(struct tcp_sock *c)
{
    c->ack_now = true; /* stays so if it cannot leave now */
    if (unlikely(c->has_sack && (c->ooo || c->has_dsack)))
        send_sack(c);
    else
        tcp_send_empty(c, c->snd_nxt, TCP_F_ACK);
}

void tcp_challenge_ack(struct tcp_sock *c)
{
    struct net *n = c->sk.net;

    if (n->now_ns < c->challenge_ns)
        return;
    c->challenge_ns = n->now_ns + NSEC_PER_SEC / 2;
    n->stats.tcp_challenge_acks++;
    tcp_send_ack(c);
}

void tcp_send_raw(struct net *n, const struct ip_flow *f, u32 seq, u32 ack, u8 flags, u32 wnd,
                  const u32 *ts)
{
    struct ip_out out = {f->local, f->remote, IP_PROTO_TCP, 0, 0};
    struct ip_route rt;
    struct pkt *p;

    if (ip_route(n, &f->remote, &rt) != 0)
        return;
    p = pkt_alloc(NET_HEADROOM);
    if (!p) {
        n->stats.no_memory++;
        return;
    }
    struct tcp_hdr *th = (struct tcp_hdr *)p->data;
    u32 len = TCP_HDR_BYTES;
    if (ts) {
        u8 *o = (u8 *)(th + 1);
        store32(o, be32(0x0101080a));
        store32(o + 4, be32(ts[0]));
        store32(o + 8, be32(ts[1]));
        len += TCP_TS_BYTES;
    }
    th->sport = f->lport;
    th->dport = f->rport;
    th->seq = be32(seq);
    th->ack = be32(ack);
    th->offset = (u8)(len << 2);
    th->flags = flags;
    th->window = be16(MIN(wnd, 0xffffu));
    th->csum = th->urgent = 0;
    th->csum =
        csum_finish(csum_add(th, len) + be16(len) + ip_pseudo(&f->local, &f->remote, IP_PROTO_TCP));
    p->len_bytes = len;
    n->stats.tcp_raw_out++;
    ip_send(&rt, p, &out);
}

bool tcp_split(struct tcp_sock *c, struct pkt *p, u32 len)
{
    struct tx_seg *s = tx_seg(p), *r;
    struct pkt *q = pkt_alloc(TCP_PAYLOAD_AT);

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
    c->sk.net->tcp_table->n_tx++;
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

    s->sent_ns = c->sk.net->now_ns;
    if (s->n_sent < 255)
        s->n_sent++;
    if (s->len < c->mss)
        c->small_end = s->seq + s->len;
    if (SEQ_GT(end, c->snd_nxt))
        c->snd_nxt = end;
    if (unlikely(c->ca_state))
        c->prr_out += s->len;
}

/* Send one packet of the queue. Returns emit()'s answer. */
static int send_queued(struct tcp_sock *c, struct pkt *p)
{
    struct tx_seg *s = tx_seg(p);
    u32 flags = flags_of(c, p);
    int err;

    _Static_assert(TCP_F_FIN == 1, "added to a sequence number");
    err = emit(c, p, s->n_sent ? flags : flags | TCP_F_NEW);
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
           c->hdr_generation == c->sk.net->arp.generation; /* what we know of the way holds */
}

/*
 * Send @p, never sent before, and what follows and ends at @limit at the latest in one frame, which
 * the device cuts again. All but the last are full. Returns emit()'s answer; *@next is what is
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
    h = empty_pkt(c, tx_seg(p)->seq);
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
    err = emit(c, h, flags | TCP_F_NEW);
    pkt_put(h);
    if (err)
        return err;
    c->sk.net->stats.tcp_out += n - 1;
    c->sk.net->stats.tcp6_out += c->ip_len == IP4_HDR_BYTES ? 0 : n - 1;
    for (; p != q; p = p->next)
        seg_sent(c, p, p == last ? flags : TCP_F_ACK);
    *next = q;
    return 0;
}

/* FIN where no data is left to carry it, for the first time or again. Returns as emit(). */
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

    if (p->flags & BIT(PKT_IN_DEVICE)) { /* it has not even left yet */
        s->sent_ns = c->sk.net->now_ns;
    } else {
        err = send_queued(c, p);
        if (err) {
            emit_failed(c, err);
            return false;
        }
        c->n_resent++;
        c->sk.net->stats.tcp_retransmits++;
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
        c->sk.net->stats.tcp_retransmits++;
        return send_fin(c) == 0;
    }
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

/* New data, as far as windows and Nagle allow. Returns emit()'s answer. */
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
    u64 now = c->sk.net->now_ns;
    bool is_blocked = false;

    if (unlikely(c->ep.state != TCP_ESTABLISHED) && !(BIT(c->ep.state) & CAN_SEND))
        return;
    if (unlikely(now - c->progress_ns > TCP_RTO_MIN_US * NSEC_PER_USEC))
        tcp_cong_idle(c);
    if (likely(!c->lost_bytes) || tcp_retransmit(c, false)) {
        int err = send_new(c);
        if (unlikely(err)) {
            emit_failed(c, err);
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
    if (unlikely(c->ack_now) && !is_blocked && !c->sk.net->is_rx_batch)
        tcp_send_ack(c);
}

void tcp_blocked_resume(struct tx_waiter *w)
{
    struct tcp_sock *c = CONTAINER_OF(w, struct tcp_sock, tx_wait);

    c->sk.net->now_ns = net_now(c->sk.net);
    if (c->is_waiting_addr)
        tcp_start_connect(c);
    else if (c->syn_is_due)
        tcp_send_syn(c);
    else
        tcp_output(c);
}
