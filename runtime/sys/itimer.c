/* Timers that send signals: alarm(2), setitimer(2), timer_create(2). */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "mem/heap.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "sys/signal.h"
#include "sys/sys.h"

#define N_POSIX_TIMERS 32 /* LIMIT: of a process; lift when a service needs more */
#define N_OVERRUNS_MAX 0x7fffffffu

struct signal_timer {
    struct timer timer;
    u64 interval_ns;
    int sig;
    int tid;      /* 0: the process */
    bool is_wall; /* CLOCK_REALTIME: what absolute times mean */
    struct signal_info info;
    u64 n_missed;   /* expirations for which the last signal stands, beyond the first */
    u64 n_overruns; /* the same of the one before it */
};

/* Not of the one behind alarm(): two alarms are two signals, as far as signals count. */
static bool is_pending(const struct signal_timer *st)
{
    return st->info.timer && st->sig && signal_has_timer(st->sig, st->info.timer);
}

static void fire(struct timer *t)
{
    struct signal_timer *st = CONTAINER_OF(t, struct signal_timer, timer);
    struct thread *to = st->tid ? thread_find(st->tid) : NULL;

    if (is_pending(st)) { /* timer_getoverrun(2): one signal at a time */
        st->n_missed++;
    } else {
        st->n_overruns = st->n_missed;
        st->n_missed = 0;
        if (st->sig && to)
            signal_send(to, st->sig, st->info);
        else if (st->sig && !st->tid)
            signal_send_process(st->sig, st->info);
    }
    if (st->interval_ns) {
        u64 now = clock_mono_ns(), next = t->deadline_ns + st->interval_ns;

        if (next <= now) { /* we were late: count what was missed */
            u64 n = (now - next) / st->interval_ns + 1;

            st->n_missed += n;
            next += n * st->interval_ns;
        }
        timer_set(t, next);
    }
}

static u64 left(const struct signal_timer *st)
{
    u64 now = clock_mono_ns();

    if (!st->timer.fire || !timer_is_set(&st->timer))
        return 0;
    return st->timer.deadline_ns > now ? st->timer.deadline_ns - now : 1;
}

static void arm(struct signal_timer *st, u64 span_ns, u64 interval_ns)
{
    if (!st->timer.fire)
        timer_init(&st->timer, fire);
    st->interval_ns = interval_ns;
    st->n_missed = st->n_overruns = 0;
    timer_cancel(&st->timer);
    if (span_ns) {
        u64 now = clock_mono_ns();

        timer_set(&st->timer, MIN(span_ns, DEADLINE_NEVER - 1 - now) + now);
        sched_preempt_enable(); /* it must reach a service that computes */
    }
}

/* ---- the one of alarm() and ITIMER_REAL ---- */

static struct signal_timer real = {.sig = SIGALRM, .info = {.code = SI_KERNEL}};

/* Long spans end: the next time anybody looks is centuries away. */
static u64 from_seconds(time_t s)
{
    return MIN((u64)s, DEADLINE_NEVER / NSEC_PER_SEC - 1) * NSEC_PER_SEC;
}

static u64 from_timeval(const struct timeval *tv)
{
    return from_seconds(tv->tv_sec) + (u64)tv->tv_usec * NSEC_PER_USEC;
}

static struct timeval to_timeval(u64 ns)
{
    u64 us = (ns + NSEC_PER_USEC - 1) / NSEC_PER_USEC;

    return (struct timeval){.tv_sec = (time_t)(us / 1000000), .tv_usec = (long)(us % 1000000)};
}

long uk_getitimer(int which, struct itimerval *now)
{
    if (which != ITIMER_REAL)
        return which == ITIMER_VIRTUAL || which == ITIMER_PROF ? -ENOSYS : -EINVAL;
    now->it_value = to_timeval(left(&real));
    now->it_interval = to_timeval(real.interval_ns);
    return 0;
}

