/* socket(7), tcp(7): options keep what was set, have the right size; unknown ones are refused. */
#include "net.h"

#include <sys/time.h>

static int get(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    CHECK_EQ(getsockopt(fd, level, name, &value, &len), 0);
    CHECK_EQ(len, sizeof value);
    return value;
}

static void flip(int fd, int level, int name)
{
    int on = 1, off = 0;
    CHECK_EQ(get(fd, level, name), 0);
    CHECK_EQ(setsockopt(fd, level, name, &on, sizeof on), 0);
    CHECK_EQ(get(fd, level, name), 1);
    CHECK_EQ(setsockopt(fd, level, name, &off, sizeof off), 0);
    CHECK_EQ(get(fd, level, name), 0);
}

int main(void)
{
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_EQ(get(udp, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_DOMAIN), AF_INET);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_ACCEPTCONN), 0);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_ERROR), 0);
    flip(tcp, SOL_SOCKET, SO_REUSEADDR);
    flip(tcp, SOL_SOCKET, SO_KEEPALIVE);
    flip(tcp, IPPROTO_TCP, TCP_NODELAY);
    flip(udp, SOL_SOCKET, SO_BROADCAST);

    int bytes = 20000;
    CHECK_EQ(setsockopt(tcp, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
    CHECK_EQ(setsockopt(tcp, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_RCVBUF), 40000); /* doubled, as socket(7) says */
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_SNDBUF), 40000);

    int s = 75;
    CHECK_EQ(setsockopt(tcp, IPPROTO_TCP, TCP_KEEPIDLE, &s, sizeof s), 0);
    CHECK_EQ(get(tcp, IPPROTO_TCP, TCP_KEEPIDLE), 75);
    CHECK_EQ(setsockopt(tcp, IPPROTO_TCP, TCP_KEEPINTVL, &s, sizeof s), 0);
    CHECK_EQ(get(tcp, IPPROTO_TCP, TCP_KEEPINTVL), 75);
    s = 3;
    CHECK_EQ(setsockopt(tcp, IPPROTO_TCP, TCP_KEEPCNT, &s, sizeof s), 0);
    CHECK_EQ(get(tcp, IPPROTO_TCP, TCP_KEEPCNT), 3);

    struct timeval tv = {.tv_sec = 3, .tv_usec = 500000}, got = {0};
    socklen_t len = sizeof got;
    CHECK_EQ(setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(getsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &got, &len), 0);
    CHECK_EQ(got.tv_sec, 3);
    CHECK_EQ(got.tv_usec, 500000);

    CHECK_EQ(listen(tcp, 1), 0);
    CHECK_EQ(get(tcp, SOL_SOCKET, SO_ACCEPTCONN), 1);

    int one = 1;
    char small;
    CHECK_ERRNO(setsockopt(tcp, SOL_SOCKET, 9999, &one, sizeof one), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &small, 1), EINVAL);
    len = sizeof one;
    CHECK_ERRNO(getsockopt(tcp, SOL_SOCKET, 9999, &one, &len), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(0, SOL_SOCKET, SO_TYPE, &one, &len), ENOTSOCK);
    CHECK_ERRNO(getsockopt(987, SOL_SOCKET, SO_TYPE, &one, &len), EBADF);

    /* An accepted connection has its listener's options. */
    CHECK_EQ(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    int client = connected(SOCK_STREAM, local_port(tcp)), server = accept(tcp, NULL, NULL);
    CHECK(server >= 0);
    CHECK_EQ(get(server, IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_EQ(get(client, IPPROTO_TCP, TCP_NODELAY), 0);
    return 0;
}
