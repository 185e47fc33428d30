/* void signal_call(int sig, siginfo_t *info, ucontext_t *uc, void (*handler)(int), u64 stack_top) */
        .section .text.signal_call, "ax", @progbits
        .globl signal_call
        .type signal_call, @function
signal_call:
        push %rbp
        mov %rsp, %rbp
        test %r8, %r8
        jz 1f
        mov %r8, %rsp
1:      and $-16, %rsp                  /* the runtime keeps 8 */
        call *%rcx
        mov %rbp, %rsp
        pop %rbp
        ret
