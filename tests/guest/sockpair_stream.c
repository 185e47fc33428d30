/* socketpair(2): a stream and a record socket without names; shutdown(2), EPIPE, end of file. */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <sys/socket.h>

int main(void)
{
    char buf[20];
    int s[2], type = 0;
    socklen_t len = sizeof(type);
    struct msghdr msg = {0};
    struct iovec iov = {buf, 2};

    CHECK_ERRNO(socketpair(AF_INET, SOCK_STREAM, 0, s), EOPNOTSUPP);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
    CHECK(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM);
    CHECK_EQ(write(s[0], "abc", 3), 3);
    CHECK_EQ(send(s[0], "def", 3, 0), 3);
    CHECK(recv(s[1], buf, 4, MSG_PEEK) == 4 && !memcmp(buf, "abcd", 4));
    CHECK(recv(s[1], buf, 6, MSG_WAITALL) == 6 && !memcmp(buf, "abcdef", 6));
    CHECK_ERRNO(recv(s[1], buf, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(write(s[1], "back", 4), 4);
    CHECK_EQ(shutdown(s[0], SHUT_WR), 0);
    CHECK_ERRNO(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(read(s[1], buf, 1), 0);
    CHECK_EQ(read(s[0], buf, 20), 4);
    close(s[1]);
    struct pollfd p = {.fd = s[0], .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 1000), 1);
    CHECK_EQ(p.revents, POLLIN | POLLHUP);
    close(s[0]);

    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
    CHECK_EQ(write(s[0], "first", 5), 5);
    CHECK_EQ(write(s[0], "2nd", 3), 3);
    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;
    CHECK_EQ(recvmsg(s[1], &msg, 0), 2);
    CHECK(msg.msg_flags & MSG_TRUNC);
    CHECK_EQ(read(s[1], buf, 20), 3);
    CHECK_ERRNO(read(s[1], buf, 20), EAGAIN);
    return 0;
}
