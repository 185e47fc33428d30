/* sigprocmask(2), sigpending(2), sigsuspend(2): blocked signals wait, once each, and come later. */
#include "check.h"

#include <signal.h>

static volatile sig_atomic_t order[4], n_calls;

static void handler(int sig)
{
    order[n_calls++ % 4] = sig;
}

int main(void)
{
    sigset_t set, old, pending, none;
    struct sigaction sa = {.sa_handler = handler};
    sigaction(SIGUSR1, &sa, NULL);
    sigaction(SIGUSR2, &sa, NULL);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
    CHECK_EQ(sigismember(&old, SIGUSR1), 0);

    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK_EQ(n_calls, 0);
    CHECK_EQ(sigpending(&pending), 0);
    CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
    CHECK_EQ(sigismember(&pending, SIGUSR2), 0);
    raise(SIGUSR2);
    CHECK_EQ(n_calls, 1);

    CHECK_ERRNO(sigsuspend(&none), EINTR);
    CHECK_EQ(n_calls, 2);
    CHECK_EQ(order[1], SIGUSR1);
    CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &old), 0);
    CHECK_EQ(sigismember(&old, SIGUSR1), 1); /* sigsuspend() put it back */

    raise(SIGUSR1);
    CHECK_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    CHECK_EQ(n_calls, 3);
    CHECK_ERRNO(sigprocmask(77, &set, NULL), EINVAL);

    /* sigtimedwait() takes it without a handler, or gives up. */
    siginfo_t info;
    struct timespec ts = {.tv_nsec = 10000000};
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK_ERRNO(sigtimedwait(&set, &info, &ts), EAGAIN);
    raise(SIGUSR1);
    CHECK_EQ(sigtimedwait(&set, &info, &ts), SIGUSR1);
    CHECK_EQ(info.si_signo, SIGUSR1);
    CHECK_EQ(n_calls, 3);

    /* Real-time signals queue. */
    sigset_t rt;
    sigemptyset(&rt);
    sigaddset(&rt, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &rt, NULL);
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}), 0);
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(sigwaitinfo(&rt, &info), SIGRTMIN);
        CHECK_EQ(info.si_value.sival_int, i);
    }
    CHECK_ERRNO(sigtimedwait(&rt, &info, &ts), EAGAIN);
    return 0;
}
