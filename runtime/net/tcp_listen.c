/*
 * What arrives at a listener. Each SYN becomes a half-open connection while there is room for it;
 * beyond that the SYN|ACK is a SYN cookie (RFC 4987 §3.6): nothing is kept, and the ACK that brings
 * it back makes the connection.
 */
#include "net/tcp.h"

/* A cookie is our initial sequence number: 29 bits of a keyed hash over flow, the peer's number,
 * the period and the MSS index; one bit of the period; two of index. So one is good for one to two
 * periods. */
#define COOKIE_PERIOD_SHIFT 36 /* 69 s, in ns */
#define COOKIE_MSS_BITS     3u
#define COOKIE_PERIOD_BIT   4u
#define COOKIE_HASH_BITS    (~7u)

/* What the MSS is rounded down to: the default, IPv6's least, and Ethernet's with either family. */
static const u16 cookie_mss[COOKIE_MSS_BITS + 1] = {TCP_MSS_UNTOLD, 1220, 1440, 1460};

/* In the low bits of the TSval beside a cookie: options that only SYNs have. */
#define COOKIE_TS_BITS   63u
#define COOKIE_TS_WSCALE 15u /* all ones: no such option */
#define COOKIE_TS_SACK   16u

static u32 cookie_make(struct net *n, const struct ip_flow *f, u32 isn, u32 period, u32 mss_index)
{
    u64 h = siphash_3u64(&n->secret, tcp_secret(n, f, tcp_ports(f)), (u64)isn << 32 | period,
                         mss_index + 2);

    return ((u32)h & COOKIE_HASH_BITS) | (period & 1) * COOKIE_PERIOD_BIT | mss_index;
}

/* A connection in SYN-RECEIVED; NULL without memory. */
static struct tcp_sock *child_new(struct tcp_sock *l, const struct ip_flow *f,
                                  const struct tcp_in *s, u32 iss)
{
    struct net *n = l->net;
    struct tcp_sock *c = tcp_new(n, 02 /* O_RDWR */);

    if (!c) {
        n->stats.no_memory++;
        return NULL;
    }
    c->sk.flow = *f;
    c->sk.has_addr = true;
    tcp_inherit(c, l);
    c->ep.state = TCP_SYN_RECV;
    c->irs = s->seq;
    c->rcv_nxt = c->rcv_adv = s->seq + 1;
    c->iss = iss;
    c->snd_una = c->iss;
    c->snd_nxt = c->write_seq = c->small_end = c->recover = c->fack = c->reo_round = c->iss + 1;
    c->snd_wnd = c->max_wnd = s->wnd;
    c->has_ts = s->has_ts;
    c->has_sack = s->has_sack;
    c->has_ecn = (~s->flags & (TCP_F_ECE | TCP_F_CWR)) == 0;
    c->ts_offset = (u32)tcp_secret(n, f, 1);
    if (s->has_ts) {
        c->ts_recent = s->ts_val;
        c->ts_recent_ns = n->now_ns;
    }
    c->wscale_ok = s->has_wscale;
    c->snd_wscale = s->wscale;
    if (!s->has_wscale)
        c->rcv_wscale = 0;
    tcp_set_bufs(c);
    c->peer_mss = s->mss ? s->mss : TCP_MSS_UNTOLD;
    c->nif = NULL;
    tcp_set_mss(c, n->eth.mtu_bytes ? n->eth.mtu_bytes : n->loop.mtu_bytes);
    c->parent = l;
    c->last_rx_ns = c->progress_ns = n->now_ns;
    list_push_back(&l->children, &c->child_node);
    l->n_syn++;
    tcp_hash(n, &c->ep);
    return c;
}

