/*
 * Numbers that assembly, C and the linker script agree on: selectors, vectors, address windows,
 * keel operations, offsets. Assembly includes this, so only #defines.
 */
#pragma once

/* Segments. User selectors carry RPL 3. */
#define SEL_KEEL_CODE    0x08
#define SEL_KEEL_DATA    0x10
#define SEL_USER_DATA    0x1b
#define SEL_USER_CODE    0x23
#define SEL_TSS          0x28

/* Vectors. The timer's priority class is above the devices'. */
#define VEC_BREAKPOINT   3
#define VEC_PAGE_FAULT   14
#define VEC_IRQ_FIRST    0x20
#define VEC_EDGE         0x20 /* devices whose interrupts are edges or messages */
#define VEC_LEVEL        0x21 /* devices whose interrupt is a level, until acknowledged */
#define VEC_SPURIOUS     0x2f
#define VEC_TIMER        0x30
#define N_VECTORS        0x31

/* Virtual address windows; everything below 512 GiB is RAM, one to one. */
#define VM_WINDOW_BASE   0x0000100000000000 /* PML4 slot 32: the service's mappings */
#define VM_WINDOW_SIZE   0x0000008000000000
#define KEEL_WINDOW_BASE 0x0000200000000000 /* PML4 slot 64: mailbox (read-only), device memory */
#define MAILBOX_VA       KEEL_WINDOW_BASE
#define DEVICE_VA        (KEEL_WINDOW_BASE + 0x200000)
#define DEVICE_SIZE      0x40000000

/* Keel operations: number in eax, arguments in rdi, rsi, rdx, rcx; result in rax (negative errno).
 */
#define KEEL_IDLE                                                                                  \
    0              /* n_irqs: halt until an interrupt unless one came since; returns its vector    \
                    */
#define KEEL_MAP 1 /* va, pa, n_pages, prot: pages of the service's window */
#define KEEL_UNMAP                                                                                 \
    2 /* va, n_pages, out pa in rdx: a physically contiguous run; returns its length */
#define KEEL_PROTECT 3 /* va, n_pages, prot */
#define KEEL_DEVICE  4 /* pa, n_pages: map device memory; returns va */
#define KEEL_SET_FS  5 /* base: only for CPUs without wrfsbase */
#define KEEL_SET_GS  6 /* base */
#define KEEL_IF_ON   7 /* return with interrupts enabled (they go off by themselves) */
#define KEEL_RESET   8 /* end the machine */
#define KEEL_COUNT                                                                                 \
    9 /* va, n_pages: how many are mapped; rdx: how many are not before the first                  \
       */

#define KEEL_PROT_READ       1
#define KEEL_PROT_WRITE      2

/* struct percpu, reached through GS. */
#define PERCPU_DEPTH         0
#define PERCPU_PENDING       4
#define PERCPU_CURRENT       8
#define PERCPU_SELF          16
#define PERCPU_SCRATCH       24
#define PERCPU_SCRATCH_2     32

/* struct trap_frame */
#define TRAP_FRAME_RIP       144
#define TRAP_FRAME_RFLAGS    160
#define TRAP_FRAME_RSP       168

/* percpu.pending: what sc_leave has to do before the service goes on. */
#define PENDING_RESCHED      1
#define PENDING_SIGNAL       2
#define PENDING_IF           4

/* A mailbox: what the keel says about the event it hands up. */
#define MAILBOX_VECTOR       0
#define MAILBOX_ERROR        8
#define MAILBOX_CR2          16
#define MAILBOX_RIP          24
#define MAILBOX_RSP          32
#define MAILBOX_RFLAGS       40
#define MAILBOX_BYTES        48
/* At MAILBOX_VA: one mailbox for faults, one for interrupts, and their number so far. */
#define MAILBOX_FAULT        0
#define MAILBOX_INTERRUPT    48
#define MAILBOX_N_INTERRUPTS 96

#define KEEL_STACK_BYTES     2048
#define BOOT_STACK_BYTES     8192
#define FAULT_STACK_BYTES    8192
#define RED_ZONE_BYTES       128
/* Left below the red zone by an upcall: upcall_return writes flags and rip there. */
#define UPCALL_GAP_BYTES     32

#define MSR_EFER             0xc0000080
#define MSR_FSBASE           0xc0000100
#define MSR_GSBASE           0xc0000101
