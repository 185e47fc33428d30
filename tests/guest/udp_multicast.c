/* ip(7): who joined a group hears it on the chosen interface, once, until it leaves. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <sys/time.h>

static int member(uint16_t port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    return fd;
}

static int hears(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c[4];
    return poll(&p, 1, 50) == 1 ? (int)recv(fd, c, 4, 0) : 0;
}

int main(void)
{
    int a = member(0), b = member(local_port(a)), s = socket(AF_INET, SOCK_DGRAM, 0), ttl;
    struct ip_mreq mr = {{inet_addr("239.1.2.3")}, {htonl(INADDR_LOOPBACK)}};
    struct ip_mreq odd = {{inet_addr("10.1.2.3")}, {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(local_port(a)), .sin_addr = mr.imr_multiaddr};
    struct in_addr out = {htonl(INADDR_LOOPBACK)}, got;
    socklen_t len = sizeof ttl;

    CHECK_EQ(getsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, &len), 0);
    CHECK_EQ(ttl, 1);
    len = sizeof ttl;
    CHECK_EQ(getsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &ttl, &len), 0);
    CHECK_EQ(ttl, 1);
    unsigned char byte = 7;
    CHECK_EQ(setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &byte, 1), 0);
    len = 1;
    byte = 0;
    CHECK_EQ(getsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &byte, &len), 0);
    CHECK(byte == 7 && len == 1);
    ttl = 256;
    CHECK_ERRNO(setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl), EINVAL);

    CHECK_EQ(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out), 0);
    len = sizeof got;
    CHECK_EQ(getsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &got, &len), 0);
    CHECK_EQ(got.s_addr, out.s_addr);
    CHECK_EQ(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr), 0);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr), EADDRINUSE);
    CHECK_ERRNO(setsockopt(b, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr, sizeof mr), EADDRNOTAVAIL);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &odd, sizeof odd), EINVAL);
    CHECK_ERRNO(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, 4), EINVAL);
    CHECK_EQ(setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof mr), 0);

    CHECK_EQ(sendto(s, "abc", 3, 0, (struct sockaddr *)&to, sizeof to), 3);
    CHECK_EQ(hears(a), 3);
    CHECK_EQ(hears(b), 3);
    CHECK_EQ(hears(a), 0); /* once */
    CHECK_EQ(setsockopt(b, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mr, sizeof mr), 0);
    close(a);
    CHECK_EQ(sendto(s, "abc", 3, 0, (struct sockaddr *)&to, sizeof to), 3);
    CHECK_EQ(hears(b), 0);
    return 0;
}