/* A SYN|ACK that is all there is to remember. */
static void cookie_send(struct tcp_sock *l, const struct ip_flow *f, const struct tcp_in *s)
{
    struct net *n = l->net;
    u32 mss = s->mss ? s->mss : TCP_MSS_UNTOLD, i = COOKIE_MSS_BITS;
    struct tcp_sock *c;

    while (i && cookie_mss[i] > mss)
        i--;
    n->tcp_table->cookie_ns = n->now_ns;
    c = child_new(l, f, s, cookie_make(n, f, s->seq, (u32)(n->now_ns >> COOKIE_PERIOD_SHIFT), i));
    if (!c)
        return;
    if (c->has_ts) { /* the clock is set back to where its low bits are the options */
        u32 now = tcp_ts_now(c) - c->ts_offset;
        u32 told =
            (c->has_sack ? COOKIE_TS_SACK : 0) | (c->wscale_ok ? c->snd_wscale : COOKIE_TS_WSCALE);
        told |= now & ~COOKIE_TS_BITS;
        if (told > now)
            told -= COOKIE_TS_BITS + 1;
        c->ts_offset += told - now;
    } else {
        c->has_sack = c->wscale_ok = false;
    }
    n->stats.tcp_cookies_sent++;
    tcp_send_syn(c);
    tcp_done(c, 0); /* as if it had never been */
}

/* Is the segment, with an ACK at a listener, the answer to a cookie? Then its connection. */
static struct tcp_sock *cookie_input(struct tcp_sock *l, const struct ip_flow *f,
                                     const struct tcp_in *s)
{
    struct net *n = l->net;
    u32 cookie = s->ack - 1, period = (u32)(n->now_ns >> COOKIE_PERIOD_SHIFT);
    u32 echo = s->ts_ecr - (u32)tcp_secret(n, f, 1);
    struct tcp_in syn = *s;
    struct tcp_sock *c;
    struct ip_route rt;

    syn.seq--;
    syn.mss = cookie_mss[cookie & COOKIE_MSS_BITS];
    period -= (period ^ cookie / COOKIE_PERIOD_BIT) & 1;
    if (cookie != cookie_make(n, f, syn.seq, period, cookie & COOKIE_MSS_BITS) ||
        ip_route(n, &f->remote, &rt) != 0)
        return NULL;
    n->stats.tcp_cookies_taken++;
    n->stats.tcp_passive_opens++;
    syn.has_wscale = s->has_ts && (echo & COOKIE_TS_WSCALE) != COOKIE_TS_WSCALE;
    syn.wscale = syn.has_wscale ? echo & COOKIE_TS_WSCALE : 0;
    syn.has_sack = s->has_ts && echo & COOKIE_TS_SACK;
    c = child_new(l, f, &syn, cookie);
    if (!c)
        return NULL;
    c->nif = rt.nif;
    c->rcv_adv += MIN(c->sk.rcvbuf, 0xffffu); /* as the SYN|ACK said */
    return c;
}

/* RFC 9293 §3.10.7.2 */
struct tcp_sock *tcp_listen_input(struct tcp_sock *l, const struct ip_flow *f,
                                  const struct tcp_in *s, u32 iss)
{
    struct net *n = l->net;
    u64 cookie_ns = n->tcp_table->cookie_ns;
    bool may_be_cookie = (s->flags & (TCP_F_ACK | TCP_F_SYN)) == TCP_F_ACK && cookie_ns &&
                         n->now_ns - cookie_ns < 2ull << COOKIE_PERIOD_SHIFT;
    struct tcp_sock *c;

    if (s->flags & TCP_F_RST)
        return NULL;
    if ((s->flags & (TCP_F_SYN | TCP_F_FIN | TCP_F_ACK)) != TCP_F_SYN && !(s->flags & TCP_F_ACK))
        return NULL;
    /* The service does not keep up: the peer tries again. */
    if (l->n_accept > l->backlog && (may_be_cookie || !(s->flags & TCP_F_ACK))) {
        n->stats.tcp_listen_full++;
        return NULL;
    }
    if (s->flags & TCP_F_ACK) {
        if (may_be_cookie) {
            c = cookie_input(l, f, s);
            if (c)
                return c;
            n->stats.tcp_cookies_failed++;
        }
        n->stats.tcp_rst_out++;
        tcp_send_raw(n, f, s->ack, 0, TCP_F_RST, 0, NULL);
        return NULL;
    }
    /* Who was in TIME-WAIT is real, and a cookie could not follow the old numbers. */
    if (!iss && l->n_syn >= MIN(MAX(l->backlog, 8u), n->limits.n_syn)) {
        cookie_send(l, f, s);
        return NULL;
    }
    c = child_new(l, f, s, iss ? iss : tcp_iss(n, f));
    if (!c)
        return NULL;
    n->stats.tcp_passive_opens++;
    tcp_send_syn(c);
    tcp_rtx_start(c);
    return NULL;
}
