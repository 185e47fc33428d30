/* The options of a segment, taken apart (RFC 9293 §3.2): all but the usual, lone timestamps. */
#include "net/tcp.h"

void tcp_parse_options(struct tcp_in *s, const u8 *o, u32 len)
{
    while (len) {
        u32 size;
        if (o[0] == 0)
            return;
        if (o[0] == 1) {
            o++;
            len--;
            continue;
        }
        if (len < 2 || o[1] < 2 || o[1] > len)
            return; /* nonsense: what came before it still counts */
        size = o[1];
        if (o[0] == 2 && size == 4) {
            s->mss = (u16)(o[2] << 8 | o[3]);
        } else if (o[0] == 3 && size == 3) {
            s->has_wscale = true;
            s->wscale = MIN(o[2], 14); /* RFC 7323 §2.3 */
        } else if (o[0] == 4 && size == 2) {
            s->has_sack = true;
        } else if (o[0] == 5 && size > 2 && (size - 2) % 8 == 0) {
            s->flags |= TCP_F_SACK;
            s->n_blocks = (u8)((size - 2) / 8);
            s->blocks = o + 2;
        } else if (o[0] == 8 && size == 10) {
            s->has_ts = true;
            s->ts_val = be32(load32(o + 2));
            s->ts_ecr = be32(load32(o + 6));
        }
        o += size;
        len -= size;
    }
}
