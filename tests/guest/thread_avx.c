/* Intel SDM 1 §13: the upper halves of AVX registers are each thread's own across switches. */
#include "check.h"

#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

static int has_avx(void)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

__attribute__((target("avx"))) static void *work(void *arg)
{
    uint64_t me = *(uint64_t *)arg;
    uint64_t in[4] = {me, me * 3, me * 5, me * 7}, out[4];
    for (int i = 0; i < 3000; i++) {
        __asm__ volatile("vmovdqu %0, %%ymm7\n\tvmovdqu %0, %%ymm15" ::"m"(in) : "xmm7", "xmm15");
        if (i % 3 == 0) {
            sched_yield();
            __asm__ volatile("" ::: "memory");
        } else {
            for (volatile int k = 0; k < 500; k++)
                ;
        }
        __asm__ volatile("vmovdqu %%ymm15, %0" : "=m"(out));
        if (i % 3 != 0) /* a call may clobber them; a preemption may not */
            CHECK(memcmp(in, out, sizeof in) == 0);
        __asm__ volatile("vzeroupper");
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    uint64_t number[4];
    if (!has_avx())
        return 0;
    for (uint64_t i = 0; i < 4; i++) {
        number[i] = i + 1000;
        CHECK_EQ(pthread_create(&thread[i], NULL, work, &number[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    return 0;
}
