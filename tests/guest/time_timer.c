/* timer_create(2): a POSIX timer signals, tells what is left, and overruns are counted. */
#include "check.h"

#include <signal.h>
#include <time.h>

static volatile sig_atomic_t n_fired, value;

static void on_timer(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    CHECK_EQ(info->si_code, SI_TIMER);
    value = info->si_value.sival_int;
    n_fired++;
}

int main(void)
{
    timer_t timer;
    struct sigevent how = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
    struct sigaction sa = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &sa, NULL);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &how, &timer), 0);
    struct itimerspec in = {.it_value.tv_nsec = 20000000, .it_interval.tv_nsec = 20000000}, left;
    CHECK_EQ(timer_settime(timer, 0, &in, NULL), 0);
    while (n_fired < 3)
        pause();
    CHECK_EQ(value, 77);
    CHECK_EQ(timer_gettime(timer, &left), 0);
    CHECK_EQ(left.it_interval.tv_nsec, 20000000);
    CHECK(timer_getoverrun(timer) >= 0);
    CHECK_EQ(timer_delete(timer), 0);
    return 0;
}
