        /* First instruction of a new thread: rbx = fn, r12 = its argument (context_new()). */
        .section .text.context_start, "ax", @progbits
        .globl context_start
context_start:
        call sched_thread_started
        mov %r12, %rdi
        xor %ebp, %ebp
        call *%rbx
        mov %eax, %edi
        call sc_exit
        ud2
