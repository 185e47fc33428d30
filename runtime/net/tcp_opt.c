/* tcp(7): the options of a stream socket beyond those every socket has. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

/* Options that are a number kept in the connection: a byte (a truth), or a word with its limits. */
static const struct num_opt {
    u8 name;
    bool is_bool;
    u16 at, min, max; /* offset; of a word: what it may be, max 0 = anything */
} num_opts[] = {
#define BOOL_OPT(name, field)                                                                      \
    {                                                                                              \
        name, true, offsetof(struct tcp_sock, field), 0, 0                                         \
    }
#define WORD_OPT(name, field, min, max)                                                            \
    {                                                                                              \
        name, false, offsetof(struct tcp_sock, field), min, max                                    \
    }
    BOOL_OPT(TCP_NODELAY, nodelay),
    BOOL_OPT(TCP_CORK, cork),
    BOOL_OPT(TCP_QUICKACK, quickack),
    WORD_OPT(TCP_MAXSEG, user_mss, TCP_MSS_MIN, 32767),
    WORD_OPT(TCP_KEEPIDLE, keep_idle_s, 1, 32767),
    WORD_OPT(TCP_KEEPINTVL, keep_intvl_s, 1, 32767),
    WORD_OPT(TCP_KEEPCNT, keep_cnt, 1, 127),
    WORD_OPT(TCP_SYNCNT, syn_retries, 1, 127),
    WORD_OPT(TCP_USER_TIMEOUT, user_timeout_ms, 0, 0),
    WORD_OPT(TCP_NOTSENT_LOWAT, notsent_lowat, 0, 0),
    WORD_OPT(TCP_LINGER2, linger2_s, 0, 0),
    WORD_OPT(TCP_DEFER_ACCEPT, defer_tries, 0, 0),
    WORD_OPT(TCP_WINDOW_CLAMP, window_clamp, 0, 0),
    WORD_OPT(TCP_FASTOPEN, fastopen, 0, 0), /* kept: no peer ever gets a cookie of ours to use it */
};
_Static_assert(sizeof(struct tcp_sock) <= 0xffff, "offsets fit");

static const struct num_opt *num_opt(int name)
{
    for (u32 i = 0; i < ARRAY_SIZE(num_opts); i++) {
        if (num_opts[i].name == name)
            return &num_opts[i];
    }
    return NULL;
}

/* How many SYN|ACKs leave in @s seconds, and how long so many take: 1 s, then twice as long each.
 */
static u32 tries_in(u32 s)
{
    u32 n = 0;

    for (u32 gap = 1, at = 0; at < s && n < 16; n++, gap *= 2)
        at += gap;
    return n;
}

static u32 seconds_of(u32 n_tries)
{
    return (1u << n_tries) - 1;
}

static void keep_restart(struct tcp_sock *c)
{
    if (c->sk.keepalive && c->was_connected && c->ep.state != TCP_CLOSE)
        tcp_arm_at(c, c->keep_at = c->sk.net->now_ns + c->keep_idle_s * NSEC_PER_SEC);
}

/* The value of a word as it is kept. Returns -EINVAL for what cannot be. */
static s64 word_of(const struct num_opt *o, int val)
{
    if (o->max && (val < o->min || val > o->max))
        return -EINVAL;
    switch (o->name) {
    case TCP_USER_TIMEOUT:
    case TCP_FASTOPEN:
        return val < 0 ? -EINVAL : val;
    case TCP_NOTSENT_LOWAT: /* 0: as if it had not been set */
        return val ? (s64)(u32)val : (s64)UINT32_MAX;
    case TCP_LINGER2: /* below 0: an orphan does not wait at all */
        return val < 0 ? (s64)UINT32_MAX : !val || val > 120 ? TCP_FIN_WAIT2_S : val;
    case TCP_DEFER_ACCEPT:
        return tries_in(val > 0 ? (u32)val : 0);
    case TCP_WINDOW_CLAMP: /* as Linux: not below half the least buffer */
        return val ? MAX(val, 1152) : 0;
    }
    return val;
}

int tcp_setopt(struct sock *sk, int level, int name, int val)
{
    struct tcp_sock *c = tcp_of(sk);
    const struct num_opt *o;
    s64 word;

    sk->net->now_ns = net_now_slow(sk->net);
    if (level == SOL_SOCKET) { /* sock_opt.c has stored it; what does TCP make of it? */
        if (name == SO_KEEPALIVE)
            keep_restart(c);
        else if (name == SO_RCVBUF || name == SO_SNDBUF)
            tcp_set_bufs(c);
        return 0;
    }
    if (level == IPPROTO_IP) { /* the header template has them */
        c->hdr_generation = 0;
        return 0;
    }
    o = level == IPPROTO_TCP ? num_opt(name) : NULL;
    if (!o)
        return -ENOPROTOOPT;
    if (o->is_bool) {
        *((bool *)c + o->at) = val;
    } else {
        word = word_of(o, val);
        if (word < 0)
            return (int)word;
        if (name == TCP_WINDOW_CLAMP && !word && c->ep.state != TCP_CLOSE)
            return -EINVAL;
        *(u32 *)(void *)((u8 *)c + o->at) = (u32)word;
    }
    switch (name) {
    case TCP_NODELAY:
    case TCP_CORK:
        c->force_small |= name == TCP_CORK && !val;
        if (c->force_small || val)
            tcp_output(c);
        break;
    case TCP_QUICKACK:
        if (val && c->ack_at)
            tcp_send_ack(c);
        break;
    case TCP_KEEPIDLE:
    case TCP_KEEPINTVL:
        keep_restart(c);
        break;
    case TCP_WINDOW_CLAMP:
        tcp_set_bufs(c);
        break;
    }
    return 0;
}

int tcp_setopt_raw(struct sock *sk, int level, int name, const void *val, u32 len)
{
    static const char cubic[] = "cubic", reno[] = "reno";

    if (level == IPPROTO_TCP &&
        name == TCP_ULP) /* no such module: TLS libraries do it themselves */
        return -ENOENT;
    if (level != IPPROTO_TCP || name != TCP_CONGESTION)
        return -ENOPROTOOPT;
    if (!len)
        return -EINVAL;
    if (len >= 5 && memcmp(val, cubic, 5) == 0 && (len == 5 || !((const char *)val)[5]))
        tcp_of(sk)->is_reno = false;
    else if (len >= 4 && memcmp(val, reno, 4) == 0 && (len == 4 || !((const char *)val)[4]))
        tcp_of(sk)->is_reno = true;
    else
        return -ENOENT;
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
    const struct num_opt *o;
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
    o = num_opt(name);
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
