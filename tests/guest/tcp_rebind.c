/* socket(7): SO_REUSEADDR lets a server listen again on its port at once; two may not at once. */
#include "net.h"

int main(void)
{
    int one = 1;
    int lis = listener(4);
    CHECK_EQ(setsockopt(lis, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    uint16_t port = local_port(lis);
    struct sockaddr_in sin = loopback(port);

    int other = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    CHECK_ERRNO(bind(other, (struct sockaddr *)&sin, sizeof sin), EADDRINUSE);

    int a = connected(SOCK_STREAM, port), b = accept(lis, NULL, NULL);
    char c;
    CHECK(b >= 0);
    close(b); /* the server's side first: it stays in TIME_WAIT */
    CHECK_EQ(recv(a, &c, 1, 0), 0);
    close(a);
    close(lis);
    CHECK_EQ(bind(other, (struct sockaddr *)&sin, sizeof sin), 0);
    CHECK_EQ(listen(other, 4), 0);
    a = connected(SOCK_STREAM, port);
    b = accept(other, NULL, NULL);
    CHECK(b >= 0);
    return 0;
}
