/* socket(7), ip(7), tcp(7): options few ask for are kept, bounded and refused as on Linux. */
#define _GNU_SOURCE
#include "net.h"

#include <netinet/udp.h>
#include <sys/un.h>

#define REFUSED(e) (-10000 - (e))

/* What setting @set gives, and what is shown then; first the value that is shown unasked. */
static const struct {
    const char *on; /* t T u U x: TCP, UDP on IPv4 and (upper case) IPv6, AF_UNIX */
    int level, name, dflt, set, got;
} all[] = {
    {"tTuUx", SOL_SOCKET, SO_PRIORITY, 0, 70000, 70000},
    {"tTuUx", SOL_SOCKET, SO_RCVLOWAT, 1, 5, 5},
    {"tTuUx", SOL_SOCKET, SO_RCVLOWAT, 1, 0, 1},
    {"uUx", SOL_SOCKET, SO_RCVLOWAT, 1, -1, 0x7fffffff},
    {"tTuUx", SOL_SOCKET, SO_PEEK_OFF, -1, 7, 7},
    {"tTuUx", SOL_SOCKET, SO_RXQ_OVFL, 0, 5, 1},
    {"tTuUx", SOL_SOCKET, SO_BUSY_POLL, 0, 50, 50},
    {"tTuUx", SOL_SOCKET, SO_BUSY_POLL, 0, -1, REFUSED(EINVAL)},
    {"tTuUx", SOL_SOCKET, SO_MAX_PACING_RATE, -1, 65536, 65536},
    {"tTuUx", SOL_SOCKET, SO_INCOMING_CPU, -1, 3, 3},
    {"tTuUx", SOL_SOCKET, SO_TIMESTAMPING, 0, 0x18, 0x18},
    {"tTuU", SOL_SOCKET, SO_ZEROCOPY, 0, 1, 1},
    {"tTuU", SOL_SOCKET, SO_ZEROCOPY, 0, 2, REFUSED(EINVAL)},
    {"x", SOL_SOCKET, SO_ZEROCOPY, 0, 1, REFUSED(EOPNOTSUPP)},
    {"tTuUx", SOL_SOCKET, SO_BINDTOIFINDEX, 0, -1, REFUSED(EINVAL)},
    {"tTuUx", SOL_SOCKET, SO_ATTACH_FILTER, -2, 1, REFUSED(EINVAL)},
    {"tTuU", IPPROTO_IP, IP_RECVORIGDSTADDR, 0, 1, 1},
    {"tTuU", IPPROTO_IP, IP_TRANSPARENT, 0, 1, 1},
    {"tTuU", IPPROTO_IP, IP_FREEBIND, 0, 1, 1},
    {"tTuU", IPPROTO_IP, IP_MINTTL, 0, 256, REFUSED(EINVAL)},
    {"tTuU", IPPROTO_IP, IP_RECVOPTS, 0, 9, 1},
    {"TU", IPPROTO_IPV6, IPV6_MINHOPCOUNT, 0, 256, REFUSED(EINVAL)},
    {"TU", IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 1, 0, 0},
    {"TU", IPPROTO_IPV6, IPV6_TRANSPARENT, 0, 1, 1},
    {"TU", IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 0x500, 2, 0x402},
    {"TU", IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 0x500, 3, REFUSED(EINVAL)},
    {"TU", IPPROTO_IPV6, IPV6_MTU, -2, 1279, REFUSED(EINVAL)},
    {"tu", IPPROTO_IPV6, IPV6_TCLASS, -2, 1, REFUSED(ENOPROTOOPT)},
    {"tT", IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0, 1, 1},
    {"tT", IPPROTO_TCP, TCP_FASTOPEN, 0, 70000, 4096},
    {"tT", IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0, 1, 1},
    {"tT", IPPROTO_TCP, TCP_THIN_DUPACK, 0, 1, 0},
    {"tT", IPPROTO_TCP, TCP_INQ, 0, 1, 1},
    {"tT", IPPROTO_TCP, TCP_INQ, 0, 2, REFUSED(EINVAL)},
    {"tT", IPPROTO_TCP, TCP_LINGER2, 60, 1000, 120},
    {"tT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 256, 367},
    {"uU", IPPROTO_UDP, UDP_SEGMENT, 0, 1400, 1400},
    {"uU", IPPROTO_UDP, UDP_SEGMENT, 0, 65536, REFUSED(EINVAL)},
    {"uU", IPPROTO_UDP, UDP_GRO, 0, 1, 1},
    {"uU", IPPROTO_UDP, UDP_CORK, 0, 1, 1},
    {"x", IPPROTO_TCP, TCP_NODELAY, -2, 1, REFUSED(EOPNOTSUPP)},
    {"uU", IPPROTO_TCP, TCP_NODELAY, -2, 1, REFUSED(ENOPROTOOPT)},
};

static int open_one(char on)
{
    int fd = on == 'x'   ? socket(AF_UNIX, SOCK_STREAM, 0)
             : on == 't' ? socket(AF_INET, SOCK_STREAM, 0)
             : on == 'T' ? socket(AF_INET6, SOCK_STREAM, 0)
             : on == 'u' ? socket(AF_INET, SOCK_DGRAM, 0)
                         : socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK(fd >= 0);
    return fd;
}

static int get(int fd, int level, int name)
{
    int v = -3;
    socklen_t len = sizeof v;
    return getsockopt(fd, level, name, &v, &len) ? REFUSED(errno) : v;
}

int main(void)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (const char *on = all[i].on; *on; on++) {
            int fd = open_one(*on), v = all[i].set, got;
            if (all[i].dflt != -2)
                got = get(fd, all[i].level, all[i].name);
            else
                got = -2;
            if (got != all[i].dflt) {
                printf("%zu %c: unasked %d\n", i, *on, got);
                CHECK(0);
            }
            got = setsockopt(fd, all[i].level, all[i].name, &v, sizeof v)
                      ? REFUSED(errno)
                      : get(fd, all[i].level, all[i].name);
            if (got != all[i].got) {
                printf("%zu %c: %d\n", i, *on, got);
                CHECK(0);
            }
            close(fd);
        }
    }
    int fd = open_one('u');
    struct sockaddr_in not_ours = {.sin_family = AF_INET};
    inet_pton(AF_INET, "192.0.2.77", &not_ours.sin_addr);
    CHECK_ERRNO(bind(fd, (struct sockaddr *)&not_ours, sizeof not_ours), EADDRNOTAVAIL);
    CHECK_EQ(setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &(int){1}, sizeof(int)), 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&not_ours, sizeof not_ours), 0);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "no_such_one", 11), ENODEV);
    return 0;
}
