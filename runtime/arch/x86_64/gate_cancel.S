/*
 * What scp_NAME, a cancellation point, goes through when pthread_cancel() is linked, which asks for
 * this file: scp_common of gate.S gives way to the one here.
 */
        .section .text.sc_gate, "ax", @progbits
        .globl __skiff_cancel_gate
__skiff_cancel_gate:
        /* The call's number in eax, uk_NAME in r11, arguments where C put them. */
        .globl scp_common
scp_common:
        sub $8, %rsp                    /* (fn, nr, a, b, c, d, e, f): two on the stack */
        push %r9
        push %r8
        mov %rcx, %r9
        mov %rdx, %r8
        mov %rsi, %rcx
        mov %rdi, %rdx
        mov %eax, %esi
        mov %r11, %rdi
        call __skiff_cancel_point
        add $24, %rsp
        ret
