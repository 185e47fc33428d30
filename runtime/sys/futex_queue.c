/* The queues of futex(2), for the threads of one process: waiters hashed by address. */
#include "sys/futex.h"

#include <errno.h>
#include <time.h>

#include "sched/clock.h"
#include "sched/thread.h"

#define N_BUCKETS 16

struct futex_waiter {
    struct waiter waiter;
    u32 *word;
    u32 bits;
};

static struct waitq buckets[N_BUCKETS];

static struct waitq *bucket_of(const u32 *word)
{
    struct waitq *q = &buckets[((u64)word >> 2 ^ (u64)word >> 12) % N_BUCKETS];

    if (!q->waiters.next)
        waitq_init(q);
    return q;
}

int futex_wake(u32 *word, u32 n, u32 bits)
{
    u32 n_woken = 0;

    list_for_each (it, &bucket_of(word)->waiters) {
        struct futex_waiter *w = list_entry(it, struct futex_waiter, waiter.node);

        if (n_woken == n)
            break;
        if (w->word != word || !(w->bits & bits))
            continue;
        waitq_remove(&w->waiter); /* being off the queue is how it knows */
        thread_wake(w->waiter.thread);
        n_woken++;
    }
    return (int)n_woken;
}

static long wait(u32 *word, u32 expected, u64 deadline_ns, u32 bits)
{
    struct futex_waiter w = {.word = word, .bits = bits};
    int err = 0;

    if (!bits)
        return -EINVAL;
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected)
        return -EAGAIN;
    waiter_init(&w.waiter, thread_current());
    waitq_add(bucket_of(word), &w.waiter);
    while (!list_empty(&w.waiter.node) && !err)
        err = sched_sleep(deadline_ns);
    if (list_empty(&w.waiter.node))
        return 0;
    waitq_remove(&w.waiter);
    return err;
}

static long requeue(u32 *word, u32 n_wake, u32 n_move, u32 *to)
{
    int n_woken = futex_wake(word, n_wake, ~0u);
    u32 n_moved = 0;

    list_for_each (it, &bucket_of(word)->waiters) {
        struct futex_waiter *w = list_entry(it, struct futex_waiter, waiter.node);

        if (n_moved == n_move)
            break;
        if (w->word != word)
            continue;
        waitq_remove(&w->waiter);
        w->word = to;
        waitq_add(bucket_of(to), &w->waiter);
        n_moved++;
    }
    return n_woken + (int)n_moved;
}

static long deadline_of(const struct timespec *ts, int op, u64 *deadline_ns)
{
    u64 span, now;

    *deadline_ns = DEADLINE_NEVER;
    if (!ts)
        return 0;
    if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    if ((u64)ts->tv_sec > DEADLINE_NEVER / 4 / NSEC_PER_SEC)
        return 0;
    span = (u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec;
    if ((op & 127) == FUTEX_WAIT_BITSET) { /* absolute */
        now = op & FUTEX_REALTIME ? clock_wall_ns() : clock_mono_ns();
        span = span > now ? span - now : 0;
    }
    *deadline_ns = clock_mono_ns() + span;
    return 0;
}

long futex_operation(u32 *word, int op, u32 val, const struct timespec *timeout, u32 *word2,
                     u32 val3)
{
    u32 val2 = (u32)(u64)timeout; /* the same argument, by operation */
    u64 deadline_ns;
    long err;

    switch (op & ~(FUTEX_PRIVATE | FUTEX_REALTIME)) {
    case FUTEX_WAIT:
        val3 = ~0u;
        __attribute__((fallthrough));
    case FUTEX_WAIT_BITSET:
        err = deadline_of(timeout, op, &deadline_ns);
        return err ? err : wait(word, val, deadline_ns, val3);
    case FUTEX_WAKE:
        return futex_wake(word, val, ~0u);
    case FUTEX_WAKE_BITSET:
        return val3 ? futex_wake(word, val, val3) : -EINVAL;
    case FUTEX_CMP_REQUEUE:
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != val3)
            return -EAGAIN;
        __attribute__((fallthrough));
    case FUTEX_REQUEUE:
        return requeue(word, val, val2, word2);
    }
    return -ENOSYS; /* priority inheritance, wake-op: musl does without */
}