long uk_setitimer(int which, const struct itimerval *to, struct itimerval *old)
{
    if (which != ITIMER_REAL)
        return which == ITIMER_VIRTUAL || which == ITIMER_PROF ? -ENOSYS : -EINVAL;
    if (old)
        uk_getitimer(which, old);
    if (to->it_value.tv_sec < 0 || to->it_value.tv_usec < 0 || to->it_value.tv_usec >= 1000000 ||
        to->it_interval.tv_sec < 0 || to->it_interval.tv_usec < 0 ||
        to->it_interval.tv_usec >= 1000000)
        return -EINVAL;
    arm(&real, from_timeval(&to->it_value), from_timeval(&to->it_interval));
    return 0;
}

long uk_alarm(unsigned seconds)
{
    long old = (long)((left(&real) + NSEC_PER_SEC - 1) / NSEC_PER_SEC);

    arm(&real, seconds * NSEC_PER_SEC, 0);
    return old;
}

/* ---- timer_create() ---- */

static struct signal_timer *timers[N_POSIX_TIMERS];

/* What libc hands to the kernel. */
struct sigevent_kernel {
    u64 value;
    int sig;
    int notify;
    int tid;
};

static struct signal_timer *timer_of(int id)
{
    return id >= 0 && id < N_POSIX_TIMERS ? timers[id] : NULL;
}

long uk_timer_create(int clock, const struct sigevent_kernel *ev, int *id)
{
    struct signal_timer *st;

    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EINVAL;
    if (ev && ev->notify != SIGEV_SIGNAL && ev->notify != SIGEV_NONE &&
        ev->notify != SIGEV_THREAD_ID)
        return -EINVAL;
    for (int i = 0; i < N_POSIX_TIMERS; i++) {
        if (timers[i])
            continue;
        st = heap_new(sizeof(*st));
        if (!st)
            return -EAGAIN;
        timer_init(&st->timer, fire);
        st->sig = !ev ? SIGALRM : ev->notify == SIGEV_NONE ? 0 : ev->sig;
        st->tid = ev && ev->notify == SIGEV_THREAD_ID ? ev->tid : 0;
        st->is_wall = clock == CLOCK_REALTIME;
        st->info = (struct signal_info){SI_TIMER, i + 1, ev ? ev->value : (u64)i};
        timers[i] = st;
        *id = i;
        return 0;
    }
    return -EAGAIN;
}

static struct timespec to_timespec(u64 ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NSEC_PER_SEC),
                             .tv_nsec = (long)(ns % NSEC_PER_SEC)};
}

static bool from_timespec(const struct timespec *ts, u64 *ns)
{
    *ns = from_seconds(ts->tv_sec) + (u64)ts->tv_nsec;
    return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < (long)NSEC_PER_SEC;
}

long uk_timer_gettime(int id, struct itimerspec *now)
{
    struct signal_timer *st = timer_of(id);

    if (!st)
        return -EINVAL;
    now->it_value = to_timespec(left(st));
    now->it_interval = to_timespec(st->interval_ns);
    return 0;
}

long uk_timer_settime(int id, int flags, const struct itimerspec *to, struct itimerspec *old)
{
    struct signal_timer *st = timer_of(id);
    u64 span, interval, now;

    if (!st || !from_timespec(&to->it_value, &span) || !from_timespec(&to->it_interval, &interval))
        return -EINVAL;
    if (old)
        uk_timer_gettime(id, old);
    now = st->is_wall ? clock_wall_ns() : clock_mono_ns();
    if (span && flags & TIMER_ABSTIME)
        span = span > now ? span - now : 1;
    arm(st, span, interval);
    return 0;
}

long uk_timer_getoverrun(int id)
{
    struct signal_timer *st = timer_of(id);

    if (!st)
        return -EINVAL;
    return (long)MIN(is_pending(st) ? st->n_overruns : st->n_missed, (u64)N_OVERRUNS_MAX);
}

long uk_timer_delete(int id)
{
    struct signal_timer *st = timer_of(id);

    if (!st)
        return -EINVAL;
    timer_cancel(&st->timer);
    heap_free(st);
    timers[id] = NULL;
    return 0;
}
