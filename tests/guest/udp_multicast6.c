/* ipv6(7), RFC 3493 §5.2: joining groups of IPv6, leaving them, and what is refused. */
#include "net.h"

static int member(uint16_t *port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;

    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin6_port);
    return fd;
}

int main(void)
{
    uint16_t port = 0;
    int a = member(&port), b = member(&port), s = socket(AF_INET6, SOCK_DGRAM, 0), lo = 1, v = 7;
    struct ipv6_mreq mr = {.ipv6mr_interface = 1}, odd = {.ipv6mr_interface = 1}, far = {0};
    socklen_t len = sizeof v;

    CHECK_EQ(inet_pton(AF_INET6, "ff12::1:2:3", &mr.ipv6mr_multiaddr), 1);
    CHECK_EQ(inet_pton(AF_INET6, "fd00::1", &odd.ipv6mr_multiaddr), 1);
    far = mr;
    far.ipv6mr_interface = 77;

    CHECK_EQ(getsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v, &len), 0);
    CHECK_EQ(v, 0);
    CHECK_EQ(setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo, sizeof lo), 0);
    CHECK_EQ(getsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v, &len), 0);
    CHECK_EQ(v, 1);
    v = 77;
    CHECK_ERRNO(setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v, sizeof v), ENODEV);
    CHECK_ERRNO(setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v, 2), EINVAL);

    CHECK_EQ(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mr, sizeof mr), 0);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mr, sizeof mr), EADDRINUSE);
    CHECK_ERRNO(setsockopt(b, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &mr, sizeof mr), EADDRNOTAVAIL);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &odd, sizeof odd), EINVAL);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &far, sizeof far), ENODEV);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mr, 16), EINVAL);
    CHECK_EQ(setsockopt(b, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mr, sizeof mr), 0);

    CHECK_EQ(setsockopt(a, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &mr, sizeof mr), 0);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &mr, sizeof mr), EADDRNOTAVAIL);
    CHECK_EQ(close(b), 0); /* which leaves, too */
    return 0;
}
