/* writev(2), pwrite(2): vectors of nothing do nothing, and which error comes first. */
#include "net.h"

#include <sys/epoll.h>
#include <sys/uio.h>

int main(void)
{
    int udp = bound(SOCK_DGRAM), pipes[2];
    char buf[8];
    struct iovec none[2] = {{buf, 0}, {buf, 0}};
    struct sockaddr_in self = loopback(local_port(udp));

    /* No datagram, no end of a wait, no error of the socket. */
    CHECK_EQ(connect(udp, (struct sockaddr *)&self, sizeof self), 0);
    CHECK_EQ(writev(udp, none, 2), 0);
    CHECK_EQ(readv(udp, none, 2), 0);
    CHECK_EQ(writev(udp, none, 0), 0);
    CHECK_ERRNO(recv(udp, buf, 8, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(write(udp, buf, 0), 0);
    CHECK_EQ(recv(udp, buf, 8, 0), 0);
    close(udp);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(writev(tcp, none, 2), 0);
    CHECK_EQ(readv(tcp, none, 2), 0);

    int epoll = epoll_create1(0);
    CHECK_ERRNO(writev(epoll, none, 2), EINVAL);
    CHECK_ERRNO(readv(epoll, none, 2), EINVAL);
    CHECK_EQ(pipe(pipes), 0);
    CHECK_EQ(readv(pipes[0], none, 2), 0);
    CHECK_ERRNO(readv(pipes[1], none, 2), EBADF);
    CHECK_ERRNO(pread(pipes[1], buf, 1, 0), ESPIPE);
    CHECK_ERRNO(pwrite(pipes[0], buf, 1, 0), ESPIPE);
    CHECK_ERRNO(pread(pipes[0], buf, 1, -1), EINVAL);

    /* An address that is missing comes before a side that is shut. */
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_ERRNO(shutdown(udp, SHUT_WR), ENOTCONN);
    CHECK_EQ(local_port(udp), 0);
    CHECK_ERRNO(write(udp, buf, 1), EDESTADDRREQ);
    CHECK(local_port(udp) != 0);
    CHECK_EQ(connect(udp, (struct sockaddr *)&self, sizeof self), 0);
    CHECK_ERRNO(send(udp, buf, 1, MSG_NOSIGNAL), EPIPE);
    return 0;
}
