/* signal(7): what the process was sent and every thread blocks is for whoever takes it first. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static const struct timespec now = {0, 0}, soon = {5, 0};
static volatile int n_handled;
static pthread_t handled_by;

static sigset_t set_of(int a, int b)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, a);
    sigaddset(&s, b);
    return s;
}

static void *wait_both(void *arg)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2);
    *(int *)arg = sigtimedwait(&both, NULL, &soon);
    return NULL;
}

static void *wait_child(void *arg)
{
    sigset_t child = set_of(SIGCHLD, SIGURG);
    *(int *)arg = sigtimedwait(&child, NULL, &soon);
    return NULL;
}

static void *send_and_end(void *arg)
{
    CHECK_EQ(kill(getpid(), *(int *)arg), 0);
    return NULL;
}

static void on_signal(int sig)
{
    (void)sig;
    n_handled++;
    handled_by = pthread_self();
}

static void *unblock(void *arg)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2);
    (void)arg;
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &both, NULL), 0);
    return NULL;
}

static int run(void *(*fn)(void *), int arg)
{
    pthread_t t;
    CHECK_EQ(pthread_create(&t, NULL, fn, &arg), 0);
    CHECK_EQ(pthread_join(t, NULL), 0);
    return arg;
}

int main(void)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2), rt = set_of(SIGRTMIN, SIGRTMIN), pending;
    sigset_t child = set_of(SIGCHLD, SIGURG);
    struct sigaction sa = {.sa_handler = on_signal};
    pthread_t t;
    int got = 0;
    CHECK_EQ(sigprocmask(SIG_BLOCK, &both, NULL), 0);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &rt, NULL), 0);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &child, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR2, &sa, NULL), 0);

    /* Sent by one, waited for by others, each of which takes one. */
    CHECK_EQ(kill(getpid(), SIGUSR1), 0);
    run(send_and_end, SIGUSR2);
    CHECK_EQ(sigpending(&pending), 0);
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
    CHECK_EQ(run(wait_both, 0), SIGUSR1);
    CHECK_EQ(sigtimedwait(&both, NULL, &now), SIGUSR2);
    CHECK_ERRNO(sigtimedwait(&both, NULL, &now), EAGAIN);

    /* Sent by one that is gone, handled by one that unblocks it. */
    run(send_and_end, SIGUSR1);
    CHECK_EQ(n_handled, 0);
    run(unblock, 0);
    CHECK_EQ(n_handled, 1);
    CHECK(!pthread_equal(handled_by, pthread_self()));
    run(send_and_end, SIGUSR2);
    CHECK_EQ(sigprocmask(SIG_UNBLOCK, &both, NULL), 0);
    CHECK_EQ(n_handled, 2);
    CHECK(pthread_equal(handled_by, pthread_self()));
    CHECK_EQ(sigprocmask(SIG_BLOCK, &both, NULL), 0);

    /* Real-time signals keep their order whoever takes them. */
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}), 0);
    for (int i = 1; i <= 3; i++) {
        siginfo_t si;
        CHECK_EQ(sigtimedwait(&rt, &si, &now), SIGRTMIN);
        CHECK_EQ(si.si_value.sival_int, i);
    }

    /* To ignore it is to forget it, for the process and for every thread. */
    run(send_and_end, SIGUSR1);
    CHECK_EQ(pthread_create(&t, NULL, wait_child, &got), 0);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    sa.sa_handler = SIG_IGN;
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_EQ(sigpending(&pending), 0);
    CHECK(!sigismember(&pending, SIGUSR1));

    /* What is ignored by default is had by who waits for it. */
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    CHECK_EQ(kill(getpid(), SIGCHLD), 0);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_EQ(got, SIGCHLD);
    return 0;
}
