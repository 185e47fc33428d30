/* send(2): a full non-blocking socket says EAGAIN and loses nothing; POLLOUT returns with room. */
#include "net.h"

#include <poll.h>
#include <stdbool.h>

int main(void)
{
    int end[2];
    static unsigned char buf[4096];
    tcp_pair(end);
    set_nonblocking(end[0]);

    size_t sent = 0, got = 0;
    for (;;) {
        for (size_t i = 0; i < sizeof buf; i++)
            buf[i] = (unsigned char)((sent + i) % 251);
        ssize_t n = send(end[0], buf, sizeof buf, 0);
        if (n < 0)
            break;
        sent += (size_t)n;
        CHECK(sent < 64u << 20);
    }
    CHECK_EQ(errno, EAGAIN);
    struct pollfd p = {.fd = end[0], .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);

    bool writable = false;
    while (got < sent) {
        ssize_t n = recv(end[1], buf, sizeof buf, 0);
        CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(buf[i], (got + (size_t)i) % 251);
        got += (size_t)n;
        if (!writable && poll(&p, 1, got == sent ? 5000 : 0) == 1)
            writable = true;
    }
    CHECK(writable);
    CHECK_ERRNO(recv(end[1], buf, 1, MSG_DONTWAIT), EAGAIN);
    return 0;
}
