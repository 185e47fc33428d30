/* ip(7): a socket bound to 0.0.0.0 is reached through 127.0.0.1 and then has that address. */
#include "net.h"

int main(void)
{
    struct sockaddr_in sin = {.sin_family = AF_INET}, got;
    socklen_t len = sizeof got;
    int lis = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(bind(lis, (struct sockaddr *)&sin, sizeof sin), 0);
    CHECK_EQ(listen(lis, 4), 0);
    CHECK_EQ(getsockname(lis, (struct sockaddr *)&got, &len), 0);
    CHECK_EQ(got.sin_addr.s_addr, 0);
    CHECK(got.sin_port != 0);

    int a = connected(SOCK_STREAM, ntohs(got.sin_port)), b = accept(lis, NULL, NULL);
    CHECK(b >= 0);
    CHECK_EQ(getsockname(b, (struct sockaddr *)&got, &len), 0);
    CHECK_EQ(ntohl(got.sin_addr.s_addr), INADDR_LOOPBACK);
    CHECK_EQ(getsockname(a, (struct sockaddr *)&got, &len), 0);
    CHECK_EQ(ntohl(got.sin_addr.s_addr), INADDR_LOOPBACK);

    /* listen() without bind() chooses a port. */
    int unbound = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(listen(unbound, 1), 0);
    CHECK(local_port(unbound) != 0);

    /* Another address of 127/8 is this machine too. */
    sin = loopback(local_port(unbound));
    sin.sin_addr.s_addr = htonl(0x7f000002);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(connect(c, (struct sockaddr *)&sin, sizeof sin), 0);
    return 0;
}
