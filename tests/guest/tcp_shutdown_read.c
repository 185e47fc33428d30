/* shutdown(2): after SHUT_RD a receiver sees the end at once; SHUT_RDWR ends both for both. */
#include "net.h"

#include <signal.h>

int main(void)
{
    int end[2];
    char buf[8];
    signal(SIGPIPE, SIG_IGN);
    tcp_pair(end);
    CHECK_EQ(shutdown(end[0], SHUT_RD), 0);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 0);
    send_all(end[0], "still", 5);
    recv_all(end[1], buf, 5);

    CHECK_EQ(shutdown(end[0], SHUT_RDWR), 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 0);
    CHECK_ERRNO(send(end[0], "x", 1, 0), EPIPE);

    CHECK_ERRNO(shutdown(end[0], 77), EINVAL);
    int fresh = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(shutdown(fresh, SHUT_RDWR), ENOTCONN);
    return 0;
}
