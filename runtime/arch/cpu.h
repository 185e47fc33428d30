/* The CPU as the runtime uses it: time stamps, idling, its own interrupts, ending the machine. */
#pragma once

#include "base/types.h"

static inline __attribute__((always_inline)) u64 cpu_tsc(void)
{
    u32 lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

static inline void cpu_id(u32 leaf, u32 sub, u32 out[4])
{
    __asm__("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}

/* Zero @len bytes, a multiple of 8. At -Os memset() is a `rep stosb`, and an emulator makes every
 * turn of it the same work, whatever its width. Returns @at. */
static inline void *words_zero(void *at, size_t len)
{
    void *to = at;

    len /= 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(len) : "a"(0ul) : "memory");
    return at;
}

/* 64 random bits from RDRAND; false if the CPU has none or it fails ten times. */
bool cpu_random(u64 *out);

/* Set up the local APIC and find the TSC's frequency. */
void cpu_clock_init(void);

/* Monotonic nanoseconds since cpu_clock_init(). */
u64 cpu_clock_ns(void);

/* How many interrupts have reached code outside the idle: see cpu_idle(). */
u64 cpu_interrupts(void);

/**
 * Halt until an interrupt or @deadline_ns (monotonic; DEADLINE_NEVER: only a device).
 *
 * @n_interrupts  cpu_interrupts() from before the last look at what is waited for: if one came in
 *                between, it may have been the one, and this returns at once
 */
void cpu_idle(u64 deadline_ns, u64 n_interrupts);

/* Halt until an interrupt. Needs no clock. */
void cpu_halt(void);

/* Ask for an interrupt at @deadline_ns while the service runs (trap_hooks.preempt). */
void cpu_timer_set(u64 deadline_ns);

/* Let interrupts in, now; only with percpu.depth 0. */
void cpu_interrupts_on(void);

/* Wall clock of the machine (CMOS RTC): seconds since 1970 UTC, or 0 if there is none. */
u64 cpu_rtc_seconds(void);

_Noreturn void cpu_reset(void);
