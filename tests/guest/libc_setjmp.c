/* setjmp(3): longjmp() returns there again, with its value, across many frames. */
#include "check.h"

#include <setjmp.h>

static jmp_buf env;

static __attribute__((noinline)) int down(int depth, int value)
{
    volatile char frame[100];
    frame[0] = 1;
    if (depth == 0)
        longjmp(env, value);
    return depth < 0 ? 0 : down(depth - 1, value + frame[0] - 1) + frame[0];
}

int main(void)
{
    volatile int n = 0;
    double keep = 1.5;
    int value = setjmp(env);
    if (n < 1000) {
        CHECK_EQ(value, n);
        n++;
        down(n % 50, n);
    }
    CHECK_EQ(value, 1000);
    CHECK(keep == 1.5);
    if (setjmp(env) == 0)
        longjmp(env, 0);
    else
        puts("0 becomes 1");
    return 0;
}
