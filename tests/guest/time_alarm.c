/* alarm(2), pause(2): SIGALRM comes after the seconds; it interrupts a sleep and a computation. */
#include "check.h"

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t n_alarms;

static void on_alarm(int sig)
{
    CHECK_EQ(sig, SIGALRM);
    n_alarms++;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(void)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &sa, NULL);

    int64_t start = now_ms();
    CHECK_EQ(alarm(1), 0);
    CHECK_ERRNO(pause(), EINTR);
    CHECK_EQ(n_alarms, 1);
    CHECK(now_ms() - start >= 990 && now_ms() - start < 5000);

    CHECK_EQ(alarm(100), 0);
    CHECK(alarm(0) >= 99);

    /* An interval: it goes on until it is switched off. */
    struct itimerval every = {.it_value.tv_usec = 20000, .it_interval.tv_usec = 20000}, left;
    struct itimerval off = {0};
    n_alarms = 0;
    CHECK_EQ(setitimer(ITIMER_REAL, &every, NULL), 0);
    while (n_alarms < 3)
        pause();
    CHECK_EQ(getitimer(ITIMER_REAL, &left), 0);
    CHECK_EQ(left.it_interval.tv_usec, 20000);

    struct timespec ts = {.tv_sec = 5}, rest = {0};
    CHECK_ERRNO(nanosleep(&ts, &rest), EINTR);
    CHECK(rest.tv_sec == 4 && rest.tv_nsec > 0);

    /* Nothing but computing, and no other thread: it still comes. */
    n_alarms = 0;
    start = now_ms();
    for (volatile unsigned long i = 0; n_alarms < 2; i++)
        if (i % 1000000 == 0)
            CHECK(now_ms() - start < 10000);
    CHECK_EQ(setitimer(ITIMER_REAL, &off, &left), 0);
    n_alarms = 0;
    usleep(50000);
    CHECK_EQ(n_alarms, 0);
    return 0;
}
