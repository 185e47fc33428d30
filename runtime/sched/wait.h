/*
 * Waiting (D4). A thread that must wait puts a waiter on the queue of what it waits for, checks its
 * condition, and calls sched_sleep(). While it sleeps, the scheduler runs other threads, polls the
 * devices, fires timers, and idles the CPU when nothing is left to do.
 *
 *      struct waiter w;
 *      int err = 0;
 *      waiter_init(&w, thread_current());
 *      waitq_add(&sk->file.waitq, &w);
 *      while (!sock_has_data(sk) && !err)
 *          err = sched_sleep(deadline_ns);
 *      waitq_remove(&w);
 *
 * No wake-up is lost: runtime code is never preempted by another thread, and a wake between the
 * check and the sleep makes sched_sleep() return at once.
 */
#pragma once

#include "base/list.h"

struct thread;

struct waitq {
    struct list waiters;
};

struct waiter {
    struct list node;
    struct thread *thread;                      /* woken by the default wake function */
    void (*wake)(struct waiter *w, u32 events); /* never sleeps; may remove @w */
};

static inline void waitq_init(struct waitq *q)
{
    list_init(&q->waiters);
}

/* Set up @w to wake @thread; for a callback instead, set w->wake afterwards. */
void waiter_init(struct waiter *w, struct thread *thread);
void waitq_add(struct waitq *q, struct waiter *w);
void waitq_remove(struct waiter *w); /* harmless if not queued */

/* Call the wake function of every waiter, first come first. @events: EPOLLIN | … as a hint. */
void waitq_wake(struct waitq *q, u32 events);

struct thread *thread_current(void);

/* Make a sleeping @t runnable; if it runs now, its next sched_sleep() returns at once. */
void thread_wake(struct thread *t);

/**
 * Give up the CPU until somebody calls thread_wake() on this thread.
 *
 * @deadline_ns  monotonic, or DEADLINE_NEVER
 * Returns  0 woken (spurious wakes happen: recheck); -ETIMEDOUT; -EINTR a signal is pending
 */
int sched_sleep(u64 deadline_ns);

/* Poll devices and timers once, without waiting: what a non-blocking call does before -EAGAIN. */
void sched_poll(void);

/* Poll them, and if nothing came of it wait for an interrupt or the next timer, @until_ns at most,
 * without letting another thread run: for the end, when nobody of the service is to run any more.
 */
void sched_pause(u64 until_ns);

/* Let other runnable threads go first, if there are any. */
void sched_yield_cpu(void);

/*
 * A source of work that nobody interrupts us for while we run: a network device. The idle loop
 * calls poll() on each, and before it halts arm(), which asks for an interrupt and reports whether
 * work slipped in meanwhile; disarm() after the halt.
 */
struct poller {
    struct list node;
    bool (*poll)(struct poller *p);   /* do the pending work; true if there was any */
    bool (*arm)(struct poller *p);    /* ask for an interrupt; true if work is there already */
    void (*disarm)(struct poller *p); /* acknowledge, and no more interrupts please; may come inside
                                         any of the others, from an interrupt */
};
void poller_add(struct poller *p);
void poller_remove(struct poller *p);
