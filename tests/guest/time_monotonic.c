/* clock_gettime(2): CLOCK_MONOTONIC never goes back, moves within microseconds, keeps real pace. */
#define _GNU_SOURCE
#include "check.h"

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec ts;
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int main(void)
{
    int64_t last = now_ns(CLOCK_MONOTONIC);
    int n_moved = 0;
    for (int i = 0; i < 100000; i++) {
        int64_t now = now_ns(CLOCK_MONOTONIC);
        CHECK(now >= last);
        n_moved += now > last;
        last = now;
    }
    CHECK(n_moved > 100);

    /* The two clocks run at one pace. */
    int64_t mono = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
    usleep(200000);
    mono = now_ns(CLOCK_MONOTONIC) - mono;
    wall = now_ns(CLOCK_REALTIME) - wall;
    CHECK(mono - wall < 20000000 && wall - mono < 20000000);
    CHECK(mono >= 200000000);

    struct timespec res;
    CHECK_EQ(clock_getres(CLOCK_MONOTONIC, &res), 0);
    CHECK(res.tv_sec == 0 && res.tv_nsec >= 1 && res.tv_nsec <= 10000000);
    CHECK_ERRNO(clock_gettime((clockid_t)12345, &res), EINVAL);
    now_ns(CLOCK_BOOTTIME);
    now_ns(CLOCK_MONOTONIC_RAW);
    now_ns(CLOCK_MONOTONIC_COARSE);
    now_ns(CLOCK_REALTIME_COARSE);
    return 0;
}
