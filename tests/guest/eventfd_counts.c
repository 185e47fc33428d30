/* eventfd(2): adds what is written, gives it back at once or one by one, and has an end. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>

static int readiness(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

int main(void)
{
    int fd = eventfd(2, EFD_NONBLOCK | EFD_CLOEXEC);
    uint64_t v;

    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(eventfd_write(fd, 40), 0);
    CHECK_EQ(readiness(fd), POLLIN | POLLOUT);
    CHECK(eventfd_read(fd, &v) == 0 && v == 42);
    CHECK_EQ(readiness(fd), POLLOUT);
    CHECK_ERRNO(eventfd_read(fd, &v), EAGAIN);
    CHECK_EQ(eventfd_write(fd, UINT64_MAX - 1), 0);
    CHECK_EQ(readiness(fd), POLLIN);
    CHECK_ERRNO(eventfd_write(fd, 1), EAGAIN);
    CHECK_ERRNO(eventfd_write(fd, UINT64_MAX), EINVAL);
    CHECK_ERRNO(read(fd, &v, 4), EINVAL);
    CHECK_ERRNO(write(fd, &v, 4), EINVAL);
    close(fd);

    CHECK_ERRNO(eventfd(0, 12345678), EINVAL);
    fd = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
    for (int i = 0; i < 3; i++)
        CHECK(eventfd_read(fd, &v) == 0 && v == 1);
    CHECK_ERRNO(eventfd_read(fd, &v), EAGAIN);
    return 0;
}
