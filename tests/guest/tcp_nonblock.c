/* recv(2), accept(2): a non-blocking socket with nothing to give fails with EAGAIN at once. */
#include "net.h"

#include <poll.h>

int main(void)
{
    char buf[8];
    int lis = listener(4);
    set_nonblocking(lis);
    CHECK_ERRNO(accept(lis, NULL, NULL), EAGAIN);

    int a = connected(SOCK_STREAM, local_port(lis));
    struct pollfd p = {.fd = lis, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    int b = accept(lis, NULL, NULL);
    CHECK(b >= 0);
    CHECK_ERRNO(accept(lis, NULL, NULL), EAGAIN);

    /* accept() does not hand the listener's flag on. */
    CHECK_EQ(fcntl(b, F_GETFL) & O_NONBLOCK, 0);
    CHECK_ERRNO(recv(b, buf, sizeof buf, MSG_DONTWAIT), EAGAIN);
    set_nonblocking(b);
    CHECK_ERRNO(read(b, buf, sizeof buf), EAGAIN);

    send_all(a, "ping", 4);
    p.fd = b;
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(read(b, buf, sizeof buf), 4);
    CHECK_ERRNO(read(b, buf, sizeof buf), EAGAIN);
    close(a);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(read(b, buf, sizeof buf), 0);
    return 0;
}
