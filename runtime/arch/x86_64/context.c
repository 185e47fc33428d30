/* Contexts, floating-point state, and upcall(): what the keel hands up, sorted. */
#include "arch/context.h"

#include "arch/percpu.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/keel.h"
#include "arch/cpu.h"

extern char upcall_return[], upcall_end[], keel_call_return[];
void upcall(struct trap_frame *frame);

static struct percpu cpu0;
struct trap_hooks trap_hooks;
struct bootinfo bootinfo;

/* 0: fxsave; else the size of an xsave area, and the components we save. */
static u32 xsave_bytes;

void percpu_init(void)
{
    u32 id[4];

    cpu0.self = &cpu0;
    keel_do(KEEL_SET_GS, (u64)&cpu0, 0, 0, 0);
    cpu0.depth = 1;
    cpu_id(0, 0, id);
    u32 max = id[0];
    if (max >= 7) {
        cpu_id(7, 0, id);
        cpu0.has_wrfsbase = id[1] & BIT(0);
    }
    cpu_id(1, 0, id);
    if (id[2] & BIT(27)) { /* OSXSAVE: the keel has set XCR0 */
        cpu_id(0xd, 0, id);
        xsave_bytes = id[1];
    }
}

void context_set_tls(u64 base)
{
    if (cpu0.has_wrfsbase)
        __asm__ volatile("wrfsbase %0" : : "r"(base));
    else
        keel_do(KEEL_SET_FS, base, 0, 0, 0);
}

void context_resume(const struct trap_frame *frame)
{
    __asm__ volatile("mov %0, %%rsp; jmp upcall_return" : : "r"(frame) : "memory");
    __builtin_unreachable();
}

u32 context_fp_bytes(void)
{
    return xsave_bytes ? xsave_bytes : 512;
}

void context_fp_save(void *area)
{
    if (xsave_bytes) {
        __builtin_memset((u8 *)area + 512, 0, 64); /* the header: xsave ors into it */
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
    }
}

void context_fp_restore(const void *area)
{
    if (xsave_bytes)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* Called by upcall_fault and upcall_interrupt with interrupts off. */
void upcall(struct trap_frame *frame)
{
    struct percpu *cpu = &cpu0;

    if (frame->vector >= VEC_IRQ_FIRST) {
        /* On the way back to the service: as good as there, but the stack must not grow. */
        bool in_return = frame->rip == (u64)keel_call_return ||
                         (frame->rip >= (u64)upcall_return && frame->rip < (u64)upcall_end);

        if (frame->vector <= VEC_LEVEL && trap_hooks.device)
            trap_hooks.device(); /* before the EOI: a level that stays up comes again at once */
        apic_interrupted((u32)frame->vector, in_return && !cpu->depth);
        if (cpu->depth || in_return || !trap_hooks.preempt) {
            cpu->pending |= PENDING_RESCHED;
            return;
        }
        /* Another thread may have come back here with interrupts on: what they left is taken up,
         * for it may have been the tick. */
        do {
            cpu->pending &= ~(u32)PENDING_RESCHED;
            trap_hooks.preempt(frame);
        } while (cpu->pending & PENDING_RESCHED);
        return;
    }
    if (cpu->is_fault_active++ < 2 && frame->vector == VEC_PAGE_FAULT && trap_hooks.page_fault &&
        trap_hooks.page_fault(frame->cr2, frame->error)) {
        cpu->is_fault_active--;
        return;
    }
    if (cpu->is_fault_active > 2 || !trap_hooks.fault)
        cpu_reset(); /* a fault while reporting a fault */
    trap_hooks.fault(frame);
    cpu->is_fault_active--;
}
