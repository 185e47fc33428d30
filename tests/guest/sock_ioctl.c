/* ioctl(2), tcp(7): FIONREAD tells the bytes to read, FIONBIO sets the non-blocking mode. */
#include "net.h"

#include <poll.h>
#include <sys/ioctl.h>

int main(void)
{
    int end[2], n = -1, on = 1, off = 0;
    char buf[100];
    tcp_pair(end);
    CHECK_EQ(ioctl(end[1], FIONREAD, &n), 0);
    CHECK_EQ(n, 0);
    send_all(end[0], "0123456789", 10);
    struct pollfd p = {.fd = end[1], .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(ioctl(end[1], FIONREAD, &n), 0);
    CHECK_EQ(n, 10);
    recv_all(end[1], buf, 10);

    CHECK_EQ(ioctl(end[1], FIONBIO, &on), 0);
    CHECK(fcntl(end[1], F_GETFL) & O_NONBLOCK);
    CHECK_ERRNO(recv(end[1], buf, 1, 0), EAGAIN);
    CHECK_EQ(ioctl(end[1], FIONBIO, &off), 0);
    CHECK(!(fcntl(end[1], F_GETFL) & O_NONBLOCK));

    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a));
    CHECK_EQ(send(b, "1234567", 7, 0), 7);
    CHECK_EQ(send(b, "12", 2, 0), 2);
    p.fd = a;
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(ioctl(a, FIONREAD, &n), 0);
    CHECK_EQ(n, 7); /* of the first datagram only */
    return 0;
}
