/*
 * Timers: a hierarchical wheel of 65.5 us ticks, O(1) to set and to cancel. A timer never fires
 * early, and at most one tick plus the wait for the CPU late.
 */
#pragma once

#include "base/list.h"

struct timer {
    struct list node;              /* wheel slot, or self when not set */
    u64 deadline_ns;               /* monotonic */
    void (*fire)(struct timer *t); /* runs in the idle loop or a system call; never sleeps */
};

void timer_init(struct timer *t, void (*fire)(struct timer *t));

/* (Re)arm @t for @deadline_ns on the monotonic clock; a past deadline fires at the next poll. */
void timer_set(struct timer *t, u64 deadline_ns);
void timer_cancel(struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
    return !list_empty(&t->node);
}

/* Fire everything due at @now_ns. Returns true if anything fired. */
bool timer_run(u64 now_ns);

/* When timer_run() next has something to do: a lower bound; DEADLINE_NEVER if nothing is set. */
u64 timer_next_ns(void);
