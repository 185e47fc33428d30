#include "net_relay.h"

#include "net/csum.h"

u32 relay_dice(struct relay *r, u32 n)
{
    r->rng = r->rng * 6364136223846793005u + 1442695040888963407u;
    return (u32)(r->rng >> 33) % n;
}

static void put_one(struct relay *r, int i, const void *frame, size_t len)
{
    unsigned k = r->wires[i].n;

    if (k == RELAY_FLIGHT || relay_dice(r, 1000) < r->loss)
        return;
    memcpy(r->wires[i].flight[k].frame, frame, len);
    r->wires[i].flight[k].len = len;
    r->wires[i].flight[k].at_ns =
        host_now_ns + r->delay_ns + (r->jitter_ns ? relay_dice(r, (u32)r->jitter_ns) : 0);
    if (relay_dice(r, 1000) < r->damage) /* not the Ethernet header: that has the FCS */
        r->wires[i].flight[k].frame[14 + relay_dice(r, (u32)len - 14)] ^=
            (u8)(1 << relay_dice(r, 8));
    r->wires[i].n++;
}

static struct tcp_hdr *tcp_of_frame(u8 *frame, size_t len)
{
    bool is_tcp = len >= 54 && frame[12] == 8 && !frame[13] && frame[23] == IP_PROTO_TCP;

    return is_tcp ? (struct tcp_hdr *)(frame + 34) : NULL;
}

/* SACK-permitted (RFC 2018 §2) becomes two NOPs. */
static void hide_sack(u8 *frame, size_t len)
{
    struct tcp_hdr *th = tcp_of_frame(frame, len);
    u8 *o = (u8 *)(th + 1);

    if (!th || !(th->flags & TCP_F_SYN))
        return;
    for (u8 *end = (u8 *)th + (th->offset >> 4) * 4; o + 1 < end; o += *o == 1 ? 1 : o[1])
        if (o[0] == 4 && o[1] == 2)
            o[0] = o[1] = 1;
    host_csum_fill(frame, len);
}

void relay_put(struct relay *r, int i, const void *frame, size_t len)
{
    u8 changed[1600];

    assert_true(len <= sizeof(changed));
    memcpy(changed, frame, len);
    if (r->no_sack)
        hide_sack(changed, len);
    r->n_frames++;
    put_one(r, i, changed, len);
    if (relay_dice(r, 1000) < r->dup)
        put_one(r, i, changed, len);
}

size_t relay_take(struct relay *r, int i, u8 frame[1600])
{
    for (unsigned k = 0; k < r->wires[i].n; k++) {
        size_t len = r->wires[i].flight[k].len;
        if (r->wires[i].flight[k].at_ns > host_now_ns)
            continue;
        memcpy(frame, r->wires[i].flight[k].frame, len);
        memmove(&r->wires[i].flight[k], &r->wires[i].flight[k + 1],
                (r->wires[i].n - k - 1) * sizeof(r->wires[i].flight[0]));
        r->wires[i].n--;
        return len;
    }
    return 0;
}

u64 relay_next_ns(const struct relay *r)
{
    u64 next = DEADLINE_NEVER;

    for (int i = 0; i < 2; i++)
        for (unsigned k = 0; k < r->wires[i].n; k++)
            next = MIN(next, r->wires[i].flight[k].at_ns);
    return next;
}

/* Payload of a segment with right sums, as text that may be joined; 0: none. */
static size_t text_of(u8 *frame, size_t len)
{
    struct tcp_hdr *th = tcp_of_frame(frame, len);
    struct ip4_hdr *ip = (struct ip4_hdr *)(frame + 14);
    struct ip_addr src, dst;
    size_t off;

    if (!th || (th->flags & ~TCP_F_PSH) != TCP_F_ACK || be16(ip->total_len) != len - 14 ||
        csum_finish(csum_add(ip, 20)))
        return 0;
    src = ip_addr_v4(ip->src);
    dst = ip_addr_v4(ip->dst);
    off = 34 + (th->offset >> 4) * 4u;
    if (csum_finish(csum_add(th, len - 34) + be16((u16)(len - 34)) +
                    ip_pseudo(&src, &dst, IP_PROTO_TCP)))
        return 0;
    return off < len ? len - off : 0;
}

/* As Linux's GRO: is the frame the text after @all, which is @text bytes, with the same header? */
static bool is_next(u8 *all, u32 text, u8 *frame, size_t len)
{
    struct tcp_hdr *a = (struct tcp_hdr *)(all + 34), *b = (struct tcp_hdr *)(frame + 34);

    return text && text + len < 60000 && text_of(frame, len) && a->offset == b->offset &&
           a->flags == TCP_F_ACK && a->ack == b->ack && a->sport == b->sport &&
           a->dport == b->dport && all[15] == frame[15] && be32(a->seq) + text == be32(b->seq) &&
           memcmp(a + 1, b + 1, (a->offset >> 4) * 4u - 20) == 0;
}

void relay_give(struct relay *r, int i, struct host_dev *d)
{
    static u8 all[65536];
    u8 frame[1600];
    size_t all_len = 0, text = 0, len;
    unsigned n = 0;

    do {
        len = relay_take(r, i, frame);
        if (len && r->joins && is_next(all, (u32)text, frame, len)) {
            size_t k = text_of(frame, len);
            all[47] |= frame[47]; /* PSH */
            memcpy(all + all_len, frame + len - k, k);
            all_len += k;
            text += k;
            n++;
            continue;
        }
        if (n > 1) {
            struct ip4_hdr *ip = (struct ip4_hdr *)(all + 14);
            ip->total_len = be16((u16)(all_len - 14));
            ip->csum = 0;
            ip->csum = csum_finish(csum_add(ip, 20));
            host_dev_give_chain(d, all, all_len, 1500 + relay_dice(r, 300));
            r->n_joined += n;
        } else if (n) {
            host_dev_give(d, all, all_len);
        }
        memcpy(all, frame, len);
        all_len = len;
        text = text_of(all, len);
        n = len != 0;
    } while (len);
}
