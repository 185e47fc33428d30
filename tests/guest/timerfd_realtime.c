/* timerfd_create(2): an absolute timer of CLOCK_REALTIME expires when that time has come. */
/* Whether the compiler sees which clock is meant or not; nothing else here asks for the date. */
#include "check.h"

#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

static uint64_t expired(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t n = 0;

    if (poll(&p, 1, wait_ms) == 1)
        CHECK(read(fd, &n, sizeof(n)) == sizeof(n));
    return n;
}

static void check(int fd)
{
    struct itimerspec past = {.it_value = {.tv_sec = 1000000000}}; /* 2001 */
    struct itimerspec far = {.it_value = {.tv_sec = 4102444800}};  /* 2100 */

    CHECK(fd >= 0);
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL) == 0);
    CHECK(expired(fd, 1000) == 1);
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &far, NULL) == 0);
    CHECK(expired(fd, 20) == 0);
    close(fd);
}

int main(void)
{
    volatile int clock = CLOCK_REALTIME;

    check(timerfd_create(CLOCK_REALTIME, 0));
    check(timerfd_create(clock, 0));
    return 0;
}
