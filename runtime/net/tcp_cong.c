/*
 * How much may be in flight: slow start (RFC 5681) from ten segments (RFC 6928), then CUBIC (RFC
 * 9438) or, if the service asks for it, Reno; reduced at the rate at which data arrives (RFC 6937).
 *
 * Everything is in bytes; CUBIC's clock is in milliseconds, from the last reduction on.
 */
#include "net/tcp.h"

#define INITIAL_SEGMENTS 10u
#define CWND_MAX         (1u << 30)
#define CUBIC_MAX_MS     100000 /* beyond it W_cubic stands still: cwnd has long reached its bound */

void tcp_cong_init(struct tcp_sock *c)
{
    c->cwnd = INITIAL_SEGMENTS * c->mss;
    c->ssthresh = UINT32_MAX;
}

/* RFC 9438 §4.6: beta is 0.7; RFC 5681 §3.1: Reno's is a half. */
static u32 beta_of(const struct tcp_sock *c, u32 bytes)
{
    return c->is_reno ? bytes / 2 : (u32)((u64)bytes * 7 / 10);
}

static u32 cube_root(u64 x)
{
    u32 y = 0;

    for (u32 bit = 1u << 20; bit; bit >>= 1) {
        u64 t = y | bit;
        if (t * t * t <= x)
            y |= bit;
    }
    return y;
}

/* RFC 9438 §4.2: W_cubic() a round trip from now. C is 0.4 segments/s³. */
static u32 cubic_target(struct tcp_sock *c)
{
    u64 now = c->net->now_ns;
    s64 t, grown;

    if (!c->cubic_ns) { /* the first time since cwnd was reduced */
        c->cubic_ns = now;
        c->cubic_reno = c->cwnd;
        c->cubic_k_ms = 0;
        if (c->cwnd < c->cubic_max)
            c->cubic_k_ms = cube_root((u64)(c->cubic_max - c->cwnd) * 2500000000 / c->mss);
        else
            c->cubic_max = c->cwnd;
    }
    t = (s64)((now - c->cubic_ns) / NSEC_PER_MSEC + tcp_srtt_us(c) / 1000) - c->cubic_k_ms;
    t = MIN(MAX(t, -CUBIC_MAX_MS), CUBIC_MAX_MS);
    grown = c->cubic_max + t * t * t * 4 / 100000 * c->mss / 100000;
    return (u32)MIN(MAX(grown, (s64)c->cwnd), (s64)c->cwnd + c->cwnd / 2);
}

static void cubic_grow(struct tcp_sock *c, u32 n_bytes)
{
    u32 target = cubic_target(c);
    u64 more = (u64)n_bytes * c->mss;

    /* RFC 9438 §4.3: never slower than Reno would be. */
    if (c->cubic_reno < c->cubic_prior)
        more = more * 9 / 17;
    c->cubic_reno = MIN(c->cubic_reno + (u32)(more / c->cwnd), CWND_MAX);
    c->cwnd += (u32)((u64)(target - c->cwnd) * n_bytes / c->cwnd);
    c->cwnd = MAX(c->cwnd, MIN(c->cubic_reno, c->cwnd + n_bytes));
}

static void reno_grow(struct tcp_sock *c, u32 n_bytes)
{
    c->partial_acked += n_bytes;
    if (c->partial_acked >= c->cwnd) {
        c->partial_acked -= c->cwnd;
        c->cwnd += c->mss;
    }
}

void tcp_cong_acked(struct tcp_sock *c, u32 n_bytes)
{
    if (c->cwnd < c->ssthresh) {
        /* RFC 3465 §2.3: after a timeout L is 1, for who sends again; else RFC 9406 §4.2 has 8: one
         * ACK may stand for a frame that the peer's device has put together. */
        c->cwnd += MIN(n_bytes, (c->ca_state == TCP_CA_Loss ? 1u : 8u) * c->mss);
    } else if (c->is_reno) {
        reno_grow(c, n_bytes);
    } else {
        /* RFC 9438 §4.2: the time in which cwnd was not needed does not count. */
        u64 now = c->net->now_ns, idle_ns = now - c->cubic_idle_ns;
        if (c->cubic_ns && idle_ns > tcp_srtt_us(c) * 2 * NSEC_PER_USEC)
            c->cubic_ns += MIN(idle_ns, now - c->cubic_ns);
        c->cubic_idle_ns = now;
        cubic_grow(c, n_bytes);
    }
    c->cwnd = MIN(c->cwnd, CWND_MAX);
}

