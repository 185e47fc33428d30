/* The first context of a new thread. Not in context.c: it names sc_exit, which ends threads. */
#include "arch/context.h"

void context_start(void);

u64 context_new(u64 stack_top, int (*fn)(void *), void *arg)
{
    u64 *sp = (u64 *)(stack_top & ~15ull);

    /* Aligned when context_start begins: it calls, and that is where the ABI wants it. */
    *--sp = (u64)context_start;
    *--sp = 0;              /* rbp */
    *--sp = (u64)fn;        /* rbx */
    *--sp = (u64)arg;       /* r12 */
    sp -= 3;                /* r13, r14, r15 */
    *--sp = 0x037f00001f80; /* x87 control word, MXCSR: as at process start */
    return (u64)sp;
}
