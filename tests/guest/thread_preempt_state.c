/* System V ABI §3.2.3: preemption keeps registers, the red zone, x87 and SSE control words. */
#include "check.h"

#include <fenv.h>
#include <pthread.h>
#include <stdint.h>

enum { N = 3 };

/* A leaf function: its locals live in the red zone and registers. */
static __attribute__((noinline)) uint64_t leaf(uint64_t seed)
{
    volatile uint64_t slot[8];
    uint64_t x = seed;
    for (int i = 0; i < 8; i++)
        slot[i] = x = x * 6364136223846793005u + 1442695040888963407u;
    for (int i = 0; i < 8; i++)
        x ^= slot[i] << i;
    return x;
}

static double series(int mode)
{
    volatile double third = 3;
    double sum = 0;
    long double wide = 0;
    for (int i = 1; i < 200; i++) {
        sum += i / third;
        wide += (long double)i / third;
    }
    return mode == FE_UPWARD ? sum + (double)wide : sum - (double)wide;
}

static void *work(void *arg)
{
    static const int modes[N] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    int me = *(int *)arg;
    fesetround(modes[me]);
    uint64_t want = leaf((uint64_t)me);
    double want_sum = series(modes[me]);
    for (int i = 0; i < 20000; i++) {
        CHECK(leaf((uint64_t)me) == want);
        if (i % 50 == 0)
            CHECK(series(modes[me]) == want_sum);
        CHECK_EQ(fegetround(), modes[me]);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[N];
    int number[N];
    for (int i = 0; i < N; i++) {
        number[i] = i;
        CHECK_EQ(pthread_create(&thread[i], NULL, work, &number[i]), 0);
    }
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(fegetround(), FE_TONEAREST);
    return 0;
}