/* ssthresh after congestion, and what CUBIC remembers of the window (RFC 9438 §4.6, §4.7). */
static void reduce(struct tcp_sock *c)
{
    c->cubic_prior = c->cwnd;
    c->cubic_max = c->cwnd < c->cubic_max ? (u32)((u64)c->cwnd * 17 / 20) : c->cwnd;
    c->cubic_ns = 0;
    c->partial_acked = 0;
    c->ssthresh = MAX(beta_of(c, MIN(c->snd_nxt - c->snd_una, c->cwnd)), 2u * c->mss);
}

void tcp_cong_reduce(struct tcp_sock *c, u8 state)
{
    if (c->ca_state < TCP_CA_CWR) {
        reduce(c);
        c->recover = c->snd_nxt;
        c->prr_flight = c->snd_nxt - c->snd_una;
        c->prr_delivered = c->prr_out = 0;
        c->cwr_due = c->has_ecn;
    }
    if (c->ca_state != TCP_CA_Loss)
        c->ca_state = state;
}

void tcp_cong_prr(struct tcp_sock *c, u32 delivered, bool is_first)
{
    u32 pipe = tcp_in_flight(c);
    s64 send;

    c->prr_delivered += delivered;
    if (pipe > c->ssthresh) { /* in proportion: one out for so many in */
        u64 share = (u64)c->prr_delivered * c->ssthresh;
        send = (s64)((share + c->prr_flight - 1) / MAX(c->prr_flight, 1u)) - c->prr_out;
    } else { /* back up to ssthresh, in slow start */
        send = MAX((s64)c->prr_delivered - c->prr_out, (s64)delivered) + c->mss;
        send = MIN(send, (s64)c->ssthresh - pipe);
    }
    c->cwnd = pipe + (u32)MAX(send, is_first ? (s64)c->mss : 0);
}

void tcp_cong_recovered(struct tcp_sock *c)
{
    if (c->ca_state != TCP_CA_Loss)
        c->cwnd = c->ssthresh;
    c->ca_state = tcp_calm_state(c);
}

void tcp_cong_timeout(struct tcp_sock *c)
{
    if (c->ca_state != TCP_CA_Loss) { /* RFC 5681 §3.1: a second timeout is no second loss */
        c->undo_ssthresh = c->ssthresh;
        c->undo_max = c->cubic_max;
        c->undo_ns = c->cubic_ns;
        if (c->ca_state < TCP_CA_CWR)
            reduce(c);
        c->ca_state = TCP_CA_Loss;
        c->cwr_due = c->has_ecn;
    }
    c->recover = c->snd_nxt;
    c->cwnd = tcp_in_flight(c) + c->mss; /* RFC 5681 §3.1: the loss window */
}

/* RFC 4015 §3.2, RFC 9438 §4.9.1. Slow start leads back to where we were. The RTO is left to the
 * samples that follow: after ACKs were lost, what an echo says would be no round trip. */
void tcp_cong_undo(struct tcp_sock *c, u32 acked)
{
    u32 flight = c->snd_nxt - c->snd_una;

    c->ssthresh = MAX(c->undo_ssthresh, c->cubic_prior);
    c->cwnd = MIN(c->cubic_prior, flight + MIN(acked, INITIAL_SEGMENTS * c->mss));
    c->cubic_max = c->undo_max;
    c->cubic_ns = c->undo_ns;
    c->recover = c->snd_una;
    c->cwr_due = false;
    c->ca_state = tcp_calm_state(c);
}

void tcp_cong_idle(struct tcp_sock *c)
{
    u64 idle_ns = c->net->now_ns - c->progress_ns;

    if (c->snd_una == c->snd_nxt && c->tx_next && idle_ns > tcp_rto_us(c) * NSEC_PER_USEC)
        c->cwnd = MIN(c->cwnd, INITIAL_SEGMENTS * c->mss);
}
