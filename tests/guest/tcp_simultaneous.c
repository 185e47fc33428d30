/* RFC 9293 §3.6: both ends close at the same time, and both see the end. */
#include "net.h"

int main(void)
{
    for (int i = 0; i < 50; i++) {
        int end[2];
        char c;
        tcp_pair(end);
        send_all(end[0], "a", 1);
        send_all(end[1], "b", 1);
        CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
        CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
        recv_all(end[0], &c, 1);
        CHECK_EQ(c, 'b');
        recv_all(end[1], &c, 1);
        CHECK_EQ(c, 'a');
        CHECK_EQ(recv(end[0], &c, 1, 0), 0);
        CHECK_EQ(recv(end[1], &c, 1, 0), 0);
        CHECK_EQ(close(end[0]), 0);
        CHECK_EQ(close(end[1]), 0);
    }
    return 0;
}
