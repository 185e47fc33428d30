/*
 * futex(2). libc's locks reach it from every service, so the queues are linked only with what can
 * make somebody wait and wake: threads (thread.c) and time (time.c). Without them a wait that would
 * begin is a thread waiting for itself.
 */
#include "sys/futex.h"

#include <errno.h>

#include "arch/cpu.h"
#include "sys/sys.h"

#pragma weak futex_operation

long uk_futex(u32 *word, int op, u32 val, const struct timespec *timeout, u32 *word2, u32 val3)
{
    if ((u64)word & 3)
        return -EINVAL;
    if (futex_operation)
        return futex_operation(word, op, val, timeout, word2, val3);
    op &= ~(FUTEX_PRIVATE | FUTEX_REALTIME);
    if (op != FUTEX_WAIT && op != FUTEX_WAIT_BITSET)
        return 0; /* nobody to wake */
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != val)
        return -EAGAIN;
    for (;;) /* as on Linux: for ever */
        cpu_halt();
}
