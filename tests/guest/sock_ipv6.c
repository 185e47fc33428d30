/* ipv6(7): an AF_INET6 socket speaks both families, and IPV6_V6ONLY decides who may bind beside. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static const struct in6_addr mapped = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}}};

static int bound6(int type, int v6only, const struct in6_addr *at, unsigned short *port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = *at, .sin6_port = htons(*port)};
    socklen_t len = sizeof(a);
    int s = socket(AF_INET6, type, 0);

    CHECK(s >= 0);
    CHECK(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) == 0);
    if (bind(s, (struct sockaddr *)&a, sizeof(a)) != 0) {
        int e = errno;
        close(s);
        errno = e;
        return -1;
    }
    CHECK(getsockname(s, (struct sockaddr *)&a, &len) == 0);
    CHECK(len == sizeof(a) && a.sin6_family == AF_INET6);
    CHECK(memcmp(&a.sin6_addr, at, 16) == 0);
    *port = ntohs(a.sin6_port);
    return s;
}

static void talk(int from, int to)
{
    char c = 0;

    CHECK(write(from, "x", 1) == 1);
    CHECK(read(to, &c, 1) == 1 && c == 'x');
    CHECK(write(to, "y", 1) == 1);
    CHECK(read(from, &c, 1) == 1 && c == 'y');
}

static void stream(int family, const void *to, int v6only, int want_errno)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6}, peer;
    struct sockaddr_in four = {.sin_family = AF_INET};
    unsigned short port = 0;
    int l = bound6(SOCK_STREAM, v6only, &in6addr_any, &port);
    int c = socket(family, SOCK_STREAM, 0);
    socklen_t len = sizeof(peer);
    int r, s;

    CHECK(listen(l, 3) == 0);
    if (family == AF_INET6) {
        memcpy(&six.sin6_addr, to, 16);
        six.sin6_port = htons(port);
        r = connect(c, (struct sockaddr *)&six, sizeof(six));
    } else {
        memcpy(&four.sin_addr, to, 4);
        four.sin_port = htons(port);
        r = connect(c, (struct sockaddr *)&four, sizeof(four));
    }
    if (want_errno) {
        CHECK(r == -1 && errno == want_errno);
        close(l);
        close(c);
        return;
    }
    CHECK(r == 0);
    s = accept(l, (struct sockaddr *)&peer, &len);
    CHECK(s >= 0 && len == sizeof(peer) && peer.sin6_family == AF_INET6);
    CHECK(memcmp(&peer.sin6_addr, family == AF_INET ? &mapped : (const struct in6_addr *)to, 16) ==
          0);
    len = sizeof(peer);
    CHECK(getsockname(s, (struct sockaddr *)&peer, &len) == 0);
    CHECK(memcmp(&peer.sin6_addr, family == AF_INET ? &mapped : (const struct in6_addr *)to, 16) ==
          0);
    talk(c, s);
    close(c);
    CHECK(read(s, &port, 1) == 0);
    close(s);
    close(l);
}

static void datagrams(const struct in6_addr *to)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = *to}, from;
    unsigned short port = 0, own = 0;
    int s = bound6(SOCK_DGRAM, 0, &in6addr_any, &port), c = bound6(SOCK_DGRAM, 0, to, &own);
    socklen_t len = sizeof(from);
    char buf[4];

    a.sin6_port = htons(port);
    CHECK(sendto(c, "abc", 3, 0, (struct sockaddr *)&a, sizeof(a)) == 3);
    CHECK(recvfrom(s, buf, 4, 0, (struct sockaddr *)&from, &len) == 3);
    CHECK(len == sizeof(from) && ntohs(from.sin6_port) == own);
    CHECK(memcmp(&from.sin6_addr, to, 16) == 0 && from.sin6_scope_id == 0);
    CHECK(connect(s, (struct sockaddr *)&from, sizeof(from)) == 0);
    CHECK(send(s, "d", 1, 0) == 1 && recv(c, buf, 4, 0) == 1 && buf[0] == 'd');
    close(c);
    CHECK(send(s, "e", 1, 0) == 1); /* and is refused */
    CHECK(recv(s, buf, 4, 0) == -1 && errno == ECONNREFUSED);
    close(s);
}

static void binding(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    unsigned short port = 0, again;
    int six = bound6(SOCK_STREAM, 0, &in6addr_any, &port), only, four;

    a.sin_port = htons(port);
    four = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(four, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == EADDRINUSE);
    close(six);
    CHECK(bind(four, (struct sockaddr *)&a, sizeof(a)) == 0);
    again = port;
    CHECK(bound6(SOCK_STREAM, 0, &in6addr_any, &again) == -1 && errno == EADDRINUSE);
    only = bound6(SOCK_STREAM, 1, &in6addr_any, &again);
    CHECK(only >= 0 && again == port);
    again = port;
    CHECK(bound6(SOCK_STREAM, 0, &in6addr_loopback, &again) == -1 && errno == EADDRINUSE);
    close(four);
    close(only);
    again = 0;
    CHECK(bound6(SOCK_STREAM, 1, &mapped, &again) == -1 && errno == EINVAL);
}

static void options(void)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    int s = socket(AF_INET6, SOCK_STREAM, 0), v = -1;
    socklen_t len = sizeof(v);

    CHECK(getsockopt(s, SOL_SOCKET, SO_DOMAIN, &v, &len) == 0 && v == AF_INET6);
    CHECK(getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v, &len) == 0 && v == 0);
    v = 12;
    CHECK(setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &v, sizeof(v)) == 0);
    v = 0;
    CHECK(getsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &v, &len) == 0 && v == 12);
    v = 300;
    CHECK(setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &v, sizeof(v)) == -1 && errno == EINVAL);
    CHECK(bind(s, (struct sockaddr *)&a, 16) == -1 && errno == EINVAL);
    CHECK(inet_pton(AF_INET6, "fe80::1", &a.sin6_addr) == 1);
    CHECK(connect(s, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == EINVAL);
    v = 1;
    CHECK(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v, sizeof(v)) == 0);
    a.sin6_addr = mapped;
    CHECK(connect(s, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == ENETUNREACH);
    close(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(s, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == EAFNOSUPPORT);
    close(s);
}

int main(void)
{
    struct in_addr lo = {htonl(INADDR_LOOPBACK)};

    stream(AF_INET6, &in6addr_loopback, 0, 0);
    stream(AF_INET6, &mapped, 0, 0);
    stream(AF_INET, &lo, 0, 0);
    stream(AF_INET, &lo, 1, ECONNREFUSED);
    datagrams(&in6addr_loopback);
    datagrams(&mapped);
    binding();
    options();
    return 0;
}
