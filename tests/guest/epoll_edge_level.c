/* epoll(7): level-triggered events repeat, edge-triggered ones come once per change. */
#include "check.h"

#include <sys/epoll.h>

static int ep;
static struct epoll_event got[8];

static int add(int op, int fd, unsigned events)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};
    return epoll_ctl(ep, op, fd, &ev);
}

static int ready(void)
{
    return epoll_wait(ep, got, 8, 0);
}

int main(void)
{
    int p[2];
    char buf[16];

    ep = epoll_create1(EPOLL_CLOEXEC);
    CHECK(ep >= 0 && pipe(p) == 0);
    CHECK_EQ(add(EPOLL_CTL_ADD, p[0], EPOLLIN), 0);
    CHECK_EQ(ready(), 0);
    CHECK_EQ(write(p[1], "abc", 3), 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(ready(), 1);
        CHECK(got[0].events == EPOLLIN && got[0].data.fd == p[0]);
    }
    CHECK_EQ(read(p[0], buf, 2), 2);
    CHECK_EQ(ready(), 1);
    CHECK_EQ(read(p[0], buf, 2), 1);
    CHECK_EQ(ready(), 0);

    CHECK_EQ(add(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET), 0);
    CHECK_EQ(ready(), 0);
    CHECK_EQ(write(p[1], "a", 1), 1);
    CHECK_EQ(ready(), 1);
    CHECK_EQ(ready(), 0);
    CHECK_EQ(write(p[1], "b", 1), 1);
    CHECK_EQ(ready(), 1);
    CHECK_EQ(ready(), 0);
    CHECK_EQ(add(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET), 0); /* asks again */
    CHECK_EQ(ready(), 1);
    CHECK_EQ(ready(), 0);

    CHECK_EQ(add(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT), 0);
    CHECK_EQ(ready(), 1);
    CHECK_EQ(write(p[1], "c", 1), 1);
    CHECK_EQ(ready(), 0);
    CHECK_EQ(add(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT), 0);
    CHECK_EQ(ready(), 1);

    /* The writer: ready, then full, then ready again; the hang-up is told unasked. */
    CHECK_EQ(add(EPOLL_CTL_ADD, p[1], EPOLLOUT), 0);
    CHECK_EQ(ready(), 1);
    CHECK(got[0].events == EPOLLOUT && got[0].data.fd == p[1]);
    CHECK_EQ(add(EPOLL_CTL_MOD, p[0], 0), 0);
    close(p[1]);
    CHECK_EQ(ready(), 1);
    CHECK(got[0].events == EPOLLHUP && got[0].data.fd == p[0]);
    return 0;
}
