/* RFC 2525 §2.17, tcp(7): closing with data unread resets the connection instead of ending it. */
#include "net.h"

#include <poll.h>

int main(void)
{
    int end[2];
    char buf[8];
    tcp_pair(end);
    send_all(end[0], "unread", 6);
    struct pollfd p = {.fd = end[1], .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(close(end[1]), 0);
    p.fd = end[0];
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_ERRNO(recv(end[0], buf, sizeof buf, 0), ECONNRESET);
    return 0;
}
