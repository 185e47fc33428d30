/*
 * One segment of TCP, outwards: behind the header template, with its checksum, to the interface.
 * Which one leaves, and when, is decided in tcp_out.c. Those that the template does not fit:
 * tcp_ctl.c.
 */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"

u32 tcp_window_gain(const struct tcp_sock *c)
{
    const struct sock *sk = &c->sk;
    const struct tcp_table *t = c->net->tcp_table;
    u32 room = sk->rcvbuf > c->rcv_bytes ? sk->rcvbuf - c->rcv_bytes : 0, edge;

    /* Slow readers hold all the memory there is: open no window any further, but for those that are
     * through with theirs. */
    if (unlikely(t->rx_compact_bytes > c->net->limits.rx_compact_bytes / 4 * 3))
        room = c->rcv_head ? 0 : MIN(room, 2u * c->mss);
    edge = c->rcv_nxt + MIN(room, c->rcv_wnd_max);
    return SEQ_GT(edge, c->rcv_adv) ? edge - c->rcv_adv : 0;
}

/* How much is promised, in the units of the header. Rounding down would take some back. */
static inline u32 window_scaled(const struct tcp_sock *c, u32 wnd)
{
    return (wnd + (1u << c->rcv_wscale) - 1) >> c->rcv_wscale;
}

u16 tcp_window_move(struct tcp_sock *c)
{
    u32 gain = tcp_window_gain(c);

    if (gain >= MIN((u32)c->mss, c->sk.rcvbuf / 2))
        c->rcv_adv += gain;
    if (SEQ_LEQ(c->rcv_adv, c->rcv_nxt))
        return 0;
    return (u16)MIN(window_scaled(c, c->rcv_adv - c->rcv_nxt), 0xffffu);
}

static inline u16 window_now(struct tcp_sock *c)
{
    u32 left = c->rcv_adv - c->rcv_nxt;

    if (likely(c->rcv_wnd_full - left < c->rcv_wnd_slack))
        return (u16)window_scaled(c, left); /* nearly all of it is promised already */
    return tcp_window_move(c);
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

/* What of the IPv4 header the template cannot know, and the sum of it. @ect: ECT0 or nothing. */
static inline __attribute__((always_inline)) void
put_ip4_len(const struct tcp_sock *c, struct ip4_hdr *ip, u32 l4_len, u32 ect)
{
    ip->tos |= (u8)ect;
    ip->total_len = be16(IP4_HDR_BYTES + l4_len);
    ip->csum = (u16)~csum_two(c->ip_sum, ip->total_len);
    if (unlikely(ect))
        ip->csum = (u16)~csum_two((u16)~ip->csum, be16(ect));
}

static void put_ip6_len(const struct tcp_sock *c, struct ip6_hdr *ip6, u32 l4_len, u32 ect)
{
    c->net->stats.tcp6_out++;
    ip6->version_class_flow |= be32(ect << 20);
    ip6->payload_len = be16(l4_len);
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

int tcp_emit(struct tcp_sock *c, struct pkt *p, u32 flags)
{
    struct tx_seg *s = tx_seg(p);
    struct net *n = c->net;
    u32 ect = 0, ip_len, l4_len, hdrs_len;
    u8 *payload = p->buf + s->at, *first;
    struct tcp_hdr *th;
    int err;

    if (unlikely(c->hdr_generation != n->arp.generation)) {
        err = tcp_template_make(c);
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
    if (likely(ip_len == IP4_HDR_BYTES)) {
        put_ip4_len(c, (struct ip4_hdr *)(first + ETH_HDR_BYTES), l4_len, ect);
    } else {
        memcpy(payload - TCP_TEMPLATE_BYTES, c->hdr, TCP6_MORE_BYTES);
        put_ip6_len(c, (struct ip6_hdr *)(first + ETH_HDR_BYTES), l4_len, ect);
    }
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
    err = netif_tx_inline(c->nif, p);
    if (unlikely(err == -ENOSPC))
        return err;
    /* -EIO is a frame lost: the retransmission timer's business. */
    n->stats.tcp_out++;
    c->ack_now = false;
    c->n_unacked = 0;
    c->ack_at = 0;
    return 0;
}
