/* tcp(7): the options of a stream socket beyond those every socket has. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

int tcp_setopt(struct sock *sk, int level, int name, int val)
{
    struct tcp_sock *c = tcp_of(sk);
    struct net *n = sk->net;

    n->now_ns = net_now_slow(n);
    if (level == SOL_SOCKET) { /* sock_opt.c has stored it; what does TCP make of it? */
        if (name == SO_KEEPALIVE && c->was_connected && c->ep.state != TCP_CLOSE)
            tcp_arm_at(c, c->keep_at = n->now_ns + c->keep_idle_s * NSEC_PER_SEC);
        else if (name == SO_RCVBUF || name == SO_SNDBUF)
            tcp_set_bufs(c);
        return 0;
    }
    if (level == IPPROTO_IP) { /* the header template has them */
        c->hdr_generation = 0;
        return 0;
    }
    if (level != IPPROTO_TCP)
        return -ENOPROTOOPT;
    switch (name) {
    case TCP_NODELAY:
        c->nodelay = val;
        if (val)
            tcp_output(c);
        return 0;
    case TCP_CORK:
        c->cork = val;
        if (!val) {
            c->force_small = true;
            tcp_output(c);
        }
        return 0;
    case TCP_MAXSEG:
        if (val < TCP_MSS_MIN || val > 32767)
            return -EINVAL;
        c->user_mss = (u16)val;
        return 0;
    case TCP_KEEPIDLE:
        if (val < 1 || val > 32767)
            return -EINVAL;
        c->keep_idle_s = (u32)val;
        break;
    case TCP_KEEPINTVL:
        if (val < 1 || val > 32767)
            return -EINVAL;
        c->keep_intvl_s = (u32)val;
        break;
    case TCP_KEEPCNT:
        if (val < 1 || val > 127)
            return -EINVAL;
        c->keep_cnt = (u32)val;
        return 0;
    case TCP_QUICKACK:
        c->quickack = val;
        if (val && c->ack_at)
            tcp_send_ack(c);
        return 0;
    case TCP_USER_TIMEOUT:
        if (val < 0)
            return -EINVAL;
        c->user_timeout_ms = (u32)val;
        return 0;
    case TCP_DEFER_ACCEPT: /* a hint: accept() may return before the data is there */
    case TCP_SYNCNT:
    case TCP_LINGER2:
    case TCP_WINDOW_CLAMP:
    case TCP_FASTOPEN: /* as if the peer had never asked for it */
    case TCP_NOTSENT_LOWAT:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
    if (sk->keepalive && c->was_connected && c->ep.state != TCP_CLOSE)
        tcp_arm_at(c, c->keep_at = n->now_ns + c->keep_idle_s * NSEC_PER_SEC);
    return 0;
}

static u32 segments(const struct tcp_sock *c, u32 bytes)
{
    return (bytes + c->mss - 1) / c->mss;
}

static void put_info(const struct tcp_sock *c, struct tcp_info *ti)
{
    u64 now = c->sk.net->now_ns;

    memset(ti, 0, sizeof(*ti));
    ti->tcpi_state = c->ep.state;
    ti->tcpi_ca_state = c->ca_state;
    ti->tcpi_retransmits = c->n_retries;
    ti->tcpi_options = (c->has_ts ? TCPI_OPT_TIMESTAMPS : 0) | (c->has_sack ? TCPI_OPT_SACK : 0) |
                       (c->wscale_ok ? TCPI_OPT_WSCALE : 0) | (c->has_ecn ? TCPI_OPT_ECN : 0);
    ti->tcpi_snd_wscale = c->snd_wscale & 15;
    ti->tcpi_rcv_wscale = c->rcv_wscale & 15;
    ti->tcpi_rto = c->rto_us;
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
    ti->tcpi_rtt = c->srtt_us;
    ti->tcpi_rttvar = c->rttvar_us;
    ti->tcpi_snd_ssthresh = MIN(c->ssthresh / c->mss, (u32)INT32_MAX);
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
    int v;

    if (level != IPPROTO_TCP)
        return -ENOPROTOOPT;
    switch (name) {
    case TCP_INFO: {
        struct tcp_info ti;
        sk->net->now_ns = net_now_slow(sk->net);
        put_info(c, &ti);
        *len = MIN(*len, (u32)sizeof(ti));
        memcpy(val, &ti, *len);
        return 0;
    }
    case TCP_NODELAY:
        v = c->nodelay;
        break;
    case TCP_CORK:
        v = c->cork;
        break;
    case TCP_MAXSEG:
        v = c->ep.state == TCP_CLOSE && c->user_mss ? c->user_mss : c->mss;
        break;
    case TCP_KEEPIDLE:
        v = (int)c->keep_idle_s;
        break;
    case TCP_KEEPINTVL:
        v = (int)c->keep_intvl_s;
        break;
    case TCP_KEEPCNT:
        v = (int)c->keep_cnt;
        break;
    case TCP_QUICKACK:
        v = c->quickack;
        break;
    case TCP_USER_TIMEOUT:
        v = (int)c->user_timeout_ms;
        break;
    case TCP_DEFER_ACCEPT:
    case TCP_FASTOPEN:
    case TCP_WINDOW_CLAMP:
        v = 0;
        break;
    case TCP_SYNCNT:
        v = TCP_SYN_RETRIES;
        break;
    case TCP_LINGER2:
        v = (int)(TCP_FIN_WAIT2_NS / NSEC_PER_SEC);
        break;
    default:
        return -ENOPROTOOPT;
    }
    *len = MIN(*len, (u32)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}
