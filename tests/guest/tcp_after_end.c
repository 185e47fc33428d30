/* connect(2), read(2): what a TCP socket says after its connection failed or ended. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <signal.h>

static int ready(int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

static void until(int fd, int events)
{
    for (int i = 0; i < 500 && (ready(fd) & events) != events; i++)
        usleep(10000);
    CHECK_EQ(ready(fd) & events, events);
}

int main(void)
{
    int lis = listener(5), fd, other, closed = bound(SOCK_STREAM);
    uint16_t port = local_port(lis), dead = local_port(closed);
    char buf[8];
    signal(SIGPIPE, SIG_IGN);

    /* Shut down without ever being connected. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(read(fd, buf, 8), ENOTCONN);
    CHECK_ERRNO(shutdown(fd, SHUT_RD), ENOTCONN);
    CHECK_EQ(read(fd, buf, 8), 0);
    close(fd);

    /* connect() has told that it failed: as new. Told in another way: ended. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(try_connect(fd, dead), ECONNREFUSED);
    CHECK_EQ(ready(fd), POLLOUT | POLLHUP);
    CHECK_ERRNO(read(fd, buf, 8), ENOTCONN);
    CHECK_ERRNO(try_connect(fd, dead), ECONNREFUSED);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    CHECK_ERRNO(try_connect(fd, dead), EINPROGRESS);
    until(fd, POLLHUP);
    CHECK_ERRNO(read(fd, buf, 8), ECONNREFUSED);
    CHECK_EQ(read(fd, buf, 8), 0);
    CHECK_EQ(ready(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    CHECK_ERRNO(try_connect(fd, port), ECONNABORTED);
    CHECK_ERRNO(try_connect(fd, port), EINPROGRESS);
    until(fd, POLLOUT);
    CHECK_EQ(try_connect(fd, port), 0);
    CHECK_ERRNO(try_connect(fd, port), EISCONN);
    close(accept(lis, NULL, NULL));
    close(fd);

    /* The end of the stream comes before the error of having written behind it. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(try_connect(fd, port), 0);
    other = accept(lis, NULL, NULL);
    send_all(other, "xyz", 3);
    close(other);
    until(fd, POLLRDHUP);
    CHECK_EQ(write(fd, "a", 1), 1);
    until(fd, POLLHUP);
    CHECK_EQ(read(fd, buf, 2), 2);
    CHECK_EQ(read(fd, buf, 8), 1);
    CHECK_EQ(read(fd, buf, 8), 0);
    CHECK(ready(fd) & POLLERR);
    CHECK_ERRNO(try_connect(fd, port), EISCONN);
    CHECK_ERRNO(write(fd, "a", 1), EPIPE);
    CHECK(!(ready(fd) & POLLERR));
    CHECK_ERRNO(try_connect(fd, port), EISCONN);
    close(fd);

    /* Reset, without an end of the stream. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(try_connect(fd, port), 0);
    other = accept(lis, NULL, NULL);
    struct linger now = {1, 0};
    setsockopt(other, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(other);
    until(fd, POLLHUP);
    CHECK_ERRNO(try_connect(fd, port), EISCONN);
    CHECK_ERRNO(read(fd, buf, 8), ECONNRESET);
    CHECK_EQ(read(fd, buf, 8), 0);
    close(fd);
    return 0;
}
