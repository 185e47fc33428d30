/* unix(7), SOCK_DGRAM and SOCK_SEQPACKET: records, senders' names, full queues, gone peers. */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un name(const char *text, socklen_t *len)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int n = snprintf(sun.sun_path + 1, 80, "skiff-dgram-%d-%s", (int)getpid(), text);
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    return sun;
}

int main(void)
{
    static char big[300000];
    char buf[20];
    socklen_t la, lb, len;
    struct sockaddr_un na = name("a", &la), nb = name("b", &lb), who;
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), s[2], n;

    CHECK_EQ(bind(a, (struct sockaddr *)&na, la), 0);
    CHECK_ERRNO(sendto(a, "x", 1, 0, (struct sockaddr *)&nb, lb), ECONNREFUSED);
    CHECK_EQ(bind(b, (struct sockaddr *)&nb, lb), 0);
    CHECK_ERRNO(send(b, "x", 1, 0), ENOTCONN);
    CHECK_EQ(sendto(a, "hello", 5, 0, (struct sockaddr *)&nb, lb), 5);
    CHECK_EQ(sendto(a, "", 0, 0, (struct sockaddr *)&nb, lb), 0);
    len = sizeof who;
    CHECK_EQ(recvfrom(b, buf, 3, MSG_TRUNC, (struct sockaddr *)&who, &len), 5);
    CHECK_EQ(len, la);
    CHECK(!memcmp(&who, &na, la));
    CHECK_EQ(recv(b, buf, 20, 0), 0);
    CHECK_ERRNO(recv(b, buf, 20, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(sendto(a, big, sizeof big, 0, (struct sockaddr *)&nb, lb), EMSGSIZE);

    for (n = 0; n < 1000; n++) /* a queue has a bound */
        if (sendto(a, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&nb, lb) != 1)
            break;
    CHECK_EQ(errno, EAGAIN);
    CHECK(n >= 10 && n < 1000);
    CHECK_EQ(connect(a, (struct sockaddr *)&nb, lb), 0);
    struct pollfd p = {.fd = a, .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    while (recv(b, buf, 20, MSG_DONTWAIT) == 1)
        ;
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(send(a, "one", 3, 0), 3);

    CHECK_EQ(connect(b, (struct sockaddr *)&na, la), 0);
    int c = socket(AF_UNIX, SOCK_DGRAM, 0); /* b hears only a now */
    CHECK_ERRNO(connect(c, (struct sockaddr *)&nb, lb), EPERM);
    CHECK_ERRNO(sendto(c, "x", 1, 0, (struct sockaddr *)&nb, lb), EPERM);
    close(b);
    CHECK_ERRNO(send(a, "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
    CHECK_ERRNO(send(a, "x", 1, MSG_NOSIGNAL), ENOTCONN);

    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
    CHECK_EQ(send(s[0], "first", 5, 0), 5);
    CHECK_EQ(send(s[0], "2nd", 3, 0), 3);
    CHECK_EQ(recv(s[1], buf, 2, 0), 2);
    CHECK_EQ(recv(s[1], buf, 20, 0), 3);
    CHECK_EQ(shutdown(s[1], SHUT_RD), 0);
    CHECK_ERRNO(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK_ERRNO(recv(c, buf, 1, 0), ENOTCONN);
    CHECK_ERRNO(send(c, buf, 1, MSG_NOSIGNAL), ENOTCONN);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 6), EPROTONOSUPPORT);
    return 0;
}
