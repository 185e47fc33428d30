/* socket(7), tcp(7): SO_RCVLOWAT, SO_PEEK_OFF, TCP_INQ, SO_RXQ_OVFL … do what they say. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <pthread.h>
#include <sys/time.h>
#include <time.h>

#define STAMP_RX_SOFTWARE 8 /* <linux/net_tstamp.h> */
#define STAMP_SOFTWARE    16

static void set(int fd, int level, int name, int v)
{
    CHECK_EQ(setsockopt(fd, level, name, &v, sizeof v), 0);
}

static int is_readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK(poll(&p, 1, ms) >= 0);
    return p.revents & POLLIN;
}

static void *send_rest(void *peer)
{
    usleep(30000);
    CHECK_EQ(send(*(int *)peer, "cd", 2, 0), 2);
    usleep(30000);
    CHECK_EQ(send(*(int *)peer, "efg", 3, 0), 3);
    return NULL;
}

/* Not readable before there are five bytes; a recv() that waits, waits for them. */
static void low_water(int fd, int peer, int is_tcp)
{
    pthread_t t;
    char buf[16];

    set(fd, SOL_SOCKET, SO_RCVLOWAT, 5);
    CHECK_EQ(send(peer, "ab", 2, 0), 2);
    CHECK_EQ(!!is_readable(fd, 50), !is_tcp);
    CHECK_EQ(recv(fd, buf, 1, 0), 1); /* no more than it asks for */
    CHECK_EQ(pthread_create(&t, NULL, send_rest, &peer), 0);
    CHECK_EQ(recv(fd, buf + 1, 10, 0), 6);
    CHECK_EQ(memcmp(buf, "abcdefg", 7), 0);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_EQ(send(peer, "12", 2, 0), 2);
    usleep(10000);
    CHECK_EQ(recv(fd, buf, 10, MSG_DONTWAIT), 2); /* what there is */
    CHECK_EQ(send(peer, "12345", 5, 0), 5);
    CHECK(is_readable(fd, 5000));
    CHECK_EQ(recv(fd, buf, 10, 0), 5);
    CHECK_EQ(send(peer, "12", 2, 0), 2);
    CHECK_EQ(shutdown(peer, SHUT_WR), 0);
    CHECK(is_readable(fd, 5000)); /* the end is more than any number */
    CHECK_EQ(recv(fd, buf, 10, 0), 2);
    CHECK_EQ(recv(fd, buf, 10, 0), 0);
    close(fd);
    close(peer);
}

static void peek_off(void)
{
    int end[2], off;
    socklen_t len = sizeof off;
    char buf[16];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    set(end[0], SOL_SOCKET, SO_PEEK_OFF, 0);
    CHECK_EQ(send(end[1], "abcdef", 6, 0), 6);
    CHECK_EQ(recv(end[0], buf, 2, MSG_PEEK), 2);
    CHECK_EQ(memcmp(buf, "ab", 2), 0);
    CHECK_EQ(recv(end[0], buf, 3, MSG_PEEK), 3);
    CHECK_EQ(memcmp(buf, "cde", 3), 0);
    CHECK_EQ(recv(end[0], buf, 3, MSG_PEEK), 1);
    CHECK_EQ(buf[0], 'f');
    CHECK_ERRNO(recv(end[0], buf, 3, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(recv(end[0], buf, 2, 0), 2);
    CHECK_EQ(getsockopt(end[0], SOL_SOCKET, SO_PEEK_OFF, &off, &len), 0);
    CHECK_EQ(off, 4);
    set(end[0], SOL_SOCKET, SO_PEEK_OFF, 1);
    CHECK_EQ(recv(end[0], buf, 9, MSG_PEEK), 3);
    CHECK_EQ(memcmp(buf, "def", 3), 0);
    set(end[0], SOL_SOCKET, SO_PEEK_OFF, -1);
    CHECK_EQ(recv(end[0], buf, 9, MSG_PEEK), 4);

    int u = bound(SOCK_DGRAM), v = connected(SOCK_DGRAM, local_port(u));
    set(u, SOL_SOCKET, SO_PEEK_OFF, 2);
    CHECK_EQ(send(v, "abcdef", 6, 0), 6);
    CHECK_EQ(recv(u, buf, 3, MSG_PEEK), 3);
    CHECK_EQ(memcmp(buf, "cde", 3), 0);
    CHECK_EQ(recv(u, buf, 9, 0), 6);
}

/* The control message of this kind that comes with the next data; NULL if there is none. */
static void *with_next(int fd, int level, int type, ssize_t want, int flags)
{
    static char control[256] __attribute__((aligned(8)));
    static char buf[64];
    struct iovec iov = {buf, sizeof buf};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};

    if (!(flags & MSG_ERRQUEUE))
        CHECK(is_readable(fd, 5000));
    CHECK_EQ(recvmsg(fd, &msg, flags), want);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level == level && c->cmsg_type == type)
            return CMSG_DATA(c);
    }
    return NULL;
}

