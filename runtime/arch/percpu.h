/* What belongs to one CPU, reached through the GS base (DESIGN D10). */
#pragma once

#include "base/types.h"
#include "arch/x86_64/layout.h"

struct thread;

struct percpu {
    u32 depth;   /* > 0: inside the runtime; no other thread may be switched to */
    u32 pending; /* PENDING_…: what to do before the service goes on */
    struct thread *current;
    struct percpu *self;
    u64 scratch, scratch_2; /* upcall_fault's and upcall_interrupt's */
    u32 is_fault_active;    /* a fault is being handled on the fault stack */
    bool has_wrfsbase;
};
_Static_assert(offsetof(struct percpu, depth) == PERCPU_DEPTH, "layout.h");
_Static_assert(offsetof(struct percpu, pending) == PERCPU_PENDING, "layout.h");
_Static_assert(offsetof(struct percpu, current) == PERCPU_CURRENT, "layout.h");
_Static_assert(offsetof(struct percpu, self) == PERCPU_SELF, "layout.h");
_Static_assert(offsetof(struct percpu, scratch) == PERCPU_SCRATCH, "layout.h");
_Static_assert(offsetof(struct percpu, scratch_2) == PERCPU_SCRATCH_2, "layout.h");

static inline struct percpu *percpu(void)
{
    struct percpu *p;
    __asm__("mov %%gs:%c1, %0" : "=r"(p) : "i"(PERCPU_SELF));
    return p;
}

/* Set up the first CPU's; nothing before it may use percpu(). */
void percpu_init(void);
