/* epoll(7): edge-triggered, new data is reported once; EPOLLONESHOT once until armed again. */
#include "net.h"

#include <poll.h>
#include <sys/epoll.h>

static struct epoll_event ev[8];

/* Waits until the data is there without asking the epoll set. */
static void until_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
}

int main(void)
{
    int end[2], ep = epoll_create1(0);
    char buf[8];
    tcp_pair(end);
    struct epoll_event want = {.events = EPOLLIN | EPOLLET, .data.fd = end[1]};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[1], &want), 0);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 0);

    send_all(end[0], "ab", 2);
    CHECK_EQ(epoll_wait(ep, ev, 8, 5000), 1);
    CHECK_EQ(ev[0].events, EPOLLIN);
    CHECK_EQ(ev[0].data.fd, end[1]);
    CHECK_EQ(epoll_wait(ep, ev, 8, 20), 0); /* still readable, reported already */
    send_all(end[0], "c", 1);
    CHECK_EQ(epoll_wait(ep, ev, 8, 5000), 1); /* new data, new edge */
    CHECK_EQ(recv(end[1], buf, 8, 0), 3);

    /* Readable before it is added, and after EPOLL_CTL_MOD, counts as an edge. */
    send_all(end[0], "d", 1);
    until_readable(end[1]);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 1);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 1);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 0);
    CHECK_EQ(recv(end[1], buf, 8, 0), 1);

    want.events = EPOLLIN | EPOLLONESHOT;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    send_all(end[0], "e", 1);
    CHECK_EQ(epoll_wait(ep, ev, 8, 5000), 1);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 1);
    CHECK_EQ(recv(end[1], buf, 8, 0), 1);

    /* EPOLLOUT edge: full, then room again. */
    static char block[65536];
    set_nonblocking(end[1]);
    want.events = EPOLLOUT | EPOLLET;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    CHECK_EQ(epoll_wait(ep, ev, 8, 0), 1);
    size_t sent = 0, got = 0;
    ssize_t n;
    while ((n = send(end[1], block, sizeof block, 0)) > 0)
        sent += (size_t)n;
    CHECK_EQ(errno, EAGAIN);
    while (got < sent && (n = recv(end[0], block, sizeof block, 0)) > 0)
        got += (size_t)n;
    CHECK_EQ(epoll_wait(ep, ev, 8, 5000), 1);
    CHECK_EQ(ev[0].events, EPOLLOUT);
    return 0;
}
