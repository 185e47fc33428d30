/* DESIGN D3: the stack and the heap cannot be executed either. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;

static void on_segv(int sig)
{
    siglongjmp(back, sig);
}

static int faults(unsigned char *code)
{
    if (sigsetjmp(back, 1))
        return 1;
    ((void (*)(void))code)();
    return 0;
}

int main(void)
{
    unsigned char on_stack[16] = {0xc3};
    unsigned char *on_heap = malloc(16), *big = malloc(1 << 20);
    CHECK(on_heap && big);
    on_heap[0] = big[0] = 0xc3;
    signal(SIGSEGV, on_segv);
    CHECK(faults(on_stack));
    CHECK(faults(on_heap));
    CHECK(faults(big));
    return 0;
}
