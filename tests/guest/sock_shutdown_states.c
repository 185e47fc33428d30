/* shutdown(2): also where it answers ENOTCONN it shuts; datagrams still come; then TCP resets. */
#include "net.h"

#include <poll.h>

static int events(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLWRBAND};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

static void datagrams(int fd, int peer)
{
    struct timeval soon = {.tv_usec = 20000};
    char c;

    CHECK_EQ(events(fd), POLLOUT | POLLWRBAND);
    CHECK_EQ(shutdown(fd, SHUT_RD), 0);
    CHECK_EQ(events(fd), POLLIN | POLLOUT | POLLWRBAND);
    CHECK_ERRNO(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon), 0);
    CHECK_EQ(recv(fd, &c, 1, 0), 0);
    (void)peer;
}

int main(void)
{
    struct sockaddr_in sin;
    int fd, lis, end[2], err = 0;
    socklen_t len = sizeof err;
    char c;

    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(shutdown(fd, SHUT_RDWR), ENOTCONN);
    CHECK_EQ(events(fd), POLLIN | POLLOUT | POLLHUP);
    lis = listener(1);
    close(fd);
    CHECK_EQ(shutdown(lis, SHUT_RD), 0);
    CHECK_EQ(events(lis), POLLOUT | POLLHUP);

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_ERRNO(shutdown(fd, SHUT_WR), ENOTCONN);
    sin = loopback(9);
    CHECK_ERRNO(sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof sin), EPIPE);

    end[0] = bound(SOCK_DGRAM);
    end[1] = bound(SOCK_DGRAM);
    CHECK_EQ(try_connect(end[0], local_port(end[1])), 0);
    CHECK_EQ(try_connect(end[1], local_port(end[0])), 0);
    datagrams(end[0], end[1]);
    CHECK_EQ(send(end[1], "y", 1, 0), 1); /* of UDP they still come */
    usleep(20000);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    datagrams(end[0], end[1]);
    CHECK_ERRNO(send(end[1], "y", 1, MSG_NOSIGNAL), EPIPE);

    /* Text for who has shut both ways: a reset, which both hear of. */
    tcp_pair(end);
    CHECK_EQ(shutdown(end[0], SHUT_RDWR), 0);
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    CHECK_EQ(send(end[1], "z", 1, MSG_NOSIGNAL), 1);
    usleep(20000);
    CHECK_ERRNO(send(end[1], "z", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(getsockopt(end[0], SOL_SOCKET, SO_ERROR, &err, &len), 0);
    CHECK_EQ(err, ECONNRESET);
    return 0;
}
