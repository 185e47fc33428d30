/* Who the threads are; the one that is always there. */
#include "sched/thread.h"

#include "arch/percpu.h"

struct thread thread_first;
struct list thread_all = LIST_INIT(thread_all);
void (*sched_end)(int code) __attribute__((noreturn));
void (*sched_kill)(int sig) __attribute__((noreturn));

void thread_begin(void)
{
    list_init(&thread_first.ready_node);
    list_push_back(&thread_all, &thread_first.all_node);
    thread_first.tid = 1;
    percpu()->current = &thread_first;
}

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
