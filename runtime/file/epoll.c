#include "file/epoll.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "mem/heap.h"
#include "sched/clock.h"

#define N_FIRST_SLOTS  64u
#define N_NESTED_MAX   5 /* epoll instances within each other; epoll_ctl(2): ELOOP */
/* A service that always finds something ready still has to let the devices move now and then. */
#define TAKES_PER_POLL 4

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

/* Flags among the wanted events; what stays of an item that EPOLLONESHOT has disarmed. */
#define FLAGS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
/* EPOLLEXCLUSIVE goes with nothing else. */
#define EXCLUSIVE_WITH                                                                             \
    (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
    struct file file;
    struct list ready;         /* items that may be ready, first come first */
    struct waitq sleepers;     /* threads in epoll_take(); woken one at a time */
    struct epoll_item **by_fd; /* n_slots chains: a descriptor number may serve two files */
    u32 n_slots;
    u32 n_takes; /* since the devices were polled */
};

struct epoll_item {
    struct waiter waiter; /* on file's queue */
    struct list ready;    /* in epoll.ready, or self */
    struct epoll *ep;
    struct file *file; /* no reference: FILE_GONE tells */
    struct epoll_item *next;
    int fd;
    u32 events; /* wanted; flags included */
    u64 data;
};

static const struct file_ops epoll_ops;

static bool epoll_is(const struct file *f)
{
    return f->ops == &epoll_ops;
}

static struct epoll *epoll_of(struct file *f)
{
    return CONTAINER_OF(f, struct epoll, file);
}

static inline __attribute__((always_inline)) u32 item_events(struct epoll_item *it)
{
    u32 events = it->file->ops->poll(it->file);

    return file_old_names(events) & it->events & ~(u32)FLAGS;
}

static u32 item_poll(struct epoll_item *it)
{
    return item_events(it);
}

/* Take the first sleeper off the queue: the next event wakes the next one. */
static __attribute__((noinline)) void wake_first(struct epoll *ep)
{
    struct waiter *w = list_first(&ep->sleepers.waiters, struct waiter, node);

    waitq_remove(w);
    thread_wake(w->thread);
}

static inline void wake_one(struct epoll *ep)
{
    if (unlikely(!list_empty(&ep->sleepers.waiters)))
        wake_first(ep);
}

static void item_make_ready(struct epoll_item *it)
{
    struct epoll *ep = it->ep;

    if (list_empty(&it->ready))
        list_push_back_inline(&ep->ready, &it->ready);
    wake_one(ep);
    if (unlikely(!list_empty(&ep->file.waitq.waiters)))
        file_notify(&ep->file, EPOLLIN); /* poll() and outer epoll instances */
}

static void item_free(struct epoll_item *it)
{
    struct epoll_item **p = &it->ep->by_fd[it->fd];

    while (*p != it)
        p = &(*p)->next;
    *p = it->next;
    list_remove(&it->ready);
    waitq_remove(&it->waiter);
    heap_free(it);
}

/* The watched file's state changed: the wake function of every item. */
static void item_wake(struct waiter *w, u32 events)
{
    struct epoll_item *it = CONTAINER_OF(w, struct epoll_item, waiter);

    if (unlikely(events == FILE_GONE))
        item_free(it);
    else if (events ? events & it->events : it->events & ~(u32)FLAGS)
        item_make_ready(it);
}

static struct epoll_item *item_find(struct epoll *ep, struct file *target, int fd)
{
    struct epoll_item *it = (u32)fd < ep->n_slots ? ep->by_fd[fd] : NULL;

    while (it && it->file != target)
        it = it->next;
    return it;
}

