/* ipv6(7): a service of SOCK_DGRAM sockets of AF_INET6 alone hears senders of both families. */
#include "net.h"

int main(void)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    struct in6_addr to[] = {in6addr_loopback, {{{[10] = 0xff, 0xff, 127, 0, 0, 1}}}};
    int s = socket(AF_INET6, SOCK_DGRAM, 0), c = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socklen_t len = sizeof a;

    CHECK(s >= 0 && c >= 0);
    CHECK_EQ(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(getsockname(s, (struct sockaddr *)&a, &len), 0);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in6 from;
        char byte = 0;

        a.sin6_addr = to[i];
        len = sizeof from;
        CHECK_EQ(sendto(c, "x", 1, 0, (struct sockaddr *)&a, sizeof a), 1);
        CHECK_EQ(recvfrom(s, &byte, 1, 0, (struct sockaddr *)&from, &len), 1);
        CHECK_EQ(byte, 'x');
        CHECK(memcmp(&from.sin6_addr, &to[i], sizeof to[i]) == 0);
    }
    return 0;
}
