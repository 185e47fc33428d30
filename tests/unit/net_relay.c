#include "net_relay.h"

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

void relay_put(struct relay *r, int i, const void *frame, size_t len)
{
    assert_true(len <= sizeof(r->wires[i].flight[0].frame));
    r->n_frames++;
    put_one(r, i, frame, len);
    if (relay_dice(r, 1000) < r->dup)
        put_one(r, i, frame, len);
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
