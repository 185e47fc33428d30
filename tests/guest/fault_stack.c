/* setrlimit(2), DESIGN D3: recursion without end hits the guard below main()'s stack: SIGSEGV. */
/* want-status: 139 */
/* memory: 32M */
#include "check.h"

static __attribute__((noinline)) long down(long n)
{
    volatile char frame[2000];
    frame[0] = (char)n;
    return n > 10000000 ? frame[0] : down(n + 1) + frame[0];
}

int main(void)
{
    puts("before");
    fflush(stdout);
    return (int)down(0);
}
