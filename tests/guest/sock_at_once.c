/* tcp(7): what a thread sends itself over the loopback is there at its next call, as on Linux. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/un.h>

static int ready(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

static int nonblocking(int type)
{
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    return fd;
}

int main(void)
{
    int lis = listener(5), fd, other, udp = bound(SOCK_DGRAM), end[2];
    uint16_t port = local_port(lis);
    struct sockaddr_in self = loopback(local_port(udp));
    char buf[8];
    fcntl(lis, F_SETFL, O_NONBLOCK);

    for (int i = 0; i < 3; i++) {
        fd = nonblocking(SOCK_STREAM);
        CHECK_ERRNO(try_connect(fd, port), EINPROGRESS);
        if (i)
            CHECK_EQ(ready(lis), POLLIN);
        other = accept4(lis, NULL, NULL, SOCK_NONBLOCK);
        CHECK(other >= 0);
        CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
        CHECK_EQ(setsockopt(other, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
        for (int k = 0; k < 3; k++) {
            CHECK_EQ(write(fd, "x", 1), 1);
            CHECK_EQ(read(other, buf, 8), 1);
            CHECK_ERRNO(read(other, buf, 8), EAGAIN);
            CHECK_EQ(write(other, "yz", 2), 2);
            CHECK_EQ(read(fd, buf, 8), 2);
            CHECK_ERRNO(read(fd, buf, 8), EAGAIN);
        }
        CHECK_EQ(write(other, "abc", 3), 3);
        CHECK_EQ(shutdown(fd, SHUT_RDWR), 0);
        CHECK_EQ(read(other, buf, 8), 0);
        CHECK_EQ(read(fd, buf, 8), 3);
        CHECK_EQ(read(fd, buf, 8), 0);
        close(other);
        CHECK_ERRNO(listen(fd, 1), EINVAL);
        close(fd);
    }

    for (int i = 0; i < 3; i++) {
        CHECK_EQ(sendto(udp, "x", 1, 0, (struct sockaddr *)&self, sizeof self), 1);
        CHECK_EQ(recv(udp, buf, 8, MSG_DONTWAIT), 1);
        CHECK_ERRNO(recv(udp, buf, 8, MSG_DONTWAIT), EAGAIN);
    }

    /* unix(7): the other end goes and leaves something unread. */
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), 0);
    CHECK_EQ(write(end[0], "abc", 3), 3);
    CHECK_EQ(write(end[1], "de", 2), 2);
    close(end[0]);
    CHECK_ERRNO(read(end[1], buf, 8), ECONNRESET);
    CHECK_EQ(read(end[1], buf, 8), 3);
    CHECK_EQ(read(end[1], buf, 8), 0);
    return 0;
}
