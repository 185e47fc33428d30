/* clock_gettime(2), getrusage(2), times(2): CPU time grows while computing, hardly while asleep. */
#include "check.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

static int64_t cpu_ns(clockid_t clock)
{
    struct timespec ts;
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int64_t used_ns(int who)
{
    struct rusage ru;
    CHECK_EQ(getrusage(who, &ru), 0);
    return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000000ll +
           (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000ll;
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
    int64_t used = used_ns(RUSAGE_SELF);
    struct tms first, last;
    CHECK(times(&first) != -1);
    CHECK(used >= 20000000);
    usleep(300000);
    CHECK(used_ns(RUSAGE_SELF) - used < 150000000);
    CHECK(used_ns(1 /* RUSAGE_THREAD */) < used + 150000000);
    CHECK(times(&last) != -1);
    CHECK(last.tms_utime - first.tms_utime < sysconf(_SC_CLK_TCK) / 7);
    CHECK(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - before < 150000000);
    return 0;
}
