/* sigaction(2): a handler learns who sent it, is masked while it runs, can be one-shot. */
#include "check.h"

#include <signal.h>

static volatile sig_atomic_t n_calls, depth, max_depth;

static void handler(int sig, siginfo_t *info, void *context)
{
    CHECK_EQ(sig, SIGUSR1);
    CHECK_EQ(info->si_signo, SIGUSR1);
    CHECK_EQ(info->si_pid, getpid());
    CHECK(context);
    depth++;
    if (depth > max_depth)
        max_depth = depth;
    if (++n_calls == 1)
        raise(SIGUSR1); /* pending until this one returns */
    depth--;
}

static void nested(int sig)
{
    depth++;
    if (depth > max_depth)
        max_depth = depth;
    if (++n_calls < 3)
        raise(sig);
    depth--;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO}, old;
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(n_calls, 2);
    CHECK_EQ(max_depth, 1);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
    CHECK(old.sa_sigaction == handler);
    CHECK(old.sa_flags & SA_SIGINFO);

    n_calls = max_depth = 0;
    sa = (struct sigaction){.sa_handler = nested, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    CHECK_EQ(max_depth, 3);

    n_calls = 3;
    sa.sa_flags = SA_RESETHAND;
    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    CHECK_EQ(n_calls, 4);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
    CHECK(old.sa_handler == SIG_DFL);

    CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_ERRNO(sigaction(SIGKILL, &sa, NULL), EINVAL);
    CHECK_ERRNO(sigaction(SIGSTOP, &sa, NULL), EINVAL);
    CHECK_ERRNO(sigaction(200, &sa, NULL), EINVAL);
    CHECK_ERRNO(kill(getpid(), 200), EINVAL);
    CHECK_EQ(kill(getpid(), 0), 0);
    /* Ignored by default */
    CHECK_EQ(raise(SIGCHLD), 0);
    CHECK_EQ(raise(SIGWINCH), 0);
    CHECK_EQ(raise(SIGURG), 0);
    return 0;
}
