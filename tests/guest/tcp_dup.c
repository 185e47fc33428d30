/* dup(2): a connection ends when its last descriptor is closed, not before. */
#include "net.h"

int main(void)
{
    int end[2];
    char c;
    tcp_pair(end);
    int copy = dup(end[0]);
    CHECK(copy >= 0);
    CHECK_EQ(close(end[0]), 0);
    send_all(copy, "x", 1);
    recv_all(end[1], &c, 1);
    CHECK_ERRNO(recv(end[1], &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(close(copy), 0);
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    return 0;
}
