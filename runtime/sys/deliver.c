#include "sys/deliver.h"

#include "sched/thread.h"

bool deliver_restart(void)
{
    return signal_restart && signal_restart();
}

long deliver_broken_pipe(void)
{
    if (!signal_raise_thread) /* nothing of signals is linked: the default action */
        sched_kill(SIGPIPE);
    signal_raise_thread(SIGPIPE);
    return -EPIPE;
}
