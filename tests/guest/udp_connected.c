/* connect(2): a connected datagram socket hears only its peer; AF_UNSPEC dissolves that. */
#include "net.h"

#include <poll.h>

int main(void)
{
    int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM), c = bound(SOCK_DGRAM);
    struct sockaddr_in to_a = loopback(local_port(a)), peer;
    char buf[16];
    CHECK_EQ(try_connect(a, local_port(b)), 0);
    socklen_t len = sizeof peer;
    CHECK_EQ(getpeername(a, (struct sockaddr *)&peer, &len), 0);
    CHECK_EQ(ntohs(peer.sin_port), local_port(b));

    CHECK_EQ(sendto(c, "stranger", 8, 0, (struct sockaddr *)&to_a, sizeof to_a), 8);
    CHECK_EQ(sendto(b, "peer", 4, 0, (struct sockaddr *)&to_a, sizeof to_a), 4);
    CHECK_EQ(recv(a, buf, sizeof buf, 0), 4);
    CHECK_ERRNO(recv(a, buf, sizeof buf, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(write(a, "hi", 2), 2);
    CHECK_EQ(read(b, buf, sizeof buf), 2);

    struct sockaddr none = {.sa_family = AF_UNSPEC};
    CHECK_EQ(connect(a, &none, sizeof none), 0);
    CHECK_ERRNO(getpeername(a, (struct sockaddr *)&peer, &len), ENOTCONN);
    CHECK_ERRNO(send(a, "x", 1, 0), EDESTADDRREQ);
    return 0;
}
