/* Wait queues are lists: what a wake means is the waiter's business (sched.c for threads). */
#include "sched/wait.h"

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
    struct waiter *first = list_first(&q->waiters, struct waiter, node);

    if (likely(first->node.next == &q->waiters && &first->node != &q->waiters)) {
        first->wake(first, events); /* the only one: nothing to save across the call */
        return;
    }
    list_for_each (it, &q->waiters) {
        struct waiter *w = list_entry(it, struct waiter, node);

        w->wake(w, events);
    }
}
