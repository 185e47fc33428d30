/* The calls about signals: rt_sigaction(2), kill(2), sigaltstack(2) and theirs. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "arch/percpu.h"
#include "mem/vm.h"
#include "sched/clock.h"
#include "sys/signal.h"
#include "sys/sys.h"

#define MASK_BYTES 8

long uk_rt_sigaction(int sig, const struct sigaction_kernel *to, struct sigaction_kernel *old,
                     size_t mask_bytes)
{
    if (mask_bytes != MASK_BYTES || sig < 1 || sig > N_SIGNALS)
        return -EINVAL;
    if (to && (sig == SIGKILL || sig == SIGSTOP))
        return -EINVAL;
    if (old)
        *old = *signal_action(sig);
    if (to) {
        *signal_action(sig) = *to;
        signal_discard(sig);
    }
    return 0;
}

long uk_rt_sigpending(u64 *set, size_t mask_bytes)
{
    if (mask_bytes != MASK_BYTES)
        return -EINVAL;
    *set = signal_pending_all() & thread_current()->signal_mask;
    return 0;
}

static long wait_for_signal(u64 deadline_ns)
{
    int err;

    do
        err = sched_sleep(deadline_ns);
    while (!err);
    return err;
}

long uk_rt_sigsuspend(const u64 *mask, size_t mask_bytes)
{
    u64 old;

    if (mask_bytes != MASK_BYTES)
        return -EINVAL;
    old = signal_mask_swap(*mask);
    wait_for_signal(DEADLINE_NEVER);
    signal_mask_restore_later(old);
    return -EINTR;
}

long uk_pause(void)
{
    wait_for_signal(DEADLINE_NEVER);
    return -EINTR;
}

long uk_rt_sigtimedwait(const u64 *set, siginfo_t *info, const struct timespec *timeout,
                        size_t mask_bytes)
{
    struct thread *me = thread_current();
    u64 deadline_ns = DEADLINE_NEVER, old, ready;
    struct signal_info taken = {0};
    int err = 0, sig = 0;

    if (mask_bytes != MASK_BYTES)
        return -EINVAL;
    if (timeout) {
        if (timeout->tv_nsec < 0 || timeout->tv_nsec >= (long)NSEC_PER_SEC || timeout->tv_sec < 0)
            return -EINVAL;
        deadline_ns = clock_mono_ns() + (u64)timeout->tv_sec * NSEC_PER_SEC + (u64)timeout->tv_nsec;
    }
    old = me->signal_mask;
    me->signal_wanted = *set & old;
    me->signal_mask = old & ~*set; /* so that one of the set ends the sleep */
    signal_settle();
    while (!(ready = me->signal_pending & *set) && !err)
        err = sched_sleep(deadline_ns);
    me->signal_wanted = 0;
    me->signal_mask = old;
    if (ready) {
        sig = __builtin_ctzll(ready) + 1;
        taken = signal_take(me, sig);
    }
    signal_settle();
    if (!ready)
        return err == -ETIMEDOUT ? -EAGAIN : err;
    if (info) {
        *info = (siginfo_t){.si_signo = sig, .si_code = taken.code};
        info->si_pid = 1;
        info->si_value.sival_ptr = (void *)taken.value;
    }
    return sig;
}

long uk_sigaltstack(const stack_t *to, stack_t *old)
{
    struct thread *me = thread_current();
    bool is_in_use = (u64)__builtin_frame_address(0) - (u64)me->signal_stack < me->signal_stack_len;

    if (old)
        *old = (stack_t){.ss_sp = me->signal_stack,
                         .ss_size = me->signal_stack_len,
                         .ss_flags = is_in_use              ? SS_ONSTACK
                                     : me->signal_stack_len ? 0
                                                            : SS_DISABLE};
    if (!to)
        return 0;
    if (is_in_use)
        return -EPERM;
    if (to->ss_flags && to->ss_flags != SS_DISABLE && to->ss_flags != SS_ONSTACK)
        return -EINVAL;
    if (!(to->ss_flags & SS_DISABLE) && to->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    me->signal_stack = to->ss_flags & SS_DISABLE ? NULL : to->ss_sp;
    me->signal_stack_len = to->ss_flags & SS_DISABLE ? 0 : to->ss_size;
    return 0;
}

/* ---- sending ---- */

long uk_kill(int pid, int sig)
{
    if (sig < 0 || sig > N_SIGNALS)
        return -EINVAL;
    if (pid > 1 || pid < -1)
        return -ESRCH; /* there is one process, and its group */
    if (sig)
        signal_send_process(sig, (struct signal_info){.code = SI_USER});
    return 0;
}

long uk_tkill(int tid, int sig)
{
    struct thread *t = thread_find(tid);

    if (sig < 0 || sig > N_SIGNALS || tid <= 0)
        return -EINVAL;
    if (!t)
        return -ESRCH;
    if (sig)
        signal_send(t, sig, (struct signal_info){.code = SI_TKILL});
    return 0;
}

long uk_tgkill(int tgid, int tid, int sig)
{
    return tgid == 1 ? uk_tkill(tid, sig) : -ESRCH;
}

long uk_rt_sigqueueinfo(int pid, int sig, const siginfo_t *info)
{
    if (sig < 0 || sig > N_SIGNALS)
        return -EINVAL;
    if (pid != 1)
        return -ESRCH;
    if (sig)
        signal_send_process(sig, (struct signal_info){.code = info->si_code,
                                                      .value = (u64)info->si_value.sival_ptr});
    return 0;
}