static void inq(void)
{
    int end[2], *n;
    char buf[4];

    tcp_pair(end);
    set(end[1], IPPROTO_TCP, TCP_INQ, 1);
    CHECK_EQ(send(end[0], buf, 4, 0), 4);
    CHECK_EQ(recv(end[1], buf, 1, 0), 1);
    CHECK_EQ(
        send(end[0], "0123456789012345678901234567890123456789012345678901234567890123", 64, 0),
        64);
    usleep(20000);
    n = with_next(end[1], IPPROTO_TCP, TCP_CM_INQ, 64, 0);
    CHECK(n);
    CHECK_EQ(*n, 3);
    CHECK_EQ(recv(end[1], buf, 4, 0), 3);
}

static void datagrams(void)
{
    int u = bound(SOCK_DGRAM), v = connected(SOCK_DGRAM, local_port(u)), small = 2304;
    struct sockaddr_in *dst;
    struct timespec *at, now;
    uint32_t *dropped;
    char buf[1000];

    set(u, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
    set(u, SOL_SOCKET, SO_TIMESTAMPING, STAMP_RX_SOFTWARE | STAMP_SOFTWARE);
    CHECK_EQ(send(v, "x", 1, 0), 1);
    dst = with_next(u, IPPROTO_IP, IP_ORIGDSTADDR, 1, 0);
    CHECK(dst);
    CHECK_EQ(ntohs(dst->sin_port), local_port(u));
    CHECK_EQ(ntohl(dst->sin_addr.s_addr), INADDR_LOOPBACK);
    at = NULL;
    for (int i = 0; i < 100 && !at; i++) { /* Linux begins to take the time a little later */
        CHECK_EQ(send(v, "x", 1, 0), 1);
        at = with_next(u, SOL_SOCKET, SCM_TIMESTAMPING, 1, 0);
        usleep(at ? 0 : 10000);
    }
    CHECK(at);
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK(at->tv_sec >= now.tv_sec - 5 && at->tv_sec <= now.tv_sec);
    CHECK_EQ(at[1].tv_sec, 0);

    set(u, SOL_SOCKET, SO_RXQ_OVFL, 1);
    CHECK_EQ(setsockopt(u, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    CHECK_EQ(send(v, "x", 1, 0), 1);
    CHECK(!with_next(u, SOL_SOCKET, SO_RXQ_OVFL, 1, 0)); /* nothing was lost */
    for (int i = 0; i < 100; i++)
        CHECK_EQ(send(v, buf, sizeof buf, 0), sizeof buf);
    usleep(20000);
    while (recv(u, buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
    CHECK_EQ(send(v, "x", 1, 0), 1);
    dropped = with_next(u, SOL_SOCKET, SO_RXQ_OVFL, 1, 0);
    CHECK(dropped);
    CHECK(*dropped > 50);
}

/* MSG_ZEROCOPY: after each send a number, told together; here and around a loopback it is a copy.
 */
static void zerocopy(void)
{
    struct {
        uint32_t err;
        uint8_t origin, type, code, pad;
        uint32_t info, data;
    } * e;
    int end[2];
    char buf[8];

    tcp_pair(end);
    CHECK_EQ(send(end[0], "ab", 2, MSG_ZEROCOPY), 2); /* without SO_ZEROCOPY it means nothing */
    CHECK_ERRNO(recv(end[0], buf, 1, MSG_ERRQUEUE), EAGAIN);
    set(end[0], SOL_SOCKET, SO_ZEROCOPY, 1);
    CHECK_EQ(send(end[0], "ab", 2, MSG_ZEROCOPY), 2);
    CHECK_EQ(send(end[0], "cd", 2, MSG_ZEROCOPY), 2);
    CHECK_EQ(recv(end[1], buf, 6, MSG_WAITALL), 6);
    struct pollfd p = {.fd = end[0]};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(p.revents, POLLERR);
    e = with_next(end[0], IPPROTO_IP, IP_RECVERR, 0, MSG_ERRQUEUE);
    CHECK(e);
    CHECK_EQ(e->err, 0);
    CHECK_EQ(e->origin, 5);
    CHECK_EQ(e->code, 1);
    CHECK_EQ(e->info, 0);
    if (e->data == 0) /* told one by one */
        e = with_next(end[0], IPPROTO_IP, IP_RECVERR, 0, MSG_ERRQUEUE);
    CHECK(e);
    CHECK_EQ(e->data, 1);
    CHECK_ERRNO(recv(end[0], buf, 1, MSG_ERRQUEUE), EAGAIN);
    CHECK_EQ(poll(&p, 1, 0), 0);
}

int main(void)
{
    int end[2], lis = listener(1), v = 0;
    socklen_t len = sizeof v;

    tcp_pair(end);
    low_water(end[1], end[0], 1);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    low_water(end[1], end[0], 0);
    peek_off();
    inq();
    datagrams();
    zerocopy();
    /* An accepted connection has what its listener has. */
    set(lis, SOL_SOCKET, SO_RCVLOWAT, 9);
    end[0] = connected(SOCK_STREAM, local_port(lis));
    end[1] = accept(lis, NULL, NULL);
    CHECK_EQ(getsockopt(end[1], SOL_SOCKET, SO_RCVLOWAT, &v, &len), 0);
    CHECK_EQ(v, 9);
    return 0;
}
