/* epoll_wait(2): of 100 sockets just those that are ready, no more than asked for, none starved. */
#include "net.h"

#include <sys/epoll.h>

int main(void)
{
    enum { N = 100 };
    static int end[N][2], seen[N];
    int ep = epoll_create1(0);
    for (int i = 0; i < N; i++) {
        tcp_pair(end[i]);
        struct epoll_event want = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[i][1], &want), 0);
    }
    for (int i = 0; i < N; i += 3)
        send_all(end[i][0], "x", 1);
    /* 34 are ready and stay so. Seven at a time, every one must come up before long. */
    int n_seen = 0;
    for (int round = 0; round < 50 && n_seen < 34; round++) {
        struct epoll_event ev[7];
        int n = epoll_wait(ep, ev, 7, 5000);
        CHECK(n >= 1 && n <= 7);
        for (int k = 0; k < n; k++) {
            uint32_t i = ev[k].data.u32;
            CHECK(i % 3 == 0);
            n_seen += !seen[i]++;
        }
    }
    CHECK_EQ(n_seen, 34);
    return 0;
}
