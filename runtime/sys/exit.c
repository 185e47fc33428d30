/* The end of a thread and of the process: exit(2), exit_group(2). */
#include "sched/thread.h"

#include <errno.h>

#include "sys/futex.h"
#include "sys/sys.h"

#define ROBUST_HEAD_BYTES 24 /* of struct robust_list_head */

long uk_exit_group(int code)
{
    sched_end(code & 255);
}

#pragma weak thread_exit
#pragma weak futex_wake

long uk_exit(int code)
{
    struct thread *me = thread_current();

    if (!futex_wake) /* no threads are linked: this was the only one */
        sched_end(code & 255);
    if (me->clear_tid) {
        *me->clear_tid = 0;
        futex_wake((u32 *)me->clear_tid, 1, ~0u);
    }
    thread_exit(code & 255);
}

long uk_set_tid_address(int *clear_tid)
{
    thread_current()->clear_tid = clear_tid;
    return thread_current()->tid;
}

long uk_gettid(void)
{
    return thread_current()->tid;
}

/* Called by libc's __set_thread_area directly, at depth 0. */
long uk_set_thread_area(u64 tls)
{
    thread_set_tls(tls);
    return 0;
}

/* A kernel walks the list of a thread that ends without doing so itself, as the threads of a
 * process do that is killed: with it ends the VM. libc walks its own when a thread ends. */
long uk_set_robust_list(void *head, size_t len)
{
    (void)head;
    return len == ROBUST_HEAD_BYTES ? 0 : -EINVAL;
}

long uk_get_robust_list(int tid, void **head, size_t *len)
{
    if (tid && tid != thread_current()->tid)
        return -ESRCH;
    if (!head || !len)
        return -EFAULT;
    *head = NULL;
    *len = ROBUST_HEAD_BYTES;
    return 0;
}
