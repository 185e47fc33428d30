/* sigaltstack(2): a handler on its own stack survives a stack overflow and can siglongjmp(). */
/* memory: 32M */
#include "check.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;
static char *alt;

static void on_segv(int sig)
{
    char here;
    CHECK_EQ(sig, SIGSEGV);
    CHECK(&here >= alt && &here < alt + 16384);
    siglongjmp(back, 1);
}

static __attribute__((noinline)) long down(long n)
{
    volatile char frame[2000];
    frame[0] = (char)n;
    return n > 10000000 ? frame[0] : down(n + 1) + frame[0];
}

int main(void)
{
    alt = malloc(16384);
    stack_t ss = {.ss_sp = alt, .ss_size = 16384}, old;
    struct sigaction sa = {.sa_handler = on_segv, .sa_flags = SA_ONSTACK};
    CHECK_EQ(sigaltstack(&ss, NULL), 0);
    CHECK_EQ(sigaltstack(NULL, &old), 0);
    CHECK(old.ss_sp == alt && old.ss_size == 16384 && old.ss_flags == 0);
    CHECK_EQ(sigaction(SIGSEGV, &sa, NULL), 0);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(back, 1) == 0)
            printf("%ld\n", down(0));
        else
            puts("recovered");
    }
    return 0;
}
