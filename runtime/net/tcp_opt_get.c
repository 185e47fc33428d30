/* getsockopt(2), tcp(7). Linked as tcp_opt.c is. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

/* How long so many SYN|ACKs take: 1 s, then twice as long each, 120 s at most. */
static u32 seconds_of(u32 n_tries)
{
    u32 s = 0;

    for (u32 gap = 1; n_tries; n_tries--, gap = MIN(gap * 2, TCP_RTO_MAX_US / 1000000))
        s += gap;
    return s;
}

static u32 segments(const struct tcp_sock *c, u32 bytes)
{
    return (bytes + c->mss - 1) / c->mss;
}

static void put_info(const struct tcp_sock *c, struct tcp_info *ti)
{
    u64 now = c->net->now_ns;

    memset(ti, 0, sizeof(*ti));
    ti->tcpi_state = c->ep.state;
    ti->tcpi_ca_state = c->ca_state;
    ti->tcpi_retransmits = c->n_retries;
    ti->tcpi_options = (c->has_ts ? TCPI_OPT_TIMESTAMPS : 0) | (c->has_sack ? TCPI_OPT_SACK : 0) |
                       (c->wscale_ok ? TCPI_OPT_WSCALE : 0) | (c->has_ecn ? TCPI_OPT_ECN : 0);
    ti->tcpi_snd_wscale = c->snd_wscale & 15;
    ti->tcpi_rcv_wscale = c->rcv_wscale & 15;
    ti->tcpi_rto = tcp_rto_us(c);
    ti->tcpi_ato = TCP_DELACK_NS / NSEC_PER_USEC;
    ti->tcpi_snd_mss = ti->tcpi_advmss = ti->tcpi_rcv_mss = c->mss;
    ti->tcpi_unacked = segments(c, c->snd_nxt - c->snd_una);
    ti->tcpi_sacked = c->n_sacked;
    ti->tcpi_lost = segments(c, c->lost_bytes);
    ti->tcpi_total_retrans = c->n_resent;
#ifndef __GLIBC__ /* of host tests: its structure ends before these */
    ti->tcpi_reord_seen = c->has_reordering;
    ti->tcpi_notsent_bytes = c->write_seq - c->snd_nxt;
    ti->tcpi_min_rtt = c->min_rtt_us;
    ti->tcpi_snd_wnd = c->snd_wnd;
#endif
    ti->tcpi_last_data_recv = ti->tcpi_last_ack_recv = (u32)((now - c->last_rx_ns) / NSEC_PER_MSEC);
    ti->tcpi_pmtu = c->nif ? c->nif->mtu_bytes : 0;
    ti->tcpi_rtt = tcp_srtt_us(c);
    ti->tcpi_rttvar = c->rttvar4_us / 4;
    ti->tcpi_snd_ssthresh = c->ssthresh == UINT32_MAX ? INT32_MAX : c->ssthresh / c->mss;
    ti->tcpi_snd_cwnd = c->cwnd / c->mss;
    ti->tcpi_rcv_space = c->sk.rcvbuf;
    if (c->ep.state == TCP_LISTEN) { /* as Linux shows a listener's queue */
        ti->tcpi_unacked = c->n_accept;
        ti->tcpi_sacked = c->backlog;
    }
}

int tcp_getopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
    struct tcp_sock *c = tcp_of(sk);
    const struct tcp_num_opt *o;
    u32 v;

    if (level != IPPROTO_TCP)
        return -ENOPROTOOPT;
    if (name == TCP_INFO) {
        struct tcp_info ti;
        sk->net->now_ns = net_now_slow(sk->net);
        put_info(c, &ti);
        *len = MIN(*len, (u32)sizeof(ti));
        memcpy(val, &ti, *len);
        return 0;
    }
    if (name == TCP_CONGESTION) {
        *len = MIN(*len, 16u);
        strncpy(val, c->is_reno ? "reno" : "cubic", *len);
        return 0;
    }
    o = tcp_num_opt(name);
    if (!o)
        return -ENOPROTOOPT;
    v = o->is_bool ? *((bool *)c + o->at) : *(u32 *)(void *)((u8 *)c + o->at);
    if (name == TCP_MAXSEG && (c->ep.state != TCP_CLOSE || !v))
        v = c->mss;
    else if (name == TCP_DEFER_ACCEPT)
        v = seconds_of(v);
    else if (name == TCP_NOTSENT_LOWAT && v == UINT32_MAX)
        v = 0;
    *len = MIN(*len, (u32)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}
