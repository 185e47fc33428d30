/* shutdown(2): SHUT_WR ends one direction; the other goes on until its own end. */
#include "net.h"

#include <signal.h>

int main(void)
{
    int end[2];
    char buf[64];
    signal(SIGPIPE, SIG_IGN);
    tcp_pair(end);

    send_all(end[0], "question", 8);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    CHECK_ERRNO(send(end[0], "x", 1, 0), EPIPE);

    recv_all(end[1], buf, 8);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 0); /* the end stays the end */
    for (int i = 0; i < 100; i++)
        send_all(end[1], "the answer ", 11);
    CHECK_EQ(close(end[1]), 0);

    for (int i = 0; i < 100; i++) {
        recv_all(end[0], buf, 11);
        CHECK(memcmp(buf, "the answer ", 11) == 0);
    }
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 0);
    return 0;
}
