/* Who the threads are; the one that is always there. */
#include "sched/thread.h"

#include "arch/percpu.h"

struct thread thread_first = {
    .ready_node = LIST_INIT(thread_first.ready_node),
    .all_node = {&thread_all, &thread_all},
    .tid = 1,
};
struct list thread_all = {&thread_first.all_node, &thread_first.all_node};
void (*sched_end)(int code) __attribute__((noreturn));
void (*sched_kill)(int sig) __attribute__((noreturn));

struct thread *thread_current(void)
{
    return percpu()->current;
}

struct thread *thread_find(int tid)
{
    list_for_each (it, &thread_all) {
        struct thread *t = list_entry(it, struct thread, all_node);

        if (t->tid == tid)
            return t;
    }
    return NULL;
}

void thread_set_tls(u64 tls)
{
    thread_current()->tls = tls;
    context_set_tls(tls);
}
