/* ipv6(7): a service of SOCK_STREAM sockets of AF_INET6 alone serves clients of both families. */
#include "net.h"

int main(void)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    struct in6_addr to[] = {in6addr_loopback, {{{[10] = 0xff, 0xff, 127, 0, 0, 1}}}};
    int l = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof a;

    CHECK(l >= 0);
    CHECK_EQ(bind(l, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(listen(l, 2), 0);
    CHECK_EQ(getsockname(l, (struct sockaddr *)&a, &len), 0);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in6 from;
        int c = socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP), s;
        char byte = 0;

        a.sin6_addr = to[i];
        CHECK_EQ(connect(c, (struct sockaddr *)&a, sizeof a), 0);
        len = sizeof from;
        s = accept(l, (struct sockaddr *)&from, &len);
        CHECK(s >= 0);
        CHECK(memcmp(&from.sin6_addr, &to[i], sizeof to[i]) == 0);
        CHECK_EQ(send(c, "x", 1, 0), 1);
        CHECK_EQ(recv(s, &byte, 1, 0), 1);
        CHECK_EQ(byte, 'x');
        close(s);
        CHECK_EQ(recv(c, &byte, 1, 0), 0);
        close(c);
    }
    return 0;
}
