/*
 * The keel's ways in: int3 for its operations, and every exception and interrupt, which it hands up to
 * CPL 3 through the mailbox. All gates lead to CPL 0 and its own stack (TSS.RSP0), so a bad user stack
 * is an ordinary fault, and the interrupted code's red zone stays untouched.
 *
 * Code here costs about 1 us per instruction on KVM without hardware virtualization: keep it short.
 */
#include "layout.h"

        .section .keel.text, "ax", @progbits

        /* One 8-byte stub per vector; keel_start() computes their addresses. */
        .balign 8
        .globl keel_stubs
keel_stubs:
        .set vector, 0
        .rept N_VECTORS
        .balign 8
        push $vector
        .if vector >= VEC_IRQ_FIRST
        jmp interrupt
        .elseif vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
        jmp fault_with_error
        .else
        jmp fault
        .endif
        .set vector, vector + 1
        .endr

fault_with_error:
        pop fault_mailbox + MAILBOX_VECTOR(%rip)
        pop fault_mailbox + MAILBOX_ERROR(%rip)
        jmp 1f
fault:
        pop fault_mailbox + MAILBOX_VECTOR(%rip)
fault_of_known_vector:
        movq $0, fault_mailbox + MAILBOX_ERROR(%rip)
1:      testb $3, 8(%rsp)
        jz keel_reset                   /* the keel's own: nobody is left to tell */
        push %rax
        mov 8(%rsp), %rax
        mov %rax, fault_mailbox + MAILBOX_RIP(%rip)
        mov 24(%rsp), %rax
        mov %rax, fault_mailbox + MAILBOX_RFLAGS(%rip)
        mov %cr2, %rax
        mov %rax, fault_mailbox + MAILBOX_CR2(%rip)
        mov 32(%rsp), %rax
        mov %rax, fault_mailbox + MAILBOX_RSP(%rip)
        movq $upcall_fault, 8(%rsp)
        movq $2, 24(%rsp)
        sub $fault_stack_guard, %rax
        cmp $FAULT_STACK_BYTES + 4096, %rax
        mov $fault_stack_top, %eax
        ja 2f                           /* up on the fault stack … */
        mov 32(%rsp), %rax              /* … unless it happened there */
        sub $RED_ZONE_BYTES + UPCALL_GAP_BYTES, %rax
        and $-16, %rax
2:      mov %rax, 32(%rsp)
        pop %rax
        iretq

        /* An interrupt goes up on the stack of who runs, below its red zone. That stack may fault, so
         * interrupts have a mailbox of their own. */
interrupt:
        pop interrupt_mailbox + MAILBOX_VECTOR(%rip)
        testb $3, 8(%rsp)
        jz 1f
        push %rax
        mov 8(%rsp), %rax
        mov %rax, interrupt_mailbox + MAILBOX_RIP(%rip)
        mov 24(%rsp), %rax
        mov %rax, interrupt_mailbox + MAILBOX_RFLAGS(%rip)
        mov 32(%rsp), %rax
        mov %rax, interrupt_mailbox + MAILBOX_RSP(%rip)
        movq $upcall_interrupt, 8(%rsp)
        movq $2, 24(%rsp)
        sub $RED_ZONE_BYTES + UPCALL_GAP_BYTES, %rax
        and $-16, %rax
        mov %rax, 32(%rsp)
        incq n_interrupts(%rip)
        pop %rax
        iretq
1:      mov interrupt_mailbox + MAILBOX_VECTOR(%rip), %rax
        mov $keel_stack_top - 40, %esp  /* the idle is over: drop this frame (the CPU aligned it) */
        iretq

        .globl keel_int3
keel_int3:
        cmpq $keel_call_return, (%rsp)
        jne 1f
        cmp $KEEL_IDLE, %eax
        je 2f
        cmp $KEEL_IF_ON, %eax
        je 3f
        mov %eax, %r8d
        call keel_operation
        iretq
1:      movq $VEC_BREAKPOINT, fault_mailbox + MAILBOX_VECTOR(%rip)      /* the service's own int3 */
        jmp fault_of_known_vector
2:      cmp n_interrupts(%rip), %rdi
        jne 5f                          /* what we would wait for has been and gone */
4:      sti
        hlt
        jmp 4b
5:      mov $VEC_SPURIOUS, %eax
        iretq
3:      orl $0x200, 16(%rsp)
        iretq

        /* End the machine: keyboard controller, then a triple fault. */
        .globl keel_reset
keel_reset:
        mov $0xfe, %al
        out %al, $0x64
        push $0
        push $0
        lidt (%rsp)
        ud2

        /* What CPL 3 may read of the keel, at MAILBOX_VA; a page of its own. */
        .section .keel.bss, "aw", @nobits
        .balign 4096
        .globl keel_mailbox
keel_mailbox:
fault_mailbox:          .skip MAILBOX_BYTES
interrupt_mailbox:      .skip MAILBOX_BYTES
n_interrupts:           .skip 8
        .balign 4096

        .section .text.keel_call, "ax", @progbits
        .globl keel_call, keel_call_return
        .type keel_call, @function
keel_call:                              /* (op in eax; rdi, rsi, rdx, rcx) -> rax, rdx */
        int3
keel_call_return:
        ret
