/*
 * What these calls need from signal.c. Weak: a service that uses no signals does not link it, and
 * then nothing is raised or masked.
 */
#pragma once

#include <errno.h>
#include <signal.h>

#include "base/types.h"

/* Make @sig pending for the calling thread; it is delivered when the call returns. */
extern __attribute__((weak)) void signal_raise_thread(int sig);

/* Replace the calling thread's mask. Returns the old one. */
extern __attribute__((weak)) u64 signal_mask_swap(u64 mask);

/* Put @mask back, but only after the pending signal that ended the call with -EINTR is delivered:
 * what rt_sigsuspend(2) does. */
extern __attribute__((weak)) void signal_mask_restore_later(u64 mask);

/* Deliver what is pending now, inside a call. True: the call is to be restarted (SA_RESTART). */
extern __attribute__((weak)) bool signal_restart(void);

/* signal_restart(), if there is one. */
bool deliver_restart(void);

/* Do @call again for as long as signals interrupt it whose handlers want that: signal(7) lists the
 * calls. Nothing of the call may be left on a queue when it returns -EINTR: a handler may jump
 * away. */
#define DELIVER_RESTARTING(call)                                                                   \
    ({                                                                                             \
        long result_;                                                                              \
        do                                                                                         \
            result_ = (call);                                                                      \
        while (unlikely(result_ == -EINTR) && deliver_restart());                                  \
        result_;                                                                                   \
    })

/* A broken pipe is told by a signal as well. Returns -EPIPE. */
long deliver_broken_pipe(void);

/* The end of a write. */
static inline long deliver_sigpipe(long result)
{
    return likely(result != -EPIPE) ? result : deliver_broken_pipe();
}

/* Around a wait with a mask of its own (ppoll, pselect, epoll_pwait). @mask may be NULL. */
static inline u64 deliver_mask_begin(const u64 *mask)
{
    return mask && signal_mask_swap ? signal_mask_swap(*mask) : 0;
}

static inline void deliver_mask_end(const u64 *mask, u64 old, long result)
{
    if (!mask || !signal_mask_swap)
        return;
    if (result == -EINTR)
        signal_mask_restore_later(old);
    else
        signal_mask_swap(old);
}
