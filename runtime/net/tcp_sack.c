/* Selective acknowledgements, as receiver: which blocks an ACK tells of (RFC 2018, RFC 2883). */
#include "net/tcp.h"

#include <string.h>

/* The stretch of bytes without a gap in the reassembly queue that @at is in. False: in none. */
static bool find_block(const struct tcp_sock *c, u32 at, u32 block[2])
{
    struct pkt *p = c->ooo;

    while (p) {
        block[0] = rx_seg(p)->seq;
        do {
            block[1] = rx_seg(p)->seq + p->len_bytes;
            p = p->next;
        } while (p && rx_seg(p)->seq == block[1]);
        if (SEQ_LEQ(block[0], at) && SEQ_LT(at, block[1]))
            return true;
    }
    return false;
}

void tcp_sack_note(struct tcp_sock *c, u32 seq)
{
    u32 block[2], old[TCP_SACK_BLOCKS], n_old = c->n_recent;

    if (!c->has_sack || !find_block(c, seq, block))
        return;
    memcpy(old, c->recent, sizeof(old));
    c->recent[0] = seq;
    c->n_recent = 1;
    for (u32 i = 0; i < n_old && c->n_recent < TCP_SACK_BLOCKS; i++) {
        if (SEQ_GEQ(old[i], c->rcv_nxt) && (SEQ_LT(old[i], block[0]) || SEQ_GEQ(old[i], block[1])))
            c->recent[c->n_recent++] = old[i];
    }
}

void tcp_dsack_note(struct tcp_sock *c, u32 seq, u32 end)
{
    if (!c->has_sack || SEQ_GEQ(seq, end))
        return;
    c->has_dsack = true;
    c->dsack[0] = seq;
    c->dsack[1] = end;
}

u32 tcp_sack_put(struct tcp_sock *c, u8 *o)
{
    u32 max = c->has_ts ? 3 : TCP_SACK_BLOCKS, n = 0, block[2];
    u8 *at = o + 4;

    if (c->has_dsack) { /* RFC 2883 §4: first, and once */
        n = 1;
        tcp_put32(at, c->dsack[0]);
        tcp_put32(at + 4, c->dsack[1]);
        c->has_dsack = false;
    }
    for (u32 i = 0; i < c->n_recent && n < max; i++) { /* RFC 2018 §4: latest first */
        if (find_block(c, c->recent[i], block)) {
            tcp_put32(at + 8 * n, block[0]);
            tcp_put32(at + 8 * n + 4, block[1]);
            n++;
        }
    }
    if (!n)
        return 0;
    tcp_put32(o, 0x01010500 | (8 * n + 2));
    return 8 * n + 4;
}
