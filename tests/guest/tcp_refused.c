/* connect(2): where nobody listens the answer is ECONNREFUSED, and the socket can be closed. */
#include "net.h"

int main(void)
{
    int unused = bound(SOCK_STREAM); /* bound, so nobody else takes the port; not listening */
    uint16_t port = local_port(unused);
    for (int i = 0; i < 20; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(fd >= 0);
        CHECK_ERRNO(try_connect(fd, port), ECONNREFUSED);
        CHECK_EQ(close(fd), 0);
    }
    /* Once somebody listens there, the same port answers. */
    CHECK_EQ(listen(unused, 1), 0);
    int fd = connected(SOCK_STREAM, port);
    CHECK_EQ(close(fd), 0);
    return 0;
}
