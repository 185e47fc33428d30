/* clock_gettime(2), clock(3): CPU time grows while computing, and hardly while asleep. */
#include "check.h"

#include <stdint.h>
#include <time.h>

static int64_t cpu_ns(clockid_t clock)
{
    struct timespec ts;
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int main(void)
{
    int64_t start = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    int64_t thread = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    while (cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 30000000)
        ;
    CHECK(cpu_ns(CLOCK_THREAD_CPUTIME_ID) - thread >= 20000000);
    CHECK(clock() != (clock_t)-1);
    int64_t before = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    usleep(300000);
    CHECK(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before < 150000000);
    return 0;
}
