/* rt_sigprocmask(2): reached by many services (libc's locks), so apart from the signals themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "sys/signal.h"
#include "sys/sys.h"

#pragma weak signal_settle

long uk_rt_sigprocmask(int how, const u64 *set, u64 *old, size_t mask_bytes)
{
    struct thread *me = thread_current();
    u64 mask = me->signal_mask;

    if (mask_bytes != 8)
        return -EINVAL;
    if (set) {
        u64 to = *set & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));

        if (how == SIG_BLOCK)
            me->signal_mask = mask | to;
        else if (how == SIG_UNBLOCK)
            me->signal_mask = mask & ~to;
        else if (how == SIG_SETMASK)
            me->signal_mask = to;
        else
            return -EINVAL;
        if (signal_settle)
            signal_settle();
    }
    if (old)
        *old = mask;
    return 0;
}
