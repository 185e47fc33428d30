/* nanosleep(2), clock_nanosleep(2): never less than asked, not much more, on either clock. */
#include "check.h"

#include <stdint.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec ts;
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int main(void)
{
    static const long ns[] = {1, 1000, 100000, 1000000, 20000000, 150000000};
    for (int i = 0; i < 6; i++) {
        struct timespec ts = {.tv_nsec = ns[i]};
        int64_t start = now_ns();
        CHECK_EQ(nanosleep(&ts, NULL), 0);
        int64_t slept = now_ns() - start;
        CHECK(slept >= ns[i]);
        CHECK(slept < ns[i] + 2000000000);
    }
    struct timespec ts;
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    int64_t until = ts.tv_sec * 1000000000ll + ts.tv_nsec + 30000000;
    ts = (struct timespec){until / 1000000000, until % 1000000000};
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL), 0);
    CHECK(now_ns() >= until);
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL), 0); /* already past */

    CHECK_EQ(clock_gettime(CLOCK_REALTIME, &ts), 0);
    ts.tv_sec += ts.tv_nsec >= 970000000;
    ts.tv_nsec = (ts.tv_nsec + 30000000) % 1000000000;
    CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL), 0);

    ts = (struct timespec){.tv_nsec = 1000000000};
    CHECK_ERRNO(nanosleep(&ts, NULL), EINVAL);
    ts = (struct timespec){.tv_sec = -1};
    CHECK_ERRNO(nanosleep(&ts, NULL), EINVAL);
    return 0;
}
