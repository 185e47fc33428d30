/*
 * TCP's clocks: retransmission (RFC 6298), window probes, delayed ACK, keep-alive and the end of
 * FIN-WAIT-2. One timer per connection. Deadlines mostly move away before they are reached, so the
 * timer is left where it is and looks again when it fires.
 */
#include "net/tcp.h"

#include <errno.h>
#include <sys/epoll.h>

void tcp_arm_at(struct tcp_sock *c, u64 at_ns)
{
    if (unlikely(!timer_is_set(&c->timer) || at_ns < c->timer.deadline_ns))
        timer_set(&c->timer, at_ns);
}

void tcp_rtx_start_at(struct tcp_sock *c, u64 from_ns)
{
    u32 in_flight = c->snd_nxt - c->snd_una;
    u64 wait_us = tcp_rto_us(c), at;

    c->rtx_kind = TCP_RTX_TIMEOUT;
    if (likely(!c->ca_state && in_flight && c->has_sack && c->srtt8_us && !c->has_tlp &&
               !c->n_retries)) {
        /* RFC 8985 §7.2: well after the ACK should have come, one that is delayed included. */
        u64 probe_us = MAX(c->srtt8_us / 4, TCP_PROBE_MIN_US);
        if (in_flight <= c->mss)
            probe_us += TCP_PEER_DELACK_US;
        wait_us = MIN(wait_us, probe_us);
        c->rtx_kind = TCP_RTX_PROBE;
    }
    if (unlikely(c->n_retries)) /* RFC 6298 §5.5 */
        wait_us = MIN(wait_us << MIN(c->n_retries, 16), TCP_RTO_MAX_US);
    at = from_ns + wait_us * NSEC_PER_USEC;
    c->rtx_at = at;
    tcp_arm_at(c, at);
}

void tcp_rtx_start(struct tcp_sock *c)
{
    u64 now = c->net->now_ns;

    if (unlikely(c->snd_nxt - c->snd_una > c->mss || c->n_retries)) {
        tcp_rtx_start_at(c, now);
        return;
    }
    c->rtx_kind = TCP_RTX_LOOK;
    c->rtx_at = now + TCP_RTO_MIN_US * NSEC_PER_USEC;
    tcp_arm_at(c, c->rtx_at);
}

/* The least round trip is that of a window of time: begin a new one with what is usual now. */
static void min_rtt_renew(struct tcp_sock *c)
{
    c->min_rtt_us = c->srtt8_us / 8;
    c->min_rtt_ns = c->net->now_ns;
}

void tcp_rtt_sample(struct tcp_sock *c, u64 rtt_us)
{
    u32 r = (u32)MIN(rtt_us, TCP_RTO_MAX_US);
    s32 diff = (s32)(r - c->srtt8_us / 8);

    if (likely(c->srtt8_us)) { /* RFC 6298 §2.3 */
        c->srtt8_us += (u32)diff;
        c->rttvar4_us += (u32)(diff < 0 ? -diff : diff) - c->rttvar4_us / 4;
    } else { /* §2.2 */
        c->srtt8_us = MAX(r, 1u) * 8;
        c->rttvar4_us = r * 2;
        min_rtt_renew(c);
    }
    if (unlikely(r < c->min_rtt_us)) {
        c->min_rtt_us = r;
        c->min_rtt_ns = c->net->now_ns;
    }
}

static u32 max_retries(const struct tcp_sock *c)
{
    switch (c->ep.state) {
    case TCP_SYN_SENT:
        return c->syn_retries;
    case TCP_SYN_RECV:
        return TCP_SYNACK_RETRIES;
    }
    return c->is_orphan ? TCP_ORPHAN_RETRIES : TCP_RETRIES;
}

static bool has_given_up(const struct tcp_sock *c)
{
    u64 limit_ns = c->user_timeout_ms * NSEC_PER_MSEC; /* RFC 5482 */

    if (limit_ns && c->ep.state != TCP_SYN_RECV)
        return c->net->now_ns - c->progress_ns >= limit_ns;
    return c->n_retries >= max_retries(c);
}

/* RFC 8899 §4.3, as RFC 4821 §7.7 has it for TCP: full segments time out again and again, and no
 * router says why. Try smaller ones. */
static void suspect_black_hole(struct tcp_sock *c)
{
    u32 mtu = c->n_retries < 4 ? IP6_MTU_MIN : IP4_MTU_SURE;

    if (c->n_retries < 2 || !c->tx_head || !c->nif || c->nif->is_loop)
        return;
    if (c->ip_len != IP4_HDR_BYTES)
        mtu = IP6_MTU_MIN;
    if (tx_seg(c->tx_head)->len + c->hdr_len > mtu) {
        c->net->stats.tcp_black_holes++;
        tcp_narrow(c, mtu);
    }
}

/* The timer of what is in flight, or of what cannot leave. Returns false if the connection is gone.
 */
