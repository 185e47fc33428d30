#include "file/timerfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "mem/heap.h"
#include "sched/clock.h"
#include "sched/timer.h"

#pragma weak clock_wall_ns /* linked with whoever makes a timer of that clock (<skiff/timerfd.h>)  \
                            */

struct timerfd {
    struct file file;
    struct timer timer;
    u64 deadline_ns; /* next expiration, monotonic */
    u64 interval_ns; /* 0 = once */
    u64 n_expired;   /* since the last read */
    bool is_wall;
};

static struct timerfd *timerfd_of(struct file *f)
{
    return CONTAINER_OF(f, struct timerfd, file);
}

static u64 ns_of(const struct timespec *ts)
{
    if ((u64)ts->tv_sec >= UINT64_MAX / NSEC_PER_SEC / 4)
        return UINT64_MAX / 4; /* 146 years */
    return (u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec;
}

static struct timespec timespec_of(u64 ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NSEC_PER_SEC),
                             .tv_nsec = (long)(ns % NSEC_PER_SEC)};
}

/* Count what has expired until now and arm for the next. */
static void expire(struct timerfd *t)
{
    u64 now_ns = clock_mono_ns(), n = 1;

    if (t->interval_ns) {
        if (now_ns > t->deadline_ns)
            n += (now_ns - t->deadline_ns) / t->interval_ns;
        t->deadline_ns += n * t->interval_ns;
        timer_set(&t->timer, t->deadline_ns);
    }
    t->n_expired += n;
}

static void timerfd_fire(struct timer *timer)
{
    struct timerfd *t = CONTAINER_OF(timer, struct timerfd, timer);

    expire(t);
    file_notify(&t->file, EPOLLIN);
}

static u32 timerfd_poll(struct file *f)
{
    return timerfd_of(f)->n_expired ? EPOLLIN : 0;
}

static ssize_t timerfd_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct timerfd *t = timerfd_of(f);
    int err;

    (void)off;
    if (!n_iov || iov->iov_len < sizeof(t->n_expired))
        return -EINVAL;
    err = file_wait(f, EPOLLIN);
    if (err)
        return err;
    memcpy(iov->iov_base, &t->n_expired, sizeof(t->n_expired));
    t->n_expired = 0;
    return sizeof(t->n_expired);
}

static void timerfd_release(struct file *f)
{
    timer_cancel(&timerfd_of(f)->timer);
    heap_free(timerfd_of(f));
}

static const struct file_ops timerfd_ops = {
    .read = timerfd_read,
    .poll = timerfd_poll,
    .release = timerfd_release,
};

int timerfd_new(bool is_wall, u32 flags, struct file **out)
{
    struct timerfd *t = heap_new(sizeof(*t));

    if (!t)
        return -ENOMEM;
    file_init(&t->file, &timerfd_ops, O_RDWR | flags);
    timer_init(&t->timer, timerfd_fire);
    t->is_wall = is_wall;
    *out = &t->file;
    return 0;
}

static void timerfd_arm(struct timerfd *t, bool is_absolute, const struct itimerspec *to)
{
    u64 now_ns = clock_mono_ns(), at_ns = ns_of(&to->it_value);

    timer_cancel(&t->timer);
    t->n_expired = 0;
    t->interval_ns = ns_of(&to->it_interval);
    if (!at_ns)
        return;
    if (!is_absolute) {
        at_ns += now_ns;
    } else if (t->is_wall) {
        /* LIMIT: a step of the wall clock does not move a timer that is set already. */
        u64 wall_ns = clock_wall_ns();

        at_ns = at_ns > wall_ns ? now_ns + (at_ns - wall_ns) : now_ns;
    }
    t->deadline_ns = at_ns;
    if (at_ns <= now_ns)
        expire(t);
    else
        timer_set(&t->timer, at_ns);
}

int timerfd_set(struct file *f, bool is_absolute, const struct itimerspec *to,
                struct itimerspec *old)
{
    struct timerfd *t = timerfd_of(f);

    if (f->ops != &timerfd_ops)
        return -EINVAL;
    if (old) {
        u64 now_ns = clock_mono_ns(), left_ns = 0;

        if (timer_is_set(&t->timer)) /* due but not yet fired: the least that is not "disarmed" */
            left_ns = t->deadline_ns > now_ns ? t->deadline_ns - now_ns : 1;
        old->it_value = timespec_of(left_ns);
        old->it_interval = timespec_of(t->interval_ns);
    }
    if (to) {
        timerfd_arm(t, is_absolute, to);
        if (t->n_expired)
            file_notify(f, EPOLLIN);
    }
    return 0;
}
