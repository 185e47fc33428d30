/* recv(2): the rest of a datagram is lost; MSG_TRUNC returns its true length and is reported. */
#include "net.h"

#include <sys/uio.h>

int main(void)
{
    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a));
    char buf[4];
    CHECK_EQ(send(b, "0123456789", 10, 0), 10);
    CHECK_EQ(recv(a, buf, sizeof buf, MSG_PEEK), 4);
    CHECK_EQ(recv(a, buf, sizeof buf, MSG_PEEK | MSG_TRUNC), 10);
    CHECK_EQ(recv(a, buf, sizeof buf, 0), 4);
    CHECK(memcmp(buf, "0123", 4) == 0);
    CHECK_ERRNO(recv(a, buf, sizeof buf, MSG_DONTWAIT), EAGAIN);

    CHECK_EQ(send(b, "abcdefgh", 8, 0), 8);
    CHECK_EQ(recv(a, buf, sizeof buf, MSG_TRUNC), 8);

    char x[3], y[2];
    struct iovec iov[2] = {{x, sizeof x}, {y, sizeof y}};
    struct sockaddr_in from;
    struct msghdr msg = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = iov, .msg_iovlen = 2};
    CHECK_EQ(send(b, "uvwxyz", 6, 0), 6);
    CHECK_EQ(recvmsg(a, &msg, 0), 5);
    CHECK(msg.msg_flags & MSG_TRUNC);
    CHECK_EQ(msg.msg_namelen, sizeof from);
    CHECK_EQ(ntohs(from.sin_port), local_port(b));
    CHECK(memcmp(x, "uvw", 3) == 0 && memcmp(y, "xy", 2) == 0);

    msg.msg_namelen = sizeof from;
    CHECK_EQ(send(b, "uvwxy", 5, 0), 5);
    CHECK_EQ(recvmsg(a, &msg, 0), 5);
    CHECK_EQ(msg.msg_flags & MSG_TRUNC, 0);

    /* sendmsg() to an address, gathered into one datagram */
    struct sockaddr_in to = loopback(local_port(a));
    struct iovec out[2] = {{"hel", 3}, {"lo", 2}};
    struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = out, .msg_iovlen = 2};
    int c = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(sendmsg(c, &m, 0), 5);
    CHECK_EQ(recv(a, x, 3, 0), 3);
    CHECK(memcmp(x, "hel", 3) == 0);
    return 0;
}