static bool rtx_due(struct tcp_sock *c)
{
    struct net *n = c->net;
    bool is_opening = c->ep.state == TCP_SYN_SENT || c->ep.state == TCP_SYN_RECV;
    bool is_in_flight = c->snd_una != c->snd_nxt;
    u8 kind = c->rtx_kind;

    if (kind == TCP_RTX_LOOK) {
        tcp_rtx_start_at(c, c->rtx_at - TCP_RTO_MIN_US * NSEC_PER_USEC);
        if (c->rtx_at > n->now_ns)
            return true;
        kind = c->rtx_kind;
    }
    c->rtx_at = 0;
    c->rtx_kind = TCP_RTX_TIMEOUT;
    if (kind != TCP_RTX_TIMEOUT && is_in_flight) {
        if (kind == TCP_RTX_REORDER) {
            tcp_rack_late(c);
            tcp_output(c);
        } else {
            n->stats.tcp_loss_probes++;
            c->has_tlp = tcp_send_probe(c);
            c->is_tlp_resent = c->is_tlp_resent && c->has_tlp;
            /* It could not leave: the next is a timeout (RFC 8985 §7.3), which counts, and ends. */
            c->n_retries += !c->has_tlp;
            c->tlp_end = c->snd_nxt;
        }
        if (!c->rtx_at)
            tcp_rtx_start(c);
        return true;
    }
    if (c->is_waiting_addr) {
        tcp_done(c, ENETUNREACH);
        return false;
    }
    if (!is_in_flight && !is_opening && !tcp_has_unsent(c))
        return true;
    if (has_given_up(c)) {
        int err = c->soft_err ? c->soft_err : ETIMEDOUT;
        n->stats.tcp_abort_timeout++;
        if (is_opening || !is_in_flight)
            tcp_done(c, err);
        else
            tcp_abort(c, err);
        return false;
    }
    if (is_opening) {
        c->n_retries++;
        n->stats.tcp_syn_retransmits++;
        if (c->ep.state == TCP_SYN_SENT)
            c->has_ecn = false; /* RFC 3168 §6.1.1.1: somebody on the way may drop these flags */
        tcp_send_syn(c);
    } else if (!is_in_flight) {
        c->n_retries++; /* whatever keeps it: an orphan must not wait for ever */
        if (list_empty(&c->tx_wait.node) && c->snd_wnd &&
            SEQ_GT(c->snd_una + c->snd_wnd, c->snd_nxt)) {
            c->force_small = true; /* Nagle, TCP_CORK or a small window */
            tcp_output(c);
        }
        /* RFC 9293 §3.8.6.1. An old sequence number, so that the answer comes even if our byte
         * would not fit, and none is sent twice. Not if the ring, ARP or the address is to blame:
         * whoever has it resumes us. */
        if (list_empty(&c->tx_wait.node) && c->snd_una == c->snd_nxt)
            tcp_send_empty(c, c->snd_una - 1, TCP_F_ACK);
    } else {
        n->stats.tcp_rto++;
        suspect_black_hole(c);
        tcp_rack_timeout(c);
        tcp_cong_timeout(c);
        c->n_retries++;
        c->has_tlp = c->is_tlp_resent = false;
        tcp_retransmit(c, true); /* RFC 6298 §5.4; the rest follows as ACKs come */
    }
    if (!c->rtx_at)
        tcp_rtx_start(c);
    return true;
}

/* Returns false if the connection is gone. */
static bool keep_due(struct tcp_sock *c)
{
    struct net *n = c->net;
    u64 idle_ns = n->now_ns - c->last_rx_ns;

    c->keep_at = 0;
    if (c->ep.state == TCP_FIN_WAIT2 && c->is_orphan) {
        tcp_time_wait(c);
        return false;
    }
    if (!c->sk.keepalive || c->ep.state == TCP_SYN_SENT || c->ep.state == TCP_CLOSE)
        return true;
    if (idle_ns < c->keep_idle_s * NSEC_PER_SEC || c->snd_una != c->snd_nxt || c->tx_next) {
        c->n_keep = 0; /* alive, or the retransmission timer looks after it */
        c->keep_at = MAX(c->last_rx_ns + c->keep_idle_s * NSEC_PER_SEC,
                         n->now_ns + c->keep_intvl_s * NSEC_PER_SEC);
        return true;
    }
    if (c->n_keep >= c->keep_cnt) { /* RFC 9293 §3.8.4 */
        n->stats.tcp_abort_timeout++;
        tcp_abort(c, c->soft_err ? c->soft_err : ETIMEDOUT);
        return false;
    }
    c->n_keep++;
    tcp_send_empty(c, c->snd_una - 1, TCP_F_ACK);
    c->keep_at = n->now_ns + c->keep_intvl_s * NSEC_PER_SEC;
    return true;
}

void tcp_timer_fire(struct timer *t)
{
    struct tcp_sock *c = CONTAINER_OF(t, struct tcp_sock, timer);
    u64 now = net_now_slow(c->net);
    u64 next;

    if (unlikely(c->narrow_end_ns) && c->narrow_end_ns <= now) {
        c->narrow_end_ns = 0; /* RFC 1191 §6.3: the way may have become wider again */
        if (c->nif)
            tcp_set_mss(c, c->nif->mtu_bytes);
    }
    if (now - c->min_rtt_ns > TCP_MIN_RTT_NS)
        min_rtt_renew(c);
    if (c->rtx_at && c->rtx_at <= now && !rtx_due(c))
        return;
    if (c->keep_at && c->keep_at <= now && !keep_due(c))
        return;
    if (c->ack_at && c->ack_at <= now) {
        c->ack_at = 0;
        c->net->stats.tcp_delayed_acks++;
        tcp_send_ack(c);
    }
    /* Memory may have come free where we do not look. For TCP's own share tcp_mem_wake() looks. */
    if (!list_empty(&c->mem_node) && tcp_tx_has_room(c)) {
        list_remove(&c->mem_node);
        c->no_space = false;
        file_notify(&c->sk.file, EPOLLOUT | EPOLLWRNORM);
    }
    next = MIN(c->rtx_at - 1, MIN(c->keep_at - 1, c->ack_at - 1)); /* 0 wraps: never */
    if (next != UINT64_MAX)
        tcp_arm_at(c, next + 1);
}
