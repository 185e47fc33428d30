/*
 * The timer wheel: five levels of 64 slots over ticks of 2^16 ns. A timer sits in the level of its
 * distance and moves down as its slot comes near; a bitmap per level finds the next one.
 *
 *      level 0: 65.5 us a slot   1: 4.2 ms   2: 268 ms   3: 17 s   4: 18 min (and all beyond)
 */
#include "sched/timer.h"

#define TICK_SHIFT 16
#define N_LEVELS   5
#define SLOT_SHIFT 6
#define N_SLOTS    64

static struct list slots[N_LEVELS][N_SLOTS];
static u64 occupied[N_LEVELS];
static u64 now_tick;  /* everything due before this tick has fired */
static u64 none_tick; /* no slot opens before this tick */
static bool is_ready;

static void wheel_init(void)
{
    for (u32 l = 0; l < N_LEVELS; l++)
        for (u32 s = 0; s < N_SLOTS; s++)
            list_init(&slots[l][s]);
    is_ready = true;
}

/* Round up: a timer never fires early. */
static u64 tick_of(u64 deadline_ns)
{
    return (deadline_ns >> TICK_SHIFT) + ((deadline_ns & ((1u << TICK_SHIFT) - 1)) != 0);
}

static void place(struct timer *t)
{
    u64 tick = MAX(tick_of(t->deadline_ns), now_tick);
    u64 far = now_tick + (1ull << (SLOT_SHIFT * N_LEVELS)) - 1;
    u32 level = 0;

    if (tick > far)
        tick = far; /* comes round, and is placed again */
    while (level < N_LEVELS - 1 &&
           (tick >> SLOT_SHIFT * level) - (now_tick >> SLOT_SHIFT * level) >= N_SLOTS)
        level++;
    u32 slot = tick >> SLOT_SHIFT * level & (N_SLOTS - 1);
    none_tick = MIN(none_tick, tick >> SLOT_SHIFT * level << SLOT_SHIFT * level);
    list_push_back(&slots[level][slot], &t->node);
    occupied[level] |= BIT(slot);
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
    list_init(&t->node);
    t->deadline_ns = DEADLINE_NEVER;
    t->fire = fire;
}

void timer_set(struct timer *t, u64 deadline_ns)
{
    if (!is_ready)
        wheel_init();
    list_remove(&t->node);
    t->deadline_ns = deadline_ns;
    place(t);
}

void timer_cancel(struct timer *t)
{
    list_remove(&t->node); /* the slot's bit may stay: it is looked at once in vain */
}

/* First occupied slot of @level at or after its current position: its distance in slots, or -1. */
static int slot_distance(u32 level)
{
    u32 at = now_tick >> SLOT_SHIFT * level & (N_SLOTS - 1);
    u64 turned;

    while (occupied[level]) {
        turned = occupied[level] >> at | (at ? occupied[level] << (N_SLOTS - at) : 0);
        int distance = __builtin_ctzll(turned);
        u32 slot = (at + (u32)distance) & (N_SLOTS - 1);

        if (!list_empty(&slots[level][slot]))
            return distance;
        occupied[level] &= ~BIT(slot);
    }
    return -1;
}

/* The next tick at which some slot must be opened, or UINT64_MAX. */
static u64 next_tick(void)
{
    u64 next = UINT64_MAX;

    for (u32 l = 0; l < N_LEVELS; l++) {
        int distance = slot_distance(l);

        if (distance < 0)
            continue;
        u64 tick = ((now_tick >> SLOT_SHIFT * l) + (u64)distance) << SLOT_SHIFT * l;

        /* A higher level's current slot holds what comes round after a whole turn. */
        if (l && !distance)
            tick += 1ull << SLOT_SHIFT * (l + 1);
        next = MIN(next, MAX(tick, now_tick));
    }
    return next;
}

u64 timer_next_ns(void)
{
    u64 tick = is_ready ? next_tick() : UINT64_MAX;

    return tick == UINT64_MAX ? DEADLINE_NEVER : tick << TICK_SHIFT;
}

bool timer_run(u64 now_ns)
{
    u64 until = now_ns >> TICK_SHIFT;
    bool fired = false;

    if (!is_ready)
        return false;
    for (;;) {
        u64 tick = none_tick;

        if (tick <= until)
            none_tick = tick = next_tick();
        if (tick > until) {
            now_tick = MAX(now_tick, until);
            return fired;
        }
        now_tick = tick;
        /* Open the slots that begin at this tick: higher levels spread downwards, level 0 fires. */
        for (int l = N_LEVELS - 1; l >= 0; l--) {
            u32 slot = tick >> SLOT_SHIFT * l & (N_SLOTS - 1);
            struct list due = LIST_INIT(due);

            if (tick & ((1ull << SLOT_SHIFT * l) - 1) || !(occupied[l] & BIT(slot)))
                continue;
            occupied[l] &= ~BIT(slot);
            list_for_each (it, &slots[l][slot]) {
                list_remove(it);
                list_push_back(&due, it);
            }
            while (!list_empty(&due)) {
                struct timer *t = list_first(&due, struct timer, node);

                list_remove(&t->node);
                if (tick_of(t->deadline_ns) <= tick) {
                    fired = true;
                    t->fire(t);
                } else {
                    place(t);
                }
            }
        }
    }
}
