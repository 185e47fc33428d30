/* accept4(2): SOCK_NONBLOCK and SOCK_CLOEXEC set the flags of the new descriptor only. */
#define _GNU_SOURCE
#include "net.h"

int main(void)
{
    int lis = listener(4);
    int a = connected(SOCK_STREAM, local_port(lis));
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    int b = accept4(lis, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK(b >= 0);
    CHECK_EQ(len, sizeof peer);
    CHECK_EQ(peer.sin_family, AF_INET);
    CHECK_EQ(ntohl(peer.sin_addr.s_addr), INADDR_LOOPBACK);
    CHECK_EQ(ntohs(peer.sin_port), local_port(a));
    CHECK(fcntl(b, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(b, F_GETFD) & FD_CLOEXEC);

    int c = connected(SOCK_STREAM, local_port(lis));
    int d = accept4(lis, NULL, NULL, 0);
    CHECK(d >= 0);
    CHECK(!(fcntl(d, F_GETFL) & O_NONBLOCK));
    CHECK(!(fcntl(d, F_GETFD) & FD_CLOEXEC));
    close(c);
    return 0;
}
