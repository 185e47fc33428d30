/* Threads of the service: libc's __clone and __unmapself come here directly, at depth 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>

#include "arch/percpu.h"
#include "mem/vm.h"
#include "sched/thread.h"
#include "sys/futex.h"
#include "sys/sys.h"

#define THREAD_FLAGS     (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

#define LAST_STACK_BYTES 8192

long uk_clone(int (*fn)(void *), void *stack, int flags, void *arg, int *parent_tid, u64 tls,
              int *child_tid);
_Noreturn void uk_unmapself(void *stack, size_t len);

long uk_clone(int (*fn)(void *), void *stack, int flags, void *arg, int *parent_tid, u64 tls,
              int *child_tid)
{
    struct percpu *cpu = percpu();
    struct thread *t;
    long tid = -ENOMEM;

    if ((flags & THREAD_FLAGS) != THREAD_FLAGS)
        return -ENOSYS; /* a new process: not in a VM of one */
    if (!stack)
        return -EINVAL;
    LINK_WITH(futex_operation);
    cpu->depth++;
    t = thread_new((u64)stack, fn, arg, flags & CLONE_SETTLS ? tls : thread_current()->tls);
    if (t) {
        tid = t->tid;
        if (flags & CLONE_PARENT_SETTID)
            *parent_tid = t->tid;
        if (flags & CLONE_CHILD_SETTID)
            *child_tid = t->tid;
        if (flags & CLONE_CHILD_CLEARTID)
            t->clear_tid = child_tid;
    }
    cpu->depth--;
    if (cpu->pending)
        sched_leave();
    return tid;
}

struct leaving {
    void *stack;
    size_t len;
};

static void leave(void *arg)
{
    struct leaving *l = arg;

    vm_unmap((u64)l->stack, l->len);
    uk_exit(0); /* libc waits for the word that this clears */
}

/* The stack we stand on goes away, and with it the thread's TLS: end on a stack of nobody's.
 * Whoever got here never comes back to it once switched away, so one such stack is enough. */
_Noreturn void uk_unmapself(void *stack, size_t len)
{
    static u8 last_stack[LAST_STACK_BYTES] __attribute__((aligned(16)));
    static u64 last_tls[8];
    static struct leaving l;

    percpu()->depth++;
    l = (struct leaving){stack, len};
    thread_set_tls((u64)last_tls);
    stack_call(leave, &l, (u64)last_stack + LAST_STACK_BYTES);
}
