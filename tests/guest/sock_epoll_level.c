/* epoll(7): level-triggered, a socket is reported as long as it is ready, and not after. */
#include "net.h"

#include <sys/epoll.h>

static struct epoll_event ev[8];

static int wait_ms(int ep, int ms)
{
    return epoll_wait(ep, ev, 8, ms);
}

int main(void)
{
    int end[2], ep = epoll_create1(EPOLL_CLOEXEC);
    char buf[8];
    CHECK(ep >= 0);
    tcp_pair(end);
    struct epoll_event want = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[1], &want), 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, end[1], &want), EEXIST);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, end[0], &want), ENOENT);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, end[0], NULL), ENOENT);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 987, &want), EBADF);
    CHECK_ERRNO(epoll_wait(ep, ev, 0, 0), EINVAL);
    CHECK_EQ(wait_ms(ep, 0), 0);
    CHECK_EQ(wait_ms(ep, 10), 0);

    send_all(end[0], "abcd", 4);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(wait_ms(ep, 5000), 1);
        CHECK_EQ(ev[0].events, EPOLLIN);
        CHECK(ev[0].data.u64 == 0x1122334455667788);
    }
    CHECK_EQ(recv(end[1], buf, 2, 0), 2);
    CHECK_EQ(wait_ms(ep, 5000), 1);
    CHECK_EQ(recv(end[1], buf, 8, 0), 2);
    CHECK_EQ(wait_ms(ep, 0), 0);

    want.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    CHECK_EQ(wait_ms(ep, 0), 1);
    CHECK_EQ(ev[0].events, EPOLLOUT);

    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    want.events = EPOLLIN | EPOLLRDHUP;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    CHECK_EQ(wait_ms(ep, 5000), 1);
    CHECK_EQ(ev[0].events, EPOLLIN | EPOLLRDHUP);
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    CHECK_EQ(wait_ms(ep, 5000), 1);
    CHECK_EQ(ev[0].events, EPOLLIN | EPOLLRDHUP | EPOLLHUP);

    /* A closed descriptor leaves the set by itself. */
    CHECK_EQ(close(end[1]), 0);
    CHECK_EQ(wait_ms(ep, 0), 0);
    return 0;
}
