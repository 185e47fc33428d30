/* poll(2), ppoll(2): readiness of sockets: POLLIN, POLLOUT, POLLHUP, POLLNVAL, and time-outs. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <time.h>

int main(void)
{
    int lis = listener(1), end[2];
    struct pollfd p[3] = {{.fd = lis, .events = POLLIN}};
    CHECK_EQ(poll(p, 1, 0), 0);
    CHECK_EQ(poll(p, 1, 20), 0);
    int a = connected(SOCK_STREAM, local_port(lis));
    CHECK_EQ(poll(p, 1, 5000), 1);
    CHECK_EQ(p[0].revents, POLLIN);
    close(accept(lis, NULL, NULL));
    close(a);

    tcp_pair(end);
    p[0] = (struct pollfd){.fd = end[0], .events = POLLIN | POLLOUT};
    p[1] = (struct pollfd){.fd = -1, .events = POLLIN}; /* skipped */
    p[2] = (struct pollfd){.fd = 987, .events = POLLIN};
    CHECK_EQ(poll(p, 3, -1), 2);
    CHECK_EQ(p[0].revents, POLLOUT);
    CHECK_EQ(p[1].revents, 0);
    CHECK_EQ(p[2].revents, POLLNVAL);

    send_all(end[1], "x", 1);
    p[0].events = POLLIN;
    struct timespec ts = {.tv_sec = 5};
    CHECK_EQ(ppoll(p, 1, &ts, NULL), 1);
    CHECK_EQ(p[0].revents, POLLIN);
    char c;
    recv_all(end[0], &c, 1);
    ts = (struct timespec){.tv_nsec = 1000000};
    CHECK_EQ(ppoll(p, 1, &ts, NULL), 0);

    close(end[1]);
    p[0].events = POLLIN | POLLRDHUP;
    CHECK_EQ(poll(p, 1, 5000), 1);
    CHECK_EQ(p[0].revents, POLLIN | POLLRDHUP);
    shutdown(end[0], SHUT_WR);
    p[0].events = 0;
    CHECK_EQ(poll(p, 1, 5000), 1);
    CHECK_EQ(p[0].revents, POLLHUP);
    CHECK_EQ(poll(NULL, 0, 10), 0);
    return 0;
}
