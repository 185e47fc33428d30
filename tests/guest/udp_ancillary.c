/* ip(7), socket(7): recvmsg() tells address, TTL, TOS and time, cut with MSG_CTRUNC. */
#define _GNU_SOURCE
#include "net.h"

#include <sys/time.h>
#include <time.h>

#ifndef SO_TIMESTAMP
#define SO_TIMESTAMP 29
#endif

static int on = 1, off = 0;

static struct cmsghdr *get(int fd, struct msghdr *m, int level, int type)
{
    static char ctl[200], buf[10];
    static struct iovec iov = {buf, 10};
    *m = (struct msghdr){
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl};
    CHECK_EQ(recvmsg(fd, m, 0), 1);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == level && c->cmsg_type == type)
            return c;
    return NULL;
}

int main(void)
{
    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a)), v, seen = 0;
    struct msghdr m;
    struct cmsghdr *c;

    CHECK_EQ(send(b, "x", 1, 0), 1);
    CHECK(!get(a, &m, IPPROTO_IP, IP_PKTINFO));
    CHECK_EQ(m.msg_controllen, 0);
    CHECK_EQ(setsockopt(a, IPPROTO_IP, IP_PKTINFO, &on, sizeof on), 0);
    CHECK_EQ(setsockopt(a, IPPROTO_IP, IP_RECVTTL, &on, sizeof on), 0);
    CHECK_EQ(setsockopt(a, IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
    CHECK_EQ(setsockopt(a, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on), 0);
    v = 0x10;
    CHECK_EQ(setsockopt(b, IPPROTO_IP, IP_TOS, &v, sizeof v), 0);
    v = 77;
    CHECK_EQ(setsockopt(b, IPPROTO_IP, IP_TTL, &v, sizeof v), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(send(b, "x", 1, 0), 1);
    c = get(a, &m, IPPROTO_IP, IP_PKTINFO);
    CHECK(c && c->cmsg_len == CMSG_LEN(sizeof(struct in_pktinfo)));
    struct in_pktinfo *pi = (void *)CMSG_DATA(c);
    CHECK_EQ(pi->ipi_ifindex, 1);
    CHECK_EQ(pi->ipi_addr.s_addr, htonl(INADDR_LOOPBACK));
    c = get(a, &m, IPPROTO_IP, IP_TTL);
    CHECK(c && c->cmsg_len == CMSG_LEN(sizeof(int)));
    memcpy(&v, CMSG_DATA(c), sizeof v);
    CHECK_EQ(v, 77);
    c = get(a, &m, IPPROTO_IP, IP_TOS);
    CHECK(c && c->cmsg_len == CMSG_LEN(1) && *CMSG_DATA(c) == 0x10);
    c = get(a, &m, SOL_SOCKET, SO_TIMESTAMP);
    CHECK(c && c->cmsg_len == CMSG_LEN(sizeof(struct timeval)));
    struct timeval tv;
    memcpy(&tv, CMSG_DATA(c), sizeof tv);
    CHECK(labs((long)(time(NULL) - tv.tv_sec)) <= 2);

    char small[CMSG_LEN(4)];
    CHECK_EQ(setsockopt(a, SOL_SOCKET, SO_TIMESTAMP, &off, sizeof off), 0);
    CHECK_EQ(send(b, "x", 1, 0), 1);
    m.msg_control = small;
    m.msg_controllen = sizeof small;
    CHECK_EQ(recvmsg(a, &m, 0), 1);
    CHECK(m.msg_flags & MSG_CTRUNC);
    CHECK_EQ(m.msg_controllen, sizeof small);

    /* SO_REUSEPORT: one sender always meets the same of several, different senders several. */
    int s[2];
    struct sockaddr_in sin = loopback(0);
    for (int i = 0; i < 2; i++) {
        s[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        CHECK_EQ(setsockopt(s[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
        CHECK_EQ(bind(s[i], (struct sockaddr *)&sin, sizeof sin), 0);
        sin = loopback(local_port(s[i]));
    }
    for (int i = 0; i < 64; i++) {
        int from = connected(SOCK_DGRAM, local_port(s[0])), n[2] = {0, 0};
        for (int k = 0; k < 3; k++)
            CHECK_EQ(send(from, "x", 1, 0), 1);
        usleep(1000);
        for (int k = 0; k < 2; k++)
            while (recv(s[k], small, 1, 0) == 1)
                n[k]++;
        CHECK(n[0] + n[1] == 3 && (!n[0] || !n[1]));
        seen |= n[0] ? 1 : 2;
        close(from);
    }
    CHECK_EQ(seen, 3);
    return 0;
}
