/* socket(7): SO_LINGER with time 0 makes close() reset: the peer's recv() says ECONNRESET once. */
#include "net.h"

#include <poll.h>
#include <signal.h>

int main(void)
{
    int end[2];
    char buf[8];
    struct linger now = {.l_onoff = 1, .l_linger = 0}, got;
    socklen_t len = sizeof got;

    signal(SIGPIPE, SIG_IGN);
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    CHECK_EQ(getsockopt(end[0], SOL_SOCKET, SO_LINGER, &got, &len), 0);
    CHECK_EQ(got.l_onoff, 1);
    CHECK_EQ(got.l_linger, 0);
    CHECK_EQ(close(end[0]), 0);

    struct pollfd p = {.fd = end[1], .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK(p.revents & POLLERR);
    CHECK(p.revents & POLLHUP);
    CHECK_ERRNO(recv(end[1], buf, sizeof buf, 0), ECONNRESET);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 0);
    CHECK_ERRNO(send(end[1], "x", 1, 0), EPIPE);
    return 0;
}
