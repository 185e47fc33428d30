/* timerfd_settime(2): not early, by interval, absolute, missed ones counted, disarmed by zero. */
#include "check.h"

#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static void set(int fd, int flags, int64_t value_us, int64_t interval_us)
{
    struct itimerspec to = {
        .it_value = {value_us / 1000000, value_us % 1000000 * 1000},
        .it_interval = {interval_us / 1000000, interval_us % 1000000 * 1000},
    };
    CHECK_EQ(timerfd_settime(fd, flags, &to, NULL), 0);
}

int main(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec now = {{0, 0}, {0, 0}};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec pause = {0, 35000000}, wall;
    int64_t start = now_us();
    uint64_t n;

    CHECK(fd >= 0);
    CHECK_ERRNO(timerfd_create(77, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
    CHECK_ERRNO(timerfd_settime(1, 0, &now, NULL), EINVAL);
    CHECK_ERRNO(timerfd_settime(999, 0, &now, NULL), EBADF);
    now.it_value.tv_nsec = 1000000000;
    CHECK_ERRNO(timerfd_settime(fd, 0, &now, NULL), EINVAL);

    set(fd, 0, 20000, 0);
    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK(timerfd_gettime(fd, &now) == 0 && now.it_value.tv_nsec > 0);
    CHECK(read(fd, &n, 8) == 8 && n == 1);
    CHECK(now_us() - start >= 20000);
    CHECK(timerfd_gettime(fd, &now) == 0 && now.it_value.tv_nsec == 0);

    start = now_us();
    set(fd, 0, 10000, 10000);
    nanosleep(&pause, NULL);
    CHECK(read(fd, &n, 8) == 8 && n >= 3);
    uint64_t sum = n;
    while (sum < 6) {
        CHECK(read(fd, &n, 8) == 8 && n >= 1);
        sum += n;
    }
    CHECK(now_us() - start >= (int64_t)sum * 10000);
    set(fd, 0, 0, 0);
    CHECK_EQ(poll(&p, 1, 30), 0);

    start = now_us();
    set(fd, TFD_TIMER_ABSTIME, start + 15000, 0);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK(now_us() >= start + 15000);
    set(fd, TFD_TIMER_ABSTIME, 1, 0); /* long past */
    CHECK(read(fd, &n, 8) == 8 && n == 1);
    close(fd);

    fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    clock_gettime(CLOCK_REALTIME, &wall);
    start = now_us();
    set(fd, TFD_TIMER_ABSTIME, wall.tv_sec * 1000000ll + wall.tv_nsec / 1000 + 15000, 0);
    CHECK_ERRNO(read(fd, &n, 8), EAGAIN);
    p.fd = fd;
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK(now_us() - start >= 14000);
    return 0;
}
