#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <time.h>

#include "file/timerfd.h"
#include "sys/install.h"

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif

NO_STACK_CHECK long uk_timerfd_create(int clock, int flags)
{
    struct file *f;
    int err;

    if (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC))
        return -EINVAL;
    /* A VM that is suspended does not count the time: BOOTTIME is MONOTONIC here. */
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EINVAL;
    err = timerfd_new(clock == CLOCK_REALTIME, (u32)flags & TFD_NONBLOCK, &f);
    return err ? err : install(f, flags & TFD_CLOEXEC);
}

static bool is_valid(const struct timespec *ts)
{
    return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NSEC_PER_SEC;
}

long uk_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
    struct file *f;
    long r;

    if (!to)
        return -EFAULT;
    if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) || !is_valid(&to->it_value) ||
        !is_valid(&to->it_interval))
        return -EINVAL;
    f = fd_get(fd);
    if (!f)
        return -EBADF;
    r = timerfd_set(f, flags & TFD_TIMER_ABSTIME, to, old);
    file_put(f);
    return r;
}

long uk_timerfd_gettime(int fd, struct itimerspec *now)
{
    struct file *f = fd_get(fd);
    long r;

    if (!f)
        return -EBADF;
    r = now ? timerfd_set(f, false, NULL, now) : -EFAULT;
    file_put(f);
    return r;
}
