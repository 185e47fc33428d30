/*
 * Between service and runtime: every system call comes through sc_vm (in the VM) or the syscall
 * instruction (as a Linux process); what the keel hands up comes through upcall_fault or upcall_interrupt.
 */
#include "layout.h"

        .section .text.sc_gate, "ax", @progbits

        /* Each sc_NAME: its number in eax, uk_NAME in r11, arguments where C put them. */
        .globl sc_common
sc_common:
        cmpb $0, skiff_on_linux(%rip)
        jne sc_linux
        .weak sched_leave               /* without a scheduler nothing is ever pending */
        .globl sc_vm
sc_vm:
        incl %gs:PERCPU_DEPTH
        call *%r11
        decl %gs:PERCPU_DEPTH
        cmpl $0, %gs:PERCPU_PENDING
        jne 1f
        ret
1:      push %rax
        call sched_leave
        pop %rax
        ret

sc_linux:
        mov %rcx, %r10
        syscall
        ret

        /* Cancellation points are the same, until gate_cancel.S is linked. */
        .weak scp_common
        .set scp_common, sc_common

        /* What the linker script puts where no uk_NAME is. */
        .globl uk_enosys
        .type uk_enosys, @function
uk_enosys:
        mov $-38, %rax
        ret

        /* long skiff_linux_call(nr, a, b, c, d, e, f) */
        .section .text.skiff_linux_call, "ax", @progbits
        .globl skiff_linux_call
        .type skiff_linux_call, @function
skiff_linux_call:
        mov %edi, %eax
        mov %rsi, %rdi
        mov %rdx, %rsi
        mov %rcx, %rdx
        mov %r8, %r10
        mov %r9, %r8
        mov 8(%rsp), %r9
        syscall
        ret

        /* long skiff_vm_call(fn, a, b, c, d, e, f) */
        .section .text.skiff_vm_call, "ax", @progbits
        .globl skiff_vm_call
        .type skiff_vm_call, @function
skiff_vm_call:
        mov %rdi, %r11
        mov %rsi, %rdi
        mov %rdx, %rsi
        mov %rcx, %rdx
        mov %r8, %rcx
        mov %r9, %r8
        mov 8(%rsp), %r9
        jmp sc_vm

        /*
         * From the keel, interrupts off, all registers as they were but rsp: on the fault stack, or for
         * an interrupt on the stack of who was interrupted, below its red zone. Builds a struct
         * trap_frame, calls upcall(), and goes on with what that left in the frame.
         */
        .macro upcall_begin mailbox, scratch
        mov %rax, %gs:\scratch
        movabs $MAILBOX_VA, %rax
        push $SEL_USER_DATA
        push \mailbox + MAILBOX_RSP(%rax)
        push \mailbox + MAILBOX_RFLAGS(%rax)
        push $SEL_USER_CODE
        push \mailbox + MAILBOX_RIP(%rax)
        push \mailbox + MAILBOX_CR2(%rax)
        push \mailbox + MAILBOX_ERROR(%rax)
        push \mailbox + MAILBOX_VECTOR(%rax)
        push %gs:\scratch
        .endm

        .section .text.upcall, "ax", @progbits
        .globl upcall_fault, upcall_interrupt, upcall_return, upcall_end
upcall_interrupt:
        upcall_begin MAILBOX_INTERRUPT, PERCPU_SCRATCH_2
        jmp 1f
upcall_fault:
        upcall_begin MAILBOX_FAULT, PERCPU_SCRATCH
1:
        push %rbx
        push %rcx
        push %rdx
        push %rsi
        push %rdi
        push %rbp
        push %r8
        push %r9
        push %r10
        push %r11
        push %r12
        push %r13
        push %r14
        push %r15
        cld
        mov %rsp, %rdi
        call upcall
        /*
         * void upcall_return: rsp = struct trap_frame. An interrupt in here switches no thread.
         * Flags and rip go below the red zone of the stack we return to, and "ret" brings rsp back:
         * iretq at CPL 3 faults under QEMU's TCG once SMAP is on.
         */
upcall_return:
        testb $2, TRAP_FRAME_RFLAGS + 1(%rsp)
        jz 1f
        mov $KEEL_IF_ON, %eax
        call keel_call
1:      mov TRAP_FRAME_RSP(%rsp), %rax
        sub $RED_ZONE_BYTES + 16, %rax
        mov TRAP_FRAME_RFLAGS(%rsp), %rcx
        mov %rcx, (%rax)
        mov TRAP_FRAME_RIP(%rsp), %rcx
        mov %rcx, 8(%rax)
        mov %rax, TRAP_FRAME_RSP(%rsp)
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %r11
        pop %r10
        pop %r9
        pop %r8
        pop %rbp
        pop %rdi
        pop %rsi
        pop %rdx
        pop %rcx
        pop %rbx
        pop %rax
        mov TRAP_FRAME_RSP - 15 * 8(%rsp), %rsp
        popfq
        ret $RED_ZONE_BYTES
upcall_end:

        /* void context_switch(u64 *save_rsp, u64 load_rsp): see arch/context.h */
        .section .text.context_switch, "ax", @progbits
        .globl context_switch
        .type context_switch, @function
context_switch:
        push %rbp
        push %rbx
        push %r12
        push %r13
        push %r14
        push %r15
        sub $8, %rsp
        stmxcsr (%rsp)
        fnstcw 4(%rsp)
        mov %rsp, (%rdi)
        mov %rsi, %rsp
        ldmxcsr (%rsp)
        fldcw 4(%rsp)
        add $8, %rsp
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbx
        pop %rbp
        ret

        /* void stack_call(fn, arg, stack_top): run fn(arg) on another stack; never returns. */
        .section .text.stack_call, "ax", @progbits
        .globl stack_call
        .type stack_call, @function
stack_call:
        mov %rdx, %rsp
        mov %rdi, %rax
        mov %rsi, %rdi
        xor %ebp, %ebp
        push $0
        jmp *%rax
