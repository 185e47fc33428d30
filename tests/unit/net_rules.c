#include "net_rules.h"

#include <stdio.h>

#include "net/tcp.h"

static char text[300];

#define RULE(what, ...)                                                                            \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            snprintf(text, sizeof(text), "not (" #what "): " __VA_ARGS__);                         \
            return text;                                                                           \
        }                                                                                          \
    } while (0)

/* What is queued to be sent: without gaps, the sent part first, and what tcp_rack.c counts. */
static const char *send_side(const struct tcp_sock *c)
{
    u32 end = c->write_seq + c->fin_queued, seq = c->snd_una, out = c->snd_nxt - c->snd_una;
    u32 lost = 0, sacked = 0, n_sacked = 0, n = 0;
    bool is_sent = true;
    struct pkt *last = NULL;

    RULE(SEQ_LEQ(c->snd_una, c->snd_nxt), "%u, %u", c->snd_una - c->iss, c->snd_nxt - c->iss);
    RULE(SEQ_LEQ(c->snd_nxt, end), "%u, %u", c->snd_nxt - c->iss, end - c->iss);
    for (struct pkt *p = c->tx_head; p; last = p, p = p->next, n++) {
        struct tx_seg *s = tx_seg(p);
        if (p == c->tx_next) {
            RULE(s->seq == c->snd_nxt, "%u, %u", s->seq - c->iss, c->snd_nxt - c->iss);
            is_sent = false;
        }
        RULE(s->seq == seq && s->len, "%u, %u, %u", s->seq - c->iss, seq - c->iss, s->len);
        RULE(is_sent == (s->n_sent > 0), "%u at %u", s->n_sent, seq - c->iss);
        RULE(is_sent || !s->marks, "%u at %u", s->marks, seq - c->iss);
        RULE(s->marks != 3, "at %u", seq - c->iss);
        lost += s->marks & BIT(SEG_LOST) ? s->len : 0;
        sacked += s->marks & BIT(SEG_SACKED) ? s->len : 0;
        n_sacked += !!(s->marks & BIT(SEG_SACKED));
        seq += s->len;
    }
    RULE(!c->tx_next || !is_sent, "at %u", seq - c->iss);
    RULE(seq == c->write_seq || !c->tx_head, "%u, %u", seq - c->iss, c->write_seq - c->iss);
    RULE(n == c->n_tx, "%u, %u", n, c->n_tx);
    RULE(last == c->tx_tail, "%u packets", n);
    RULE(lost == c->lost_bytes, "%u, %u", lost, c->lost_bytes);
    if (c->has_sack)
        RULE(n_sacked == c->n_sacked && sacked == c->sacked_bytes, "%u, %u, %u, %u", n_sacked,
             c->n_sacked, sacked, c->sacked_bytes);
    else
        RULE(!n_sacked, "%u", n_sacked);
    RULE(c->sacked_bytes + c->lost_bytes <= out, "%u, %u, %u", c->sacked_bytes, c->lost_bytes, out);
    RULE(c->ca_state || !(c->lost_bytes || c->n_sacked), "%u, %u", c->lost_bytes, c->n_sacked);
    return NULL;
}

/* Nothing waits for ever: whatever is owed, a timer or somebody else looks after it. */
static const char *clocks(const struct tcp_sock *c)
{
    u64 next = MIN(c->rtx_at - 1, MIN(c->keep_at - 1, c->ack_at - 1)); /* 0 wraps: never */

    if ((c->snd_una != c->snd_nxt || tcp_has_unsent(c)) && list_empty(&c->tx_wait.node))
        RULE(c->rtx_at, "state %u, in flight %u, unsent %d", c->ep.state, c->snd_nxt - c->snd_una,
             tcp_has_unsent(c));
    if (next != UINT64_MAX)
        RULE(timer_is_set(&c->timer) && c->timer.deadline_ns <= next + 1, "%lu",
             (unsigned long)next);
    return NULL;
}

static const char *receive_side(const struct tcp_sock *c)
{
    u32 n = 0, bytes = 0, held = 0, end = c->rcv_nxt;

    for (struct pkt *p = c->rcv_head; p; p = p->next)
        bytes += p->len_bytes;
    RULE(bytes == c->rcv_bytes, "%u, %u", bytes, c->rcv_bytes);
    for (struct pkt *p = c->ooo; p; p = p->next, n++) {
        u32 seq = rx_seg(p)->seq;
        held += tcp_rx_cost(p);
        if (n && !p->len_bytes)
            continue; /* a FIN, which a liar may have put into the middle of text */
        RULE(n ? SEQ_GEQ(seq, end) : SEQ_GT(seq, end), "%u, %u", seq - c->irs, end - c->irs);
        end = seq + p->len_bytes;
    }
    RULE(!n || !c->got_fin, "%u", n);
    RULE(held == c->ooo_bytes, "%u, %u", held, c->ooo_bytes);
    return NULL;
}

const char *net_rule_broken(struct net *n)
{
    const char *rule = NULL;

    if (!n->tcp_table)
        return NULL;
    for (u32 i = 0; i < 1u << n->limits.hash_bits; i++) {
        for (struct tcp_ep *ep = n->tcp_table->buckets[i]; ep && !rule; ep = ep->hash_next) {
            const struct tcp_sock *c = CONTAINER_OF(ep, struct tcp_sock, ep);
            if (ep->state == TCP_TIME_WAIT || ep->state == TCP_SYN_SENT ||
                ep->state == TCP_SYN_RECV)
                continue;
            rule = send_side(c);
            if (!rule)
                rule = clocks(c);
            if (!rule)
                rule = receive_side(c);
        }
    }
    return rule;
}
