/*
 * What has arrived, and what never will. The peer's SACK blocks (RFC 2018) mark segments of the
 * send queue; a segment is lost when one that was sent later has arrived and it has not, a moment's
 * patience with reordering granted (RACK, RFC 8985 §6). Peers without SACK are told by duplicate
 * ACKs (RFC 6582). What only a timeout would show, the loss of the last segments, a probe finds out
 * (TLP, RFC 8985 §7). And whether a timeout has shown a loss at all, or only a delay (F-RTO, RFC
 * 5682; Eifel, RFC 3522).
 *
 * Times are in ns; round trips in us of 1,024 ns, as everywhere in TCP here.
 */
#include "net/tcp.h"

#define DUP_THRESH   3  /* RFC 5681 §3.2, RFC 8985 §6.2 */
#define REO_PERSIST  16 /* RFC 8985 §6.2: recoveries without DSACK until patience ends */
#define REO_MULT_MAX 8

static u32 age_us(const struct tcp_sock *c, const struct tx_seg *s)
{
    return (u32)MIN((c->net->now_ns - s->sent_ns) / 1024, UINT32_MAX);
}

static void mark_lost(struct tcp_sock *c, struct tx_seg *s)
{
    if (s->marks)
        return;
    s->marks = BIT(SEG_LOST);
    c->lost_bytes += s->len;
}

static void unmark(struct tcp_sock *c, struct tx_seg *s)
{
    if (s->marks & BIT(SEG_LOST))
        c->lost_bytes -= s->len;
    if (s->marks & BIT(SEG_SACKED)) {
        c->sacked_bytes -= s->len;
        c->n_sacked--;
    }
    s->marks = 0;
}

/* RFC 8985 §6.2, steps 1 to 3: @seg has arrived. */
static void note_delivered(struct tcp_sock *c, const struct tx_seg *seg, const struct tcp_in *s)
{
    u32 end = seg->seq + seg->len, rtt_us = age_us(c, seg);

    c->frto_has_orig |= seg->n_sent == 1 && SEQ_LEQ(end, c->recover);
    if (seg->n_sent > 1) {
        /* This time, or the time before? */
        if (rtt_us < c->min_rtt_us)
            return;
        if (s->has_ts && SEQ_LT(s->ts_ecr, (u32)(seg->sent_ns >> 20) + c->ts_offset))
            return;
    } else if (SEQ_LT(end, c->fack)) {
        c->has_reordering = true;
    }
    if (SEQ_GT(end, c->fack))
        c->fack = end;
    if (seg->sent_ns > c->rack_sent_ns ||
        (seg->sent_ns == c->rack_sent_ns && SEQ_GT(end, c->rack_end))) {
        c->rack_sent_ns = seg->sent_ns;
        c->rack_end = end;
        c->rack_rtt_us = rtt_us;
    }
}

void tcp_rack_acked(struct tcp_sock *c, struct pkt *p, const struct tcp_in *s)
{
    struct tx_seg *seg = tx_seg(p);

    if (!(seg->marks & BIT(SEG_SACKED)))
        note_delivered(c, seg, s);
    unmark(c, seg);
}

/* --- blocks --- */

static u32 block_word(const struct tcp_in *s, u32 i)
{
    return be32(load32(s->blocks + 4 * i));
}

/* RFC 2883 §4: the first block tells of what came twice. */
static bool is_dsack(const struct tcp_in *s)
{
    u32 from = block_word(s, 0), to = block_word(s, 1);

    if (SEQ_LT(from, s->ack))
        return true;
    return s->n_blocks > 1 && SEQ_GEQ(from, block_word(s, 2)) && SEQ_LEQ(to, block_word(s, 3));
}

static void take_dsack(struct tcp_sock *c, const struct tcp_in *s)
{
    if (c->is_tlp_resent && block_word(s, 1) == c->tlp_end)
        c->has_tlp = c->is_tlp_resent = false; /* nothing was lost (RFC 8985 §7.4) */
    if (SEQ_LT(s->ack, c->reo_round))
        return;
    c->reo_round = c->snd_nxt; /* something was sent again in vain: more patience, once a round */
    c->reo_mult = (u8)MIN(c->reo_mult + 1, REO_MULT_MAX);
    c->reo_persist = REO_PERSIST;
}

/* Mark what the blocks tell of. Returns the bytes that are new. */
static u32 take_blocks(struct tcp_sock *c, const struct tcp_in *s)
{
    u32 first = 0, delivered = 0;

    if (is_dsack(s)) {
        take_dsack(c, s);
        first = 1;
    }
    for (u32 i = first; i < s->n_blocks; i++) {
        u32 from = block_word(s, 2 * i), to = block_word(s, 2 * i + 1);
        if (SEQ_LT(from, c->snd_una) || SEQ_GEQ(from, to) || SEQ_GT(to, c->snd_nxt))
            continue; /* old, or nonsense */
        for (struct pkt *p = c->tx_head; p != c->tx_next; p = p->next) {
            struct tx_seg *seg = tx_seg(p);
            if (SEQ_GEQ(seg->seq, to))
                break;
            if (SEQ_LT(seg->seq, from) || SEQ_GT(seg->seq + seg->len, to) ||
                (seg->marks & BIT(SEG_SACKED)))
                continue;
            note_delivered(c, seg, s);
            unmark(c, seg);
            seg->marks = BIT(SEG_SACKED);
            c->sacked_bytes += seg->len;
            c->n_sacked++;
            delivered += seg->len;
        }
    }
    return delivered;
}

