/* connect(2): non-blocking, it says EINPROGRESS; then POLLOUT and SO_ERROR tell how it ended. */
#include "net.h"

#include <poll.h>

static int start(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    /* On loopback it may be done at once: both are right, and a failure may show at once too. */
    if (try_connect(fd, port) < 0)
        CHECK(errno == EINPROGRESS || errno == ECONNREFUSED);
    return fd;
}

static int outcome(int fd)
{
    int err = -1;
    socklen_t len = sizeof err;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
    CHECK_EQ(len, sizeof err);
    return err;
}

int main(void)
{
    int lis = listener(4), none = bound(SOCK_STREAM);

    int fd = start(local_port(lis));
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(p.revents, POLLOUT);
    CHECK_EQ(outcome(fd), 0);
    try_connect(fd, local_port(lis)); /* Linux says 0 once to a connect() that went on unseen */
    CHECK_ERRNO(try_connect(fd, local_port(lis)), EISCONN);
    send_all(fd, "x", 1);
    close(fd);

    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    CHECK_ERRNO(try_connect(fd, local_port(none)), EINPROGRESS);
    p.fd = fd;
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK(p.revents & POLLERR);
    CHECK(p.revents & POLLHUP);
    CHECK_EQ(outcome(fd), ECONNREFUSED);
    CHECK_EQ(outcome(fd), 0); /* reading it clears it */
    return 0;
}
