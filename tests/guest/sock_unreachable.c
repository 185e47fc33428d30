/* connect(2), DESIGN issue 2: without a network other machines are ENETUNREACH; loopback works. */
/* vm-only: a Linux machine has a route */
#include "net.h"

int main(void)
{
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(80)};
    far.sin_addr.s_addr = inet_addr("192.0.2.1");
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(tcp >= 0 && udp >= 0);
    CHECK_ERRNO(connect(tcp, (struct sockaddr *)&far, sizeof far), ENETUNREACH);
    CHECK_ERRNO(sendto(udp, "x", 1, 0, (struct sockaddr *)&far, sizeof far), ENETUNREACH);
    CHECK_ERRNO(connect(udp, (struct sockaddr *)&far, sizeof far), ENETUNREACH);

    /* A service starts as always: it listens, on a network that may never come. */
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(80)};
    int lis = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(bind(lis, (struct sockaddr *)&any, sizeof any), 0);
    CHECK_EQ(listen(lis, 16), 0);
    int a = connected(SOCK_STREAM, 80), b = accept(lis, NULL, NULL);
    CHECK(b >= 0);
    send_all(a, "x", 1);
    char c;
    recv_all(b, &c, 1);
    return 0;
}