/* --- loss --- */

/* RFC 8985 §6.2, step 4: how much later than expected is not late yet. */
static u64 patience_ns(const struct tcp_sock *c)
{
    if (!c->has_reordering && (c->ca_state >= TCP_CA_Recovery || c->n_sacked >= DUP_THRESH))
        return 0;
    return MIN((u64)c->min_rtt_us * (c->reo_mult + 1u) / 4, tcp_srtt_us(c)) * 1024;
}

/* Step 5. */
void tcp_rack_detect(struct tcp_sock *c)
{
    u64 now = c->net->now_ns, wait_ns = 0;
    u64 limit_ns = (u64)c->rack_rtt_us * 1024 + patience_ns(c);

    for (struct pkt *p = c->tx_head; p != c->tx_next; p = p->next) {
        struct tx_seg *seg = tx_seg(p);
        if (seg->marks || seg->sent_ns > c->rack_sent_ns ||
            (seg->sent_ns == c->rack_sent_ns && SEQ_GEQ(seg->seq + seg->len, c->rack_end)))
            continue;
        if (now - seg->sent_ns >= limit_ns)
            mark_lost(c, seg);
        else
            wait_ns = MAX(wait_ns, seg->sent_ns + limit_ns - now);
    }
    if (wait_ns) {
        c->rtx_kind = TCP_RTX_REORDER;
        tcp_arm_at(c, c->rtx_at = now + wait_ns);
    }
}

/* Without SACK: what the duplicates stand for is neither lost nor more than is out. */
static void count_sacked_bytes(struct tcp_sock *c)
{
    c->sacked_bytes = MIN(c->n_sacked * c->mss, c->snd_nxt - c->snd_una - c->lost_bytes);
}

/* Without SACK each duplicate ACK is a segment that has arrived, nobody says which (RFC 5681 §3.2).
 */
static void count_duplicates(struct tcp_sock *c, u32 acked, bool is_dup)
{
    u32 gone = (acked + c->mss - 1u) / c->mss;

    if (acked)
        c->n_sacked -= MIN(c->n_sacked, gone - 1); /* all but the gap itself */
    if (is_dup && c->n_sacked * c->mss < c->snd_nxt - c->snd_una)
        c->n_sacked++;
    if (c->ca_state == TCP_CA_Loss || !c->tx_head || c->tx_head == c->tx_next)
        c->n_sacked = 0;
    else if (c->ca_state == TCP_CA_Recovery
                 ? acked > 0 /* RFC 6582 §3.2 step 3: a partial ACK is the next gap's */
                 : is_dup && c->n_sacked >= DUP_THRESH &&
                       (c->ca_state == TCP_CA_CWR || SEQ_GEQ(c->snd_una, c->recover)))
        mark_lost(c, tx_seg(c->tx_head));
    count_sacked_bytes(c);
}

/* A segment is lost, the first since all was well. */
static void recover(struct tcp_sock *c, u32 delivered)
{
    c->net->stats.tcp_fast_retransmits++;
    tcp_cong_reduce(c, TCP_CA_Recovery);
    if (c->ca_state == TCP_CA_Recovery)
        tcp_cong_prr(c, delivered, true);
}

/* --- was it a loss? --- */

/* May a full segment leave that never did? */
static bool has_new(const struct tcp_sock *c)
{
    const struct tx_seg *seg = c->tx_next ? tx_seg(c->tx_next) : NULL;

    return seg && seg->len >= c->mss && SEQ_LEQ(seg->seq + seg->len, c->snd_una + c->snd_wnd);
}

/* After a timeout, step by step: an ACK with news has come. Returns true if nothing was lost. */
static bool is_spurious(struct tcp_sock *c, const struct tcp_in *s, u32 acked, bool is_dup)
{
    bool has_orig = c->frto_has_orig;

    /* RFC 3522 §3.2: it answers a segment that left before the retransmission. */
    if (acked && c->has_ts && s->has_ts && SEQ_LT(s->ts_ecr, c->frto_ts))
        return true;
    c->frto_has_orig = false;
    if (c->frto == TCP_FRTO_NEW) { /* RFC 5682 §3.1 step 3 */
        c->frto = TCP_FRTO_OFF;
        if (has_orig)
            return true;
        c->cwnd = 3u * c->mss;
    } else if (acked) { /* step 2 */
        c->frto = SEQ_LT(c->snd_una, c->recover) && has_new(c) ? TCP_FRTO_NEW : TCP_FRTO_OFF;
    } else if (is_dup && !c->has_sack) { /* §2.1 step 2a */
        c->frto = TCP_FRTO_OFF;
    }
    return false;
}

