/* epoll_wait(2): a thread that waits is woken by data, by EPOLL_CTL_ADD and by EPOLL_CTL_MOD. */
#include "net.h"

#include <pthread.h>
#include <sys/epoll.h>

static int ep;

static void *waiter(void *arg)
{
    struct epoll_event ev;
    CHECK_EQ(epoll_wait(ep, &ev, 1, 10000), 1);
    *(uint32_t *)arg = ev.events;
    return NULL;
}

static pthread_t start(uint32_t *events)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, waiter, events), 0);
    usleep(30000);
    return thread;
}

int main(void)
{
    int end[2];
    uint32_t events;
    char c;
    tcp_pair(end);
    ep = epoll_create1(0);
    struct epoll_event want = {.events = EPOLLIN};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[1], &want), 0);

    pthread_t thread = start(&events);
    send_all(end[0], "x", 1);
    pthread_join(thread, NULL);
    CHECK_EQ(events, EPOLLIN);
    recv_all(end[1], &c, 1);

    thread = start(&events);
    want.events = EPOLLOUT;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[1], &want), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(events, EPOLLOUT);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_DEL, end[1], NULL), 0);

    thread = start(&events);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &want), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(events, EPOLLOUT);
    return 0;
}
