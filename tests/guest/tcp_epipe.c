/* send(2): EPIPE comes with SIGPIPE for write() and send(), without it for MSG_NOSIGNAL. */
#include "net.h"

#include <signal.h>

static volatile sig_atomic_t n_signals;

static void count(int sig)
{
    CHECK_EQ(sig, SIGPIPE);
    n_signals++;
}

int main(void)
{
    int end[2];
    signal(SIGPIPE, count);
    tcp_pair(end);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    CHECK_ERRNO(send(end[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(n_signals, 0);
    CHECK_ERRNO(send(end[0], "x", 1, 0), EPIPE);
    CHECK_EQ(n_signals, 1);
    CHECK_ERRNO(write(end[0], "x", 1), EPIPE);
    CHECK_EQ(n_signals, 2);

    /* The peer is gone altogether: the first write is taken, a later one fails. */
    int again[2];
    tcp_pair(again);
    CHECK_EQ(close(again[1]), 0);
    ssize_t n = 0;
    for (int i = 0; i < 1000 && n >= 0; i++) {
        n = send(again[0], "x", 1, MSG_NOSIGNAL);
        usleep(1000);
    }
    CHECK_EQ(n, -1);
    CHECK(errno == EPIPE || errno == ECONNRESET);
    return 0;
}