static void undo_timeout(struct tcp_sock *c, u32 acked)
{
    c->frto = TCP_FRTO_OFF;
    c->net->stats.tcp_spurious_rtos++;
    for (struct pkt *p = c->tx_head; p != c->tx_next; p = p->next) {
        if (tx_seg(p)->marks & BIT(SEG_LOST))
            unmark(c, tx_seg(p));
    }
    tcp_cong_undo(c, acked);
}

void tcp_rack_ack(struct tcp_sock *c, const struct tcp_in *s, u32 acked, u32 delivered, bool is_dup)
{
    u32 lost_before = c->lost_bytes;

    if (SEQ_LT(c->fack, c->snd_una))
        c->fack = c->snd_una;
    if (!c->has_sack)
        delivered += is_dup ? c->mss : 0;
    else if (s->flags & TCP_F_SACK)
        delivered += take_blocks(c, s);
    if (c->frto && (acked || is_dup || s->flags & TCP_F_SACK) && is_spurious(c, s, acked, is_dup)) {
        undo_timeout(c, acked);
        lost_before = 0;
    }
    if (c->ca_state >= TCP_CA_CWR && SEQ_GEQ(c->snd_una, c->recover)) {
        if (c->reo_persist && --c->reo_persist == 0)
            c->reo_mult = 0;
        if (!c->has_sack)
            c->n_sacked = c->sacked_bytes = 0;
        tcp_cong_recovered(c);
        lost_before = 0; /* what was lost since, and could not leave, is the next window's loss */
    }
    if (c->has_sack)
        tcp_rack_detect(c);
    else
        count_duplicates(c, acked, is_dup);
    if (c->lost_bytes > lost_before && c->ca_state < TCP_CA_Recovery)
        recover(c, delivered);
    else if (c->ca_state == TCP_CA_CWR || c->ca_state == TCP_CA_Recovery)
        tcp_cong_prr(c, delivered, acked && !c->has_sack); /* RFC 6582: the next gap at once */
    else if (acked && c->ca_state == TCP_CA_Loss)
        tcp_cong_acked(c, acked);
    if (c->ca_state < TCP_CA_CWR)
        c->ca_state = tcp_calm_state(c);
    if (c->ca_state && c->rtx_kind == TCP_RTX_PROBE)
        tcp_rtx_start(c); /* blocks tell what a probe would find out */
}

void tcp_rack_late(struct tcp_sock *c)
{
    u32 lost_before = c->lost_bytes;

    tcp_rack_detect(c);
    if (c->lost_bytes > lost_before && c->ca_state < TCP_CA_Recovery)
        recover(c, 0);
}

/* RFC 8985 §6.3: what is older than a round trip is lost; of peers without SACK, everything. */
void tcp_rack_timeout(struct tcp_sock *c)
{
    u64 limit_ns = (u64)c->rack_rtt_us * 1024 + patience_ns(c), now = c->net->now_ns;
    bool has_reneged = c->tx_head && (tx_seg(c->tx_head)->marks & BIT(SEG_SACKED));

    /* RFC 5682 §3.1 step 1; a retransmission before it could have been what arrives. */
    if (c->ca_state < TCP_CA_CWR && c->tx_head != c->tx_next && tx_seg(c->tx_head)->n_sent == 1 &&
        !has_reneged) {
        c->frto = TCP_FRTO_RESENT;
        c->frto_ts = tcp_ts_now(c);
    } else if (c->frto) {
        c->frto = c->ca_state == TCP_CA_Loss ? TCP_FRTO_RESENT : TCP_FRTO_OFF;
    }
    c->frto_has_orig = false;
    if (!c->has_sack)
        c->n_sacked = c->sacked_bytes = 0;
    for (struct pkt *p = c->tx_head; p != c->tx_next; p = p->next) {
        struct tx_seg *seg = tx_seg(p);
        if (has_reneged) /* RFC 2018 §8: the peer has thrown away what it had told of */
            unmark(c, seg);
        if (p == c->tx_head || !c->has_sack || now - seg->sent_ns >= limit_ns)
            mark_lost(c, seg);
    }
}

void tcp_rack_too_big(struct tcp_sock *c)
{
    for (struct pkt *p = c->tx_head; p != c->tx_next; p = p->next) {
        if (tx_seg(p)->len > c->mss)
            mark_lost(c, tx_seg(p));
    }
    if (!c->has_sack)
        count_sacked_bytes(c);
    if (c->ca_state < TCP_CA_CWR)
        c->ca_state = tcp_calm_state(c);
}

/* RFC 8985 §7.4 */
void tcp_rack_probed(struct tcp_sock *c, bool is_dup)
{
    if (SEQ_LT(c->snd_una, c->tlp_end))
        return;
    /* At its very end: which of the two it was, a DSACK or a second ACK may still tell. Beyond: the
     * peer got one, so the other was lost, and that is congestion. */
    if (c->is_tlp_resent && c->snd_una == c->tlp_end && !is_dup)
        return;
    if (c->is_tlp_resent && !is_dup && c->ca_state < TCP_CA_CWR) {
        tcp_cong_reduce(c, TCP_CA_CWR);
        tcp_cong_recovered(c);
    }
    c->has_tlp = c->is_tlp_resent = false;
}
