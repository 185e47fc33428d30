/* select(2), pselect(2): the sets come back with what is ready; the count is of all three. */
#include "net.h"

#include <sys/select.h>

int main(void)
{
    int end[2];
    tcp_pair(end);
    int top = (end[0] > end[1] ? end[0] : end[1]) + 1;
    fd_set in, out;
    struct timeval none = {0}, some = {.tv_sec = 5};

    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(end[0], &in);
    FD_SET(end[0], &out);
    FD_SET(end[1], &out);
    CHECK_EQ(select(top, &in, &out, NULL, &none), 2);
    CHECK(!FD_ISSET(end[0], &in));
    CHECK(FD_ISSET(end[0], &out) && FD_ISSET(end[1], &out));

    send_all(end[1], "x", 1);
    FD_SET(end[0], &in);
    FD_SET(end[1], &in);
    CHECK_EQ(select(top, &in, NULL, NULL, &some), 1);
    CHECK(FD_ISSET(end[0], &in) && !FD_ISSET(end[1], &in));

    FD_ZERO(&in);
    FD_SET(end[1], &in);
    struct timespec ts = {.tv_nsec = 10000000};
    CHECK_EQ(pselect(top, &in, NULL, NULL, &ts, NULL), 0);
    CHECK(!FD_ISSET(end[1], &in));

    close(end[0]);
    FD_ZERO(&in);
    FD_SET(end[0], &in);
    CHECK_ERRNO(select(top, &in, NULL, NULL, &none), EBADF);
    return 0;
}
