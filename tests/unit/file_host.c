#include "file_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/random.h"
#include "mem/heap.h"
#include "mem/page.h"
#include "sched/timer.h"

#define N_PAGES 4096

bool host_signal;
unsigned host_sleeps, host_polls;
long host_heap_left = -1, host_pages_left = N_PAGES, host_n_heap, host_n_pages;

static u64 now_ns = NSEC_PER_SEC;
static bool is_woken;
static struct list timers = LIST_INIT(timers), pollers = LIST_INIT(pollers);
static struct {
    void (*fn)(void *arg);
    void *arg;
} steps[64];
static unsigned n_steps, next_step;

void host_step(void (*fn)(void *arg), void *arg)
{
    if (next_step == n_steps)
        next_step = n_steps = 0;
    steps[n_steps].fn = fn;
    steps[n_steps++].arg = arg;
}

void host_advance(u64 ns)
{
    now_ns += ns;
}

void host_steps_drop(void)
{
    next_step = n_steps = 0;
}

u64 clock_mono_ns(void)
{
    return now_ns;
}

u64 clock_wall_ns(void)
{
    return now_ns + 1700000000 * NSEC_PER_SEC;
}

/* -- waiting -- */

struct thread *thread_current(void)
{
    static char one;
    return (struct thread *)&one;
}

void thread_wake(struct thread *t)
{
    is_woken = is_woken || t == thread_current();
}

static void wake_thread(struct waiter *w, u32 events)
{
    (void)events;
    thread_wake(w->thread);
}

void waiter_init(struct waiter *w, struct thread *thread)
{
    list_init(&w->node);
    w->thread = thread;
    w->wake = wake_thread;
}

void waitq_add(struct waitq *q, struct waiter *w)
{
    list_push_back(&q->waiters, &w->node);
}

void waitq_remove(struct waiter *w)
{
    list_remove(&w->node);
}

void waitq_wake(struct waitq *q, u32 events)
{
    list_for_each (node, &q->waiters) {
        struct waiter *w = list_entry(node, struct waiter, node);
        w->wake(w, events);
    }
}

void poller_add(struct poller *p)
{
    list_push_back(&pollers, &p->node);
}

void sched_poll(void)
{
    host_polls++;
    list_for_each (node, &pollers) {
        struct poller *p = list_entry(node, struct poller, node);
        p->poll(p);
    }
    timer_run(now_ns);
}

int sched_sleep(u64 deadline_ns)
{
    host_sleeps++;
    for (;;) {
        if (is_woken) {
            is_woken = false;
            return 0;
        }
        if (host_signal)
            return -EINTR;
        if (next_step < n_steps) {
            next_step++;
            steps[next_step - 1].fn(steps[next_step - 1].arg);
            continue;
        }
        u64 next_ns = MIN(timer_next_ns(), deadline_ns);
        if (next_ns == DEADLINE_NEVER) {
            fprintf(stderr, "asleep for ever\n");
            abort();
        }
        now_ns = MAX(now_ns, next_ns);
        if (!timer_run(now_ns) && now_ns >= deadline_ns)
            return -ETIMEDOUT;
    }
}

/* -- timers -- */

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
    list_init(&t->node);
    t->fire = fire;
}

void timer_set(struct timer *t, u64 deadline_ns)
{
    list_remove(&t->node);
    t->deadline_ns = deadline_ns;
    list_push_back(&timers, &t->node);
}

void timer_cancel(struct timer *t)
{
    list_remove(&t->node);
}

bool timer_run(u64 at_ns)
{
    bool any = false;

    list_for_each (node, &timers) {
        struct timer *t = list_entry(node, struct timer, node);
        if (t->deadline_ns > at_ns)
            continue;
        list_remove(&t->node);
        t->fire(t);
        any = true;
    }
    return any;
}

u64 timer_next_ns(void)
{
    u64 next_ns = DEADLINE_NEVER;

    list_for_each (node, &timers) {
        next_ns = MIN(next_ns, list_entry(node, struct timer, node)->deadline_ns);
    }
    return next_ns;
}

/* -- memory -- */

void *heap_new(size_t len_bytes)
{
    if (!host_heap_left)
        return NULL;
    if (host_heap_left > 0)
        host_heap_left--;
    host_n_heap++;
    return calloc(1, len_bytes);
}

void heap_free(void *p)
{
    host_n_heap -= p != NULL;
    free(p);
}

void *page_alloc(size_t n_pages)
{
    void *p;

    if (host_pages_left < (long)n_pages)
        return NULL;
    p = aligned_alloc(PAGE_SIZE, n_pages * PAGE_SIZE);
    memset(p, 0xa5, n_pages * PAGE_SIZE);
    host_pages_left -= (long)n_pages;
    host_n_pages += (long)n_pages;
    return p;
}

void page_free(void *addr, size_t n_pages)
{
    host_pages_left += (long)n_pages;
    host_n_pages -= (long)n_pages;
    free(addr);
}

size_t page_total(void)
{
    return N_PAGES;
}

size_t page_avail(void)
{
    return (size_t)host_pages_left;
}

/* -- the rest -- */

void random_bytes(void *buf, size_t len)
{
    memset(buf, 0x5a, len);
}

_Noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

long host_read(struct file *f, void *buf, size_t len)
{
    struct iovec iov = {buf, len};
    return f->ops->read(f, &iov, 1, -1);
}

long host_write(struct file *f, const void *buf, size_t len)
{
    struct iovec iov = {(void *)buf, len};
    return f->ops->write(f, &iov, 1, -1);
}
