/* How much may be in flight: slow start, congestion avoidance, fast recovery (RFC 5681, RFC 6582),
 * initial window of ten segments (RFC 6928), limited transmit (RFC 3042). */
#include "net/tcp.h"

#define DUP_ACKS 3

void tcp_cong_init(struct tcp_sock *c)
{
    c->cwnd = 10u * c->mss;
    c->ssthresh = UINT32_MAX;
}

static u32 in_flight(const struct tcp_sock *c)
{
    return c->snd_max - c->snd_una;
}

void tcp_cong_acked(struct tcp_sock *c, u32 n_bytes, bool was_limited)
{
    if (!was_limited) /* RFC 7661: what was not used proves nothing */
        return;
    if (c->cwnd < c->ssthresh) { /* RFC 3465 with L = 2 */
        c->cwnd += MIN(n_bytes, 2u * c->mss);
        return;
    }
    c->partial_acked += n_bytes;
    if (c->partial_acked >= c->cwnd) {
        c->partial_acked -= c->cwnd;
        c->cwnd = MIN(c->cwnd + c->mss, 1u << 30);
    }
}

bool tcp_cong_dup_ack(struct tcp_sock *c)
{
    if (c->in_recovery) { /* each tells of a segment that has left the network */
        c->cwnd += c->mss;
        return false;
    }
    if (c->dup_acks < 255)
        c->dup_acks++;
    if (c->dup_acks < DUP_ACKS) {
        c->cwnd += c->mss; /* RFC 3042: one new segment for each; taken back below */
        return false;
    }
    /* RFC 6582 §3.2: once per window of data. */
    if (c->dup_acks != DUP_ACKS || SEQ_LT(c->snd_una, c->recover))
        return false;
    c->ssthresh = MAX(in_flight(c) / 2, 2u * c->mss);
    c->cwnd = c->ssthresh + DUP_ACKS * c->mss;
    c->recover = c->snd_max;
    c->in_recovery = true;
    return true;
}

bool tcp_cong_partial(struct tcp_sock *c, u32 n_bytes)
{
    if (SEQ_GEQ(c->snd_una, c->recover)) {
        c->in_recovery = false;
        c->dup_acks = 0;
        c->cwnd = MIN(c->ssthresh, MAX(in_flight(c), (u32)c->mss) + c->mss);
        return false;
    }
    c->cwnd -= MIN(n_bytes, c->cwnd - c->mss);
    if (n_bytes >= c->mss)
        c->cwnd += c->mss;
    return true;
}

void tcp_cong_timeout(struct tcp_sock *c)
{
    if (!c->n_retries) /* RFC 5681 §3.1: a second timeout is no second loss */
        c->ssthresh = MAX(in_flight(c) / 2, 2u * c->mss);
    c->cwnd = c->mss;
    c->recover = c->snd_max;
    c->in_recovery = false;
    c->dup_acks = 0;
    c->partial_acked = 0;
}
