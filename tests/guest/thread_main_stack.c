/* setrlimit(2), DESIGN D9: main() has 8 MiB of stack, populated as touched: 6 MiB deep works. */
/* memory: 32M */
#include "check.h"

static __attribute__((noinline)) long down(long depth)
{
    volatile char frame[1000];
    frame[0] = (char)depth;
    frame[999] = (char)(depth >> 8);
    if (depth == 0)
        return 0;
    long n = down(depth - 1) + 1;
    CHECK_EQ(frame[0], (char)depth);
    CHECK_EQ(frame[999], (char)(depth >> 8));
    return n;
}

int main(void)
{
    CHECK_EQ(down(6 << 10), 6 << 10);
    CHECK_EQ(down(6 << 10), 6 << 10);
    return 0;
}
