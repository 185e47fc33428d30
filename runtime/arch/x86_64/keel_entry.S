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
        .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
        jmp event_with_error
        .else
        jmp event
        .endif
        .set vector, vector + 1
        .endr

event_with_error:
        pop mailbox + MAILBOX_VECTOR(%rip)
        pop mailbox + MAILBOX_ERROR(%rip)
        jmp 1f
event:
        pop mailbox + MAILBOX_VECTOR(%rip)
        movq $0, mailbox + MAILBOX_ERROR(%rip)
1:      testb $3, 8(%rsp)               /* interrupted CS */
        jz event_in_keel

        /* Hand up: note where it happened, and go to upcall_entry instead. */
deliver:
        push %rax
        mov 8(%rsp), %rax
        mov %rax, mailbox + MAILBOX_RIP(%rip)
        mov 24(%rsp), %rax
        mov %rax, mailbox + MAILBOX_RFLAGS(%rip)
        mov %cr2, %rax
        mov %rax, mailbox + MAILBOX_CR2(%rip)
        movq $upcall_entry, 8(%rsp)
        movq $2, 24(%rsp)
        mov 32(%rsp), %rax
        mov %rax, mailbox + MAILBOX_RSP(%rip)
        cmpb $VEC_IRQ_FIRST, mailbox + MAILBOX_VECTOR(%rip)
        jae 4f                          /* an interrupt: below the red zone of who runs */
        sub $fault_stack_guard, %rax
        cmp $FAULT_STACK_BYTES + 4096, %rax
        mov $fault_stack_top, %eax
        ja 3f                           /* a fault: on the fault stack … */
2:      mov 32(%rsp), %rax              /* … unless it happened there */
        sub $RED_ZONE_BYTES + UPCALL_GAP_BYTES, %rax
        and $-16, %rax
3:      mov %rax, 32(%rsp)
        pop %rax
        iretq
4:      incq mailbox + MAILBOX_N_IRQS(%rip)
        jmp 2b

        /* An interrupt that ended the idle: drop its frame (the CPU aligned it, so by reloading RSP). */
event_in_keel:
        mov mailbox + MAILBOX_VECTOR(%rip), %rax
        cmp $VEC_IRQ_FIRST, %eax
        jb keel_reset                   /* a fault of the keel itself: nobody is left to tell */
        mov $keel_stack_top - 40, %esp
        iretq

        .globl keel_int3
keel_int3:
        cmpq $keel_call_return, (%rsp)
        jne 1f
        cmp $KEEL_IDLE, %eax
        je 2f
        cmp $KEEL_IF_ON, %eax
        je 3f
        sub $8, %rsp
        mov %eax, %r8d
        call keel_operation
        add $8, %rsp
        iretq
1:      movq $VEC_BREAKPOINT, mailbox + MAILBOX_VECTOR(%rip)    /* the service's own int3 */
        movq $0, mailbox + MAILBOX_ERROR(%rip)
        jmp deliver
2:      cmp mailbox + MAILBOX_N_IRQS(%rip), %rdi
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

        .section .text.keel_call, "ax", @progbits
        .globl keel_call, keel_call_return
        .type keel_call, @function
keel_call:                              /* (op in eax; rdi, rsi, rdx, rcx) -> rax, rdx */
        int3
keel_call_return:
        ret
