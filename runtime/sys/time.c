/* Clocks and sleeping: clock_gettime(2), nanosleep(2). Time zones are libc's. */
#include <errno.h>
#include <sys/time.h>
#include <time.h>

#include "sched/clock.h"
#include "sched/thread.h"
#include "sys/futex.h"
#include "sys/sys.h"

/* What clock_getcpuclockid() and pthread_getcpuclockid() give: bits 3 and up are the number of a
 * process or, with bit 2, a thread, inverted. Bits 0 and 1 tell user's time from the system's. */
static long cpu_clock_ns(u32 clock, u64 *ns)
{
    int id = ~((int)clock >> 3);
    struct thread *t = id ? thread_find(id) : thread_current();

    if ((clock & 3) == 3 || !t || (!(clock & 4) && id > 1))
        return -EINVAL;
    *ns = clock & 4 ? sched_cpu_ns(t) : sched_cpu_ns_of_all();
    return 0;
}

static long clock_ns(int clock, u64 *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        *ns = clock_wall_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_mono_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        *ns = sched_cpu_ns_of_all();
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = sched_cpu_ns(thread_current());
        return 0;
    }
    return clock < 0 ? cpu_clock_ns((u32)clock, ns) : -EINVAL;
}

static struct timespec to_timespec(u64 ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NSEC_PER_SEC),
                             .tv_nsec = (long)(ns % NSEC_PER_SEC)};
}

long uk_clock_gettime(int clock, struct timespec *ts)
{
    u64 ns;
    long err = clock_ns(clock, &ns);

    LINK_WITH(futex_operation); /* who asks the time may wait with a limit */
    if (!err)
        *ts = to_timespec(ns);
    return err;
}

long uk_clock_getres(int clock, struct timespec *ts)
{
    u64 ns;
    long err = clock_ns(clock, &ns);

    if (!err && ts)
        *ts = to_timespec(1);
    return err;
}

long uk_clock_settime(int clock, const struct timespec *ts)
{
    if (clock != CLOCK_REALTIME || ts->tv_sec < 0 || ts->tv_nsec < 0 ||
        ts->tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    clock_wall_set((u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec);
    return 0;
}

long uk_gettimeofday(struct timeval *tv, void *zone)
{
    u64 us = clock_wall_ns() / 1000;

    (void)zone;
    if (tv)
        *tv = (struct timeval){.tv_sec = (time_t)(us / 1000000), .tv_usec = (long)(us % 1000000)};
    return 0;
}

long uk_time(time_t *t)
{
    time_t now = (time_t)(clock_wall_ns() / NSEC_PER_SEC);

    if (t)
        *t = now;
    return now;
}

long uk_clock_nanosleep(int clock, int flags, const struct timespec *want, struct timespec *left)
{
    u64 now, span;
    u64 deadline;
    int err;

    if (clock == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return clock_ns(clock, &now) ? -EINVAL : -EOPNOTSUPP;
    if (want->tv_sec < 0 || want->tv_nsec < 0 || want->tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    span = (u64)want->tv_sec >= DEADLINE_NEVER / NSEC_PER_SEC
               ? DEADLINE_NEVER
               : (u64)want->tv_sec * NSEC_PER_SEC + (u64)want->tv_nsec;
    clock_ns(clock, &now);
    if (flags & TIMER_ABSTIME)
        span = span > now ? span - now : 0;
    deadline = clock_mono_ns();
    deadline = span > DEADLINE_NEVER - 1 - deadline ? DEADLINE_NEVER - 1 : deadline + span;
    do
        err = sched_sleep(deadline);
    while (!err);
    if (err == -ETIMEDOUT)
        return 0;
    if (left && !(flags & TIMER_ABSTIME)) {
        now = clock_mono_ns();
        *left = to_timespec(deadline > now ? deadline - now : 0);
    }
    return err;
}

long uk_nanosleep(const struct timespec *want, struct timespec *left)
{
    return uk_clock_nanosleep(CLOCK_MONOTONIC, 0, want, left);
}
