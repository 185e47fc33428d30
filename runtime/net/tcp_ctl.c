/*
 * The header template of a connection, and the segments of TCP that have no text: ACK and probe
 * behind the template, SYN and blocks with options of their own, RST of no connection.
 */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"

#pragma weak ip6_fill

int tcp_template_make(struct tcp_sock *c)
{
    struct sock *sk = &c->sk;
    struct net *n = c->net;
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
    c->ip_sum = (u16)~csum(ip, IP4_HDR_BYTES, 0); /* only IPv4 wants it */
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + c->ip_len);
    th->sport = sk->flow.lport;
    th->dport = sk->flow.rport;
    th->offset = (u8)((c->hdr_len - c->ip_len) << 2);
    if (c->has_ts)
        store32(th + 1, be32(0x0101080a));
    /* Of no bytes: the pseudo-header alone, without the length. */
    c->pseudo_sum = (u16)~ip_csum(th, 0, &sk->flow.local, &sk->flow.remote, IP_PROTO_TCP);
    c->tcp_sum = (u16)~csum(th, c->hdr_len - c->ip_len, c->pseudo_sum);
    c->hdr_generation = n->arp.generation;
    return 0;
}

void tcp_emit_failed(struct tcp_sock *c, int err)
{
    if (err == -ENOSPC || err == -EAGAIN) {
        net_block(c->net, &c->tx_wait);
        return;
    }
    c->soft_err = -err;
    if (c->ep.state == TCP_SYN_SENT)
        tcp_done(c, -err); /* has a descriptor: not freed */
}

struct pkt *tcp_empty_pkt(struct tcp_sock *c, u32 seq)
{
    struct pkt *p = pkt_alloc_spare(TCP_PAYLOAD_AT);

    if (likely(p)) {
        *tx_seg(p) = (struct tx_seg){.seq = seq, .at = TCP_PAYLOAD_AT, .is_summed = true};
    } else {
        c->net->stats.no_memory++;
        tcp_arm_at(c, c->ack_at = c->net->now_ns + 10 * NSEC_PER_MSEC);
    }
    return p;
}

int tcp_send_empty(struct tcp_sock *c, u32 seq, u32 flags)
{
    struct pkt *p = tcp_empty_pkt(c, seq);
    int err;

    if (!p)
        return -ENOSPC;
    err = tcp_emit(c, p, flags);
    pkt_put(p);
    if (unlikely(err))
        tcp_emit_failed(c, err);
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
 * hdr is fresh. Returns as tcp_emit(). */
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
    th->csum = ip_csum(th, len, &c->sk.flow.local, &c->sk.flow.remote, IP_PROTO_TCP);
    if (c->ip_len == IP4_HDR_BYTES) {
        struct ip4_hdr *ip = (struct ip4_hdr *)(h + ETH_HDR_BYTES);
        ip->total_len = be16(IP4_HDR_BYTES + len);
        ip->csum = (u16)~csum_two(c->ip_sum, ip->total_len);
    } else {
        ((struct ip6_hdr *)(h + ETH_HDR_BYTES))->payload_len = be16(len);
        c->net->stats.tcp6_out++;
    }
    p->data = h;
    p->len_bytes = hdrs_len + opt_len;
    err = netif_tx(c->nif, p);
    if (err == -ENOSPC)
        return err;
    c->net->stats.tcp_out++;
    return 0;
}

void tcp_send_syn(struct tcp_sock *c)
{
    struct sock *sk = &c->sk;
    bool is_answer = c->ep.state == TCP_SYN_RECV;
    u32 flags = is_answer ? TCP_F_SYN | TCP_F_ACK : TCP_F_SYN;
    struct pkt *p = tcp_empty_pkt(c, 0);
    u32 wnd = MIN(sk->rcvbuf, 0xffffu); /* never scaled in a SYN (RFC 7323 §2.2) */
    int err;

    if (!p)
        return;
    if (is_answer)
        c->rcv_adv = c->rcv_nxt + wnd;
    if (c->has_ecn) /* RFC 3168 §6.1.1 */
        flags |= is_answer ? TCP_F_ECE : TCP_F_ECE | TCP_F_CWR;
    err = c->hdr_generation == c->net->arp.generation ? 0 : tcp_template_make(c);
    if (!err)
        err = emit_options(c, p, put_syn_options(c, p->data, !is_answer || c->wscale_ok), c->iss,
                           (u8)flags, wnd);
    pkt_put(p);
    c->syn_is_due = err != 0;
    if (err)
        tcp_emit_failed(c, err);
}

/* An ACK that tells of blocks (RFC 2018). */
static void send_sack(struct tcp_sock *c)
{
    struct pkt *p = tcp_empty_pkt(c, 0);
    u32 len = 0;
    int err;

    if (!p)
        return;
    err = c->hdr_generation == c->net->arp.generation ? 0 : tcp_template_make(c);
    if (!err) {
        if (c->has_ts)
            len = put_ts(c, p->data, 0x0101);
        len += tcp_sack_put(c, p->data + len);
        err = emit_options(c, p, len, c->snd_nxt, TCP_F_ACK | (c->has_ce ? TCP_F_ECE : 0),
                           tcp_window_move(c));
    }
    pkt_put(p);
    if (err) {
        tcp_emit_failed(c, err);
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
    struct net *n = c->net;

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
    p = pkt_alloc_spare(NET_HEADROOM);
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
    th->csum = ip_csum(th, len, &f->local, &f->remote, IP_PROTO_TCP);
    p->len_bytes = len;
    n->stats.tcp_raw_out++;
    ip_send(&rt, p, &out);
}
