/* close(2), socket(7): what was sent before close() is delivered, however slow the reader. */
#include "net.h"

int main(void)
{
    int end[2];
    static char buf[10000];
    size_t sent = 0, got = 0;
    ssize_t n;
    tcp_pair(end);
    set_nonblocking(end[0]);
    memset(buf, 'd', sizeof buf);
    while (sent < 300000 && (n = send(end[0], buf, sizeof buf, 0)) > 0)
        sent += (size_t)n;
    CHECK(sent > 0);
    CHECK_EQ(close(end[0]), 0);
    while ((n = recv(end[1], buf, 997, 0)) > 0) {
        got += (size_t)n;
        if (got % 50 == 0)
            usleep(100);
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(got, sent);
    return 0;
}
