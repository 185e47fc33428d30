/*
 * A bad wire between two stacks, in virtual time: loses, doubles, delays, reorders and damages
 * frames by a seeded generator. What a frame's other end is, the test knows.
 */
#pragma once

#include "net_host.h"

#define RELAY_FLIGHT 512

struct relay {
    unsigned loss, dup, damage; /* per 1000 frames */
    u64 delay_ns, jitter_ns;    /* jitter reorders */
    u64 rng;                    /* the seed */
    u64 n_frames;
    bool joins;   /* what arrives together is given as one frame of several packets */
    bool no_sack; /* nobody hears that the other knows SACK */
    u64 n_joined;
    struct {
        struct {
            u64 at_ns;
            size_t len;
            u8 frame[1600];
        } flight[RELAY_FLIGHT];
        unsigned n;
    } wires[2];
};

/* 0 to @n - 1, by the relay's generator. */
u32 relay_dice(struct relay *r, u32 n);
/* A frame enters wire @i, and may never leave it. */
void relay_put(struct relay *r, int i, const void *frame, size_t len);
/* Take a frame that has come to the end of wire @i by now. Returns its length; 0 if there is none.
 */
size_t relay_take(struct relay *r, int i, u8 frame[1600]);
/* Give @d what has come to the end of wire @i by now. */
void relay_give(struct relay *r, int i, struct host_dev *d);
/* When the next frame arrives; DEADLINE_NEVER. */
u64 relay_next_ns(const struct relay *r);
