/*
 * Local APIC timer, the time stamp counter, idling. The one-shot timer of the local APIC is the
 * only timer: TSC-deadline needs an MSR write, so a keel call, and saves nothing but on real
 * hardware.
 */
#include "arch/x86_64/apic.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/percpu.h"
#include "arch/x86_64/keel.h"

#define APIC_EOI        0x0b0
#define APIC_SPURIOUS   0x0f0
#define APIC_LVT_TIMER  0x320
#define APIC_LVT_LINT0  0x350
#define APIC_INITIAL    0x380
#define APIC_CURRENT    0x390
#define APIC_DIVIDE     0x3e0
#define APIC_MASKED     BIT(16)

/* QEMU and KVM run the APIC timer at 1 GHz, unless CPUID 0x40000010 says otherwise. */
#define APIC_DEFAULT_HZ 1000000000ull
#define POSTPONE_NS     10000000 /* long against the way out: it must not nest */
#define CALIBRATE_NS    300000

static volatile u32 *apic;
static u64 apic_hz;
static u64 tsc_start, tsc_hz;
static u64 ns_per_tick_32; /* nanoseconds per TSC tick, 32.32 fixed point */
static u64 timer_deadline_ns = DEADLINE_NEVER;

static inline void apic_write(u32 reg, u32 v)
{
    apic[reg / 4] = v;
}

static inline u32 apic_read(u32 reg)
{
    return apic[reg / 4];
}

void apic_idle_ended(u32 vector)
{
    if (vector != VEC_SPURIOUS)
        apic_write(APIC_EOI, 0);
    if (vector == VEC_TIMER)
        timer_deadline_ns = DEADLINE_NEVER;
}

void apic_interrupted(u32 vector, bool is_postponed)
{
    apic_idle_ended(vector);
    if (vector == VEC_TIMER && is_postponed)
        cpu_timer_set(cpu_clock_ns() + POSTPONE_NS);
}

/* One reading of both counters at the same moment, as far as possible: of several, the quickest. */
static void clock_pair(u64 *tsc, u32 *ticks)
{
    u64 best = UINT64_MAX;

    for (int i = 0; i < 5; i++) {
        u64 before = cpu_tsc();
        u32 now = apic_read(APIC_CURRENT);
        u64 after = cpu_tsc();

        if (after - before < best) {
            best = after - before;
            *tsc = before + (after - before) / 2;
            *ticks = now;
        }
    }
}

/* a * b / c in 128 bits; the quotient must fit (libgcc's division would cost 500 bytes). */
static u64 muldiv(u64 a, u64 b, u64 c)
{
    u64 high;

    __asm__("mulq %2; divq %3" : "+a"(a), "=&d"(high) : "r"(b), "r"(c) : "cc");
    return a;
}

static u64 tsc_frequency(void)
{
    u32 id[4], max;
    u64 tsc_a, tsc_b;
    u32 ticks_a, ticks_b;

    apic_hz = APIC_DEFAULT_HZ;
    cpu_id(1, 0, id);
    if (id[2] & BIT(31)) { /* a hypervisor: KVM and others tell kHz of TSC and APIC bus */
        cpu_id(0x40000000, 0, id);
        max = id[0];
        if (max >= 0x40000010 && max < 0x40010000) {
            cpu_id(0x40000010, 0, id);
            if (id[1])
                apic_hz = id[1] * 1000ull;
            if (id[0])
                return id[0] * 1000ull;
        }
    } else {
        cpu_id(0, 0, id);
        if (id[0] >= 0x15) {
            cpu_id(0x15, 0, id);
            if (id[0] && id[1] && id[2])
                return muldiv(id[2], id[1], id[0]);
        }
    }
    /* Against the APIC timer, for a few hundred microseconds. */
    apic_write(APIC_INITIAL, UINT32_MAX);
    clock_pair(&tsc_a, &ticks_a);
    u32 want = (u32)muldiv(apic_hz, CALIBRATE_NS, NSEC_PER_SEC);
    while (ticks_a - apic_read(APIC_CURRENT) < want)
        ;
    clock_pair(&tsc_b, &ticks_b);
    apic_write(APIC_INITIAL, 0);
    return muldiv(tsc_b - tsc_a, apic_hz, ticks_a - ticks_b);
}

void cpu_clock_init(void)
{
    apic = mmio_map(APIC_PA, PAGE_SIZE);
    apic_write(APIC_SPURIOUS, 0x100 | VEC_SPURIOUS);
    apic_write(APIC_LVT_LINT0, APIC_MASKED);
    apic_write(APIC_DIVIDE, 0xb); /* by 1 */
    apic_write(APIC_LVT_TIMER, APIC_MASKED | VEC_TIMER);
    tsc_hz = tsc_frequency();
    apic_write(APIC_LVT_TIMER, VEC_TIMER);
    ns_per_tick_32 = muldiv(NSEC_PER_SEC, 1ull << 32, tsc_hz);
    tsc_start = cpu_tsc();
}

u64 cpu_clock_ns(void)
{
    return (u64)((unsigned __int128)(cpu_tsc() - tsc_start) * ns_per_tick_32 >> 32);
}

void cpu_timer_set(u64 deadline_ns)
{
    u64 now, ticks;

    if (deadline_ns == timer_deadline_ns)
        return; /* it stands: a write is dear on some machines */
    timer_deadline_ns = deadline_ns;
    if (deadline_ns == DEADLINE_NEVER) {
        apic_write(APIC_INITIAL, 0);
        return;
    }
    now = cpu_clock_ns();
    ticks = deadline_ns > now
                ? muldiv(MIN(deadline_ns - now, 3 * NSEC_PER_SEC), apic_hz, NSEC_PER_SEC)
                : 0;
    if (deadline_ns > now + 3 * NSEC_PER_SEC)
        timer_deadline_ns = 0; /* the counter cannot hold it: fires early, and is set again */
    apic_write(APIC_INITIAL, (u32)ticks + 1);
}

void cpu_idle(u64 deadline_ns, u64 n_interrupts)
{
    s64 vector;

    cpu_timer_set(deadline_ns);
    vector = keel_do(KEEL_IDLE, n_interrupts, 0, 0, 0).value;
    apic_idle_ended((u32)vector);
}

void cpu_interrupts_on(void)
{
    keel_do(KEEL_IF_ON, 0, 0, 0, 0);
}
