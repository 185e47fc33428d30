#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "sched/thread.h"

long uk_sched_yield(void)
{
    sched_yield_cpu();
    return 0;
}

/* One CPU, number 0. */
long uk_sched_getaffinity(pid_t tid, size_t len, void *mask)
{
    u64 cpus = 1;

    if (tid < 0)
        return -ESRCH;
    if (len < sizeof(cpus) || len % sizeof(cpus))
        return -EINVAL;
    if (!mask)
        return -EFAULT;
    memcpy(mask, &cpus, sizeof(cpus));
    return sizeof(cpus);
}

long uk_sched_setaffinity(pid_t tid, size_t len, const void *mask)
{
    if (tid < 0)
        return -ESRCH;
    if (!mask)
        return -EFAULT;
    return len && *(const u8 *)mask & 1 ? 0 : -EINVAL;
}

/* LIMIT: real-time policies are accepted and schedule like any other. */
static bool is_realtime(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(int policy)
{
    return is_realtime(policy) || policy == SCHED_OTHER || policy == SCHED_BATCH ||
           policy == SCHED_IDLE;
}

long uk_sched_getscheduler(pid_t tid)
{
    return tid < 0 ? -EINVAL : SCHED_OTHER;
}

long uk_sched_setscheduler(pid_t tid, int policy, const void *param)
{
    int prio;

    if (tid < 0 || !param || !is_policy(policy))
        return -EINVAL;
    memcpy(&prio, param, sizeof(prio));
    if (is_realtime(policy))
        return prio < 1 || prio > 99 ? -EINVAL : 0;
    return prio ? -EINVAL : 0;
}

long uk_sched_getparam(pid_t tid, void *param)
{
    if (tid < 0 || !param)
        return -EINVAL;
    memset(param, 0, sizeof(int));
    return 0;
}

long uk_sched_setparam(pid_t tid, const void *param)
{
    return uk_sched_setscheduler(tid, SCHED_OTHER, param);
}

long uk_sched_get_priority_max(int policy)
{
    if (!is_policy(policy))
        return -EINVAL;
    return is_realtime(policy) ? 99 : 0;
}

long uk_sched_get_priority_min(int policy)
{
    if (!is_policy(policy))
        return -EINVAL;
    return is_realtime(policy) ? 1 : 0;
}

long uk_sched_rr_get_interval(pid_t tid, struct timespec *interval)
{
    if (tid < 0)
        return -EINVAL;
    if (!interval)
        return -EFAULT;
    *interval = (struct timespec){.tv_nsec = SLICE_NS};
    return 0;
}
