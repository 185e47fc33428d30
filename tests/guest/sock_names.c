/* getsockname(2), getpeername(2): both ends agree who is who; a short buffer is cut. */
#include "net.h"

int main(void)
{
    int end[2];
    struct sockaddr_in a, b;
    socklen_t len = sizeof a;
    tcp_pair(end);
    CHECK_EQ(getsockname(end[0], (struct sockaddr *)&a, &len), 0);
    CHECK_EQ(len, sizeof a);
    CHECK_EQ(getpeername(end[1], (struct sockaddr *)&b, &len), 0);
    CHECK(a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr);
    CHECK_EQ(b.sin_family, AF_INET);

    unsigned char raw[sizeof a];
    memset(raw, 0xee, sizeof raw);
    len = 4;
    CHECK_EQ(getsockname(end[0], (struct sockaddr *)raw, &len), 0);
    CHECK_EQ(len, sizeof a); /* the true length */
    CHECK_EQ(raw[4], 0xee);
    CHECK(memcmp(raw, &a, 4) == 0);

    int fresh = socket(AF_INET, SOCK_STREAM, 0);
    len = sizeof a;
    CHECK_ERRNO(getpeername(fresh, (struct sockaddr *)&a, &len), ENOTCONN);
    CHECK_EQ(getsockname(fresh, (struct sockaddr *)&a, &len), 0);
    CHECK_EQ(a.sin_port, 0);
    CHECK_EQ(a.sin_addr.s_addr, 0);
    return 0;
}
