/* Register contexts: cooperative switches, and what a trap leaves behind. */
#pragma once

#include "base/types.h"
#include "arch/x86_64/layout.h"

/* Save the callee-saved state on this stack and its rsp in @save_rsp; go on where @load_rsp left.
 */
void context_switch(u64 *save_rsp, u64 load_rsp);

/**
 * Prepare a stack so that context_switch() to the result enters fn(arg) at CPL 3 as a service
 * thread.
 *
 * @stack_top  16-byte aligned down by this
 */
u64 context_new(u64 stack_top, int (*fn)(void *), void *arg);

/* Run fn(arg) on @stack_top; this stack is gone. */
_Noreturn void stack_call(void (*fn)(void *), void *arg, u64 stack_top);

/* Thread pointer (FS base) of whoever runs from now on. */
void context_set_tls(u64 base);

/* Everything of an interrupted service; what upcall() leaves in it is what goes on. */
struct trap_frame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    u64 vector, error, cr2;
    u64 rip, cs, rflags, rsp, ss;
};
_Static_assert(offsetof(struct trap_frame, rflags) == TRAP_FRAME_RFLAGS, "layout.h");
_Static_assert(offsetof(struct trap_frame, rip) == TRAP_FRAME_RIP, "layout.h");
_Static_assert(offsetof(struct trap_frame, rsp) == TRAP_FRAME_RSP, "layout.h");

/* Go on with @frame; its memory is left behind. */
_Noreturn void context_resume(const struct trap_frame *frame);

/* Floating-point and vector state of the service: size of the area, save, restore (64-byte
 * aligned). */
u32 context_fp_bytes(void);
void context_fp_save(void *area);
void context_fp_restore(const void *area);

/*
 * What the arch layer calls when the service faulted (page faults already resolved excepted), and
 * when an interrupt hit it. Registered by boot; the defaults stop the machine / do nothing.
 */
struct trap_hooks {
    bool (*page_fault)(u64 addr, u64 error); /* true: resolved, try again */
    void (*fault)(struct trap_frame *frame); /* may change the frame to go on elsewhere */
    void (*device)(void); /* a device interrupted running code, runtime code included: quiet it */
    void (*preempt)(struct trap_frame *frame); /* interrupt in service code, may switch threads */
};
extern struct trap_hooks trap_hooks;
