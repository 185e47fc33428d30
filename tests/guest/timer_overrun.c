/* timer_settime(2), timer_getoverrun(2): a time is of the clock meant, what is late is counted. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static volatile int n_handled, overrun;

static void on_timer(int sig, siginfo_t *si, void *context)
{
    (void)sig;
    (void)context;
    n_handled++;
    overrun = si->si_overrun;
}

static struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    ts.tv_nsec += ms * 1000000;
    ts.tv_sec += ts.tv_nsec / 1000000000;
    ts.tv_nsec %= 1000000000;
    return ts;
}

static void overruns(int sig)
{
    struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
    struct itimerspec every = {.it_value.tv_nsec = 2000000, .it_interval.tv_nsec = 2000000};
    struct timespec a_while = {.tv_nsec = 201000000};
    timer_t timer;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &how, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
    nanosleep(&a_while, NULL);
    CHECK_EQ(timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_sec = 100}, NULL), 0);
    CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
    nanosleep(&a_while, NULL);

    /* However often it expired, it is one signal, which says how often. */
    n_handled = 0;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    timer_settime(timer, 0, &(struct itimerspec){0}, NULL);
    CHECK(n_handled >= 1 && n_handled <= 3);
    CHECK(overrun < 10000);
    CHECK_EQ(timer_delete(timer), 0);

    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &how, &timer), 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK_EQ(timer_settime(timer, 0, &every, NULL), 0);
    nanosleep(&a_while, NULL);
    siginfo_t si;
    CHECK_EQ(sigwaitinfo(&set, &si), sig);
    int n = timer_getoverrun(timer);
    CHECK(n >= 50 && n < 10000);
    CHECK_EQ(si.si_code, SI_TIMER);
    CHECK_EQ(timer_delete(timer), 0);
}

static void *nothing(void *arg)
{
    return arg;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
    struct itimerspec at = {0}, left;
    struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_EQ(sigaction(SIGRTMIN, &sa, NULL), 0);

    /* An absolute time is one of the timer's own clock. */
    CHECK_EQ(timer_create(CLOCK_REALTIME, &how, &timer), 0);
    at.it_value = in_ms(CLOCK_REALTIME, 30);
    CHECK_EQ(timer_settime(timer, TIMER_ABSTIME, &at, NULL), 0);
    struct timespec second = {.tv_sec = 5};
    CHECK_ERRNO(nanosleep(&second, NULL), EINTR);
    CHECK_EQ(n_handled, 1);
    at.it_value.tv_sec += 1000;
    CHECK_EQ(timer_settime(timer, TIMER_ABSTIME, &at, NULL), 0);
    CHECK_EQ(timer_gettime(timer, &left), 0);
    CHECK(left.it_value.tv_sec <= 1000 && left.it_value.tv_sec > 900);

    /* A time too far away for a count of nanoseconds does not come. */
    at.it_value.tv_sec = INT64_MAX / 4;
    CHECK_EQ(timer_settime(timer, 0, &at, NULL), 0);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    CHECK_EQ(n_handled, 1);
    CHECK_EQ(timer_delete(timer), 0);

    overruns(SIGUSR1);
    overruns(SIGRTMIN);

    /* Clocks of a process and of a thread. */
    clockid_t clock;
    struct timespec ts;
    CHECK_EQ(clock_getcpuclockid(getpid(), &clock), 0);
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    CHECK_EQ(clock_getcpuclockid(0, &clock), 0);
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    CHECK_EQ(pthread_getcpuclockid(pthread_self(), &clock), 0);
    CHECK_EQ(clock_gettime(clock, &ts), 0);
    pthread_t t;
    CHECK_EQ(pthread_create(&t, NULL, nothing, NULL), 0);
    CHECK_EQ(pthread_getcpuclockid(t, &clock), 0);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_ERRNO(clock_gettime(clock, &ts), EINVAL);

    /* A signal stack that is given up is forgotten. */
    static char stack[65536];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack}, old;
    CHECK_EQ(sigaltstack(&ss, NULL), 0);
    CHECK_EQ(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, &old), 0);
    CHECK(old.ss_sp == stack && !old.ss_flags);
    CHECK_EQ(sigaltstack(NULL, &old), 0);
    CHECK(!old.ss_sp && old.ss_flags == SS_DISABLE);
    return 0;
}