static int slots_grow(struct epoll *ep, u32 fd)
{
    u32 n = MAX(ep->n_slots, N_FIRST_SLOTS);
    struct epoll_item **slots;

    if (fd < ep->n_slots)
        return 0;
    while (n <= fd)
        n *= 2;
    slots = heap_new(n * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    if (ep->n_slots)
        memcpy(slots, ep->by_fd, ep->n_slots * sizeof(*slots));
    heap_free(ep->by_fd);
    ep->by_fd = slots;
    ep->n_slots = n;
    return 0;
}

/* How many instances deep @ep is, itself included; more than N_NESTED_MAX if it contains @outer. */
static int depth_within(struct epoll *ep, const struct epoll *outer)
{
    int deepest = 0;

    if (ep == outer)
        return N_NESTED_MAX + 1;
    for (u32 fd = 0; fd < ep->n_slots; fd++) {
        for (struct epoll_item *it = ep->by_fd[fd]; it; it = it->next) {
            if (epoll_is(it->file))
                deepest = MAX(deepest, depth_within(epoll_of(it->file), outer));
        }
    }
    return deepest + 1;
}

/* How many instances stand around @ep, itself included. */
static int depth_around(struct epoll *ep)
{
    int deepest = 0;

    list_for_each (node, &ep->file.waitq.waiters) {
        struct waiter *w = list_entry(node, struct waiter, node);

        if (w->wake == item_wake)
            deepest = MAX(deepest, depth_around(CONTAINER_OF(w, struct epoll_item, waiter)->ep));
    }
    return deepest + 1;
}

static int item_add(struct epoll *ep, struct file *target, int fd, u32 events, u64 data)
{
    struct epoll_item *it;
    int err;

    if (epoll_is(target) && depth_within(epoll_of(target), ep) + depth_around(ep) > N_NESTED_MAX)
        return -ELOOP;
    err = slots_grow(ep, (u32)fd);
    if (err)
        return err;
    it = heap_new(sizeof(*it));
    if (!it)
        return -ENOMEM;
    it->ep = ep;
    it->file = target;
    it->fd = fd;
    it->events = events;
    it->data = data;
    it->next = ep->by_fd[fd];
    ep->by_fd[fd] = it;
    list_init(&it->ready);
    waiter_init(&it->waiter, NULL);
    it->waiter.wake = item_wake;
    waitq_add(&target->waitq, &it->waiter);
    if (item_poll(it))
        item_make_ready(it);
    return 0;
}

int epoll_change(struct file *f, int op, struct file *target, int fd,
                 const struct epoll_event *event)
{
    u32 events = event ? event->events | EPOLLERR | EPOLLHUP : 0;
    struct epoll_item *it;
    struct epoll *ep;

    if (!target->ops->poll)
        return -EPERM;
    if (f == target || !epoll_is(f))
        return -EINVAL;
    if (op != EPOLL_CTL_DEL && events & EPOLLEXCLUSIVE &&
        (op == EPOLL_CTL_MOD || epoll_is(target) || events & ~(u32)EXCLUSIVE_WITH))
        return -EINVAL;
    ep = epoll_of(f);
    it = item_find(ep, target, fd);
    switch (op) {
    case EPOLL_CTL_ADD:
        return it ? -EEXIST : item_add(ep, target, fd, events, event->data.u64);
    case EPOLL_CTL_DEL:
        if (!it)
            return -ENOENT;
        item_free(it);
        return 0;
    case EPOLL_CTL_MOD:
        if (!it)
            return -ENOENT;
        if (it->events & EPOLLEXCLUSIVE)
            return -EINVAL;
        it->events = events;
        it->data = event->data.u64;
        if (item_poll(it))
            item_make_ready(it);
        return 0;
    default:
        return -EINVAL;
    }
}

/* One pass over the ready list. Level-triggered items go to its end: the next pass asks again and
 * drops those that are not ready any more. */
static int take_ready(struct epoll *ep, struct epoll_event *events, int n_max)
{
    struct list *at = ep->ready.next;
    int n = 0;

    while (n < n_max && at != &ep->ready) {
        struct epoll_item *it = list_entry(at, struct epoll_item, ready);
        u32 got = item_events(it);

        at = at->next;
        if (got) {
            events->events = got;
            events++->data.u64 = it->data;
            n++;
            if (likely(!(it->events & (EPOLLET | EPOLLONESHOT))))
                continue;
            if (it->events & EPOLLONESHOT)
                it->events &= FLAGS;
        }
        list_remove_inline(&it->ready);
    }
    if (at != &ep->ready) { /* the head moves to between who was asked and who was not */
        list_remove(&ep->ready);
        list_push_back(at, &ep->ready);
    }
    return n;
}

NO_STACK_CHECK int epoll_take(struct file *f, struct epoll_event *events, int n_max, u64 timeout_ns)
{
    u64 deadline_ns = DEADLINE_NEVER;
    struct epoll *ep;
    int err = 0, n;

    if (!epoll_is(f) || n_max <= 0 || n_max > INT_MAX / (int)sizeof(*events))
        return -EINVAL;
    ep = epoll_of(f);
    if (++ep->n_takes < TAKES_PER_POLL) {
        n = take_ready(ep, events, n_max);
        if (n)
            goto out;
    }
    ep->n_takes = 0;
    sched_poll();
    n = take_ready(ep, events, n_max);
    if (n || !timeout_ns)
        goto out;
    if (timeout_ns != DEADLINE_NEVER)
        deadline_ns = clock_mono_ns() + timeout_ns;
    while (!n && !err) {
        struct waiter w;

        waiter_init(&w, thread_current());
        waitq_add(&ep->sleepers, &w);
        err = sched_sleep(deadline_ns);
        waitq_remove(&w);
        n = take_ready(ep, events, n_max);
    }
out:
    if (!list_empty(&ep->ready))
        wake_one(
            ep); /* what we leave, or were woken for and do not take, is for the next sleeper */
    return n || err == -ETIMEDOUT ? n : err;
}

static u32 epoll_poll(struct file *f)
{
    struct epoll *ep = epoll_of(f);

    list_for_each (node, &ep->ready) {
        if (item_poll(list_entry(node, struct epoll_item, ready)))
            return EPOLLIN;
        list_remove(node);
    }
    return 0;
}

static void epoll_release(struct file *f)
{
    struct epoll *ep = epoll_of(f);

    for (u32 fd = 0; fd < ep->n_slots; fd++) {
        while (ep->by_fd[fd])
            item_free(ep->by_fd[fd]);
    }
    heap_free(ep->by_fd);
    heap_free(ep);
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll,
    .release = epoll_release,
};

int epoll_new(struct file **out)
{
    struct epoll *ep = heap_new(sizeof(*ep));

    if (!ep)
        return -ENOMEM;
    file_init(&ep->file, &epoll_ops, O_RDWR);
    list_init(&ep->ready);
    waitq_init(&ep->sleepers);
    *out = &ep->file;
    return 0;
}
