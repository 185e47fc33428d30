/* udp(7): a datagram of 60,000 bytes arrives whole in both families; one too large is EMSGSIZE. */
#include "net.h"

#include <stdlib.h>
#include <sys/uio.h>

static char data[70000], got[70000];

static int bound6(struct sockaddr_in6 *a)
{
    socklen_t len = sizeof *a;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    *a = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)a, sizeof *a), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)a, &len), 0);
    return fd;
}

static void pass(int from, int to, size_t len)
{
    struct iovec iov[3] = {{data, len / 2}, {data + len / 2, 0}, {data + len / 2, len - len / 2}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 3};

    memset(got, 0, sizeof got);
    CHECK_EQ(sendmsg(from, &m, 0), len);
    CHECK_EQ(recv(to, got, sizeof got, 0), len);
    CHECK(memcmp(got, data, len) == 0);
}

static void family(int from, int to, size_t max)
{
    static const size_t sizes[] = {1400, 1453, 1473, 2100, 8192, 32000, 60000};
    char four[4];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        pass(from, to, sizes[i]);
    pass(from, to, max);
    CHECK_ERRNO(send(from, data, max + 1, 0), EMSGSIZE);
    CHECK_EQ(send(from, data, 60000, 0), 60000);
    CHECK_EQ(recv(to, four, 4, MSG_TRUNC), 60000);
    CHECK_ERRNO(recv(to, four, 4, MSG_DONTWAIT), EAGAIN);
}

int main(void)
{
    struct sockaddr_in6 a;
    int to = bound(SOCK_DGRAM), from = connected(SOCK_DGRAM, local_port(to));
    int mode = IP_PMTUDISC_DO, on = 1;

    srand(7);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)rand();
    family(from, to, 65507);
    int mtu;
    socklen_t len = sizeof mtu;
    CHECK_EQ(getsockopt(from, IPPROTO_IP, IP_MTU, &mtu, &len), 0);
    CHECK_EQ(mtu, 65535);
    CHECK_ERRNO(getsockopt(to, IPPROTO_IP, IP_MTU, &mtu, &len), ENOTCONN);
    /* around the loopback nothing has to be cut, so even this may go */
    CHECK_EQ(setsockopt(from, IPPROTO_IP, IP_MTU_DISCOVER, &mode, sizeof mode), 0);
    pass(from, to, 60000);

    to = bound6(&a);
    from = socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK_EQ(connect(from, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(setsockopt(to, SOL_SOCKET, SO_RCVBUF, &(int){200000}, sizeof(int)), 0);
    family(from, to, 65527);
    CHECK_EQ(getsockopt(from, IPPROTO_IPV6, IPV6_MTU, &mtu, &len), 0);
    CHECK_EQ(mtu, 65536);
    CHECK_EQ(setsockopt(from, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on), 0);
    pass(from, to, 60000);
    return 0;
}
