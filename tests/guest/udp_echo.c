/* udp(7): a datagram arrives as one, with its sender's address; empty ones too. */
#include "net.h"

int main(void)
{
    int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
    struct sockaddr_in to = loopback(local_port(b)), from;
    /* LIMIT: a VM's loopback has an MTU of 1500 and nothing is fragmented; lift with reassembly. */
    static const size_t len[] = {1, 0, 100, 1471, 1472};
    static char out[32000], in[40000];
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i * 11 + i / 256);
    for (size_t i = 0; i < sizeof len / sizeof len[0]; i++) {
        socklen_t from_len = sizeof from;
        CHECK_EQ(sendto(a, out, len[i], 0, (struct sockaddr *)&to, sizeof to), len[i]);
        CHECK_EQ(recvfrom(b, in, sizeof in, 0, (struct sockaddr *)&from, &from_len), len[i]);
        CHECK(memcmp(in, out, len[i]) == 0);
        CHECK_EQ(from_len, sizeof from);
        CHECK_EQ(ntohs(from.sin_port), local_port(a));
        CHECK_EQ(sendto(b, in, len[i], 0, (struct sockaddr *)&from, from_len), len[i]);
        CHECK_EQ(recv(a, in, sizeof in, 0), len[i]);
    }
    /* Two sent are two received, in order. */
    CHECK_EQ(sendto(a, "first", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
    CHECK_EQ(sendto(a, "second", 6, 0, (struct sockaddr *)&to, sizeof to), 6);
    CHECK_EQ(recv(b, in, sizeof in, 0), 5);
    CHECK_EQ(recv(b, in, sizeof in, 0), 6);
    CHECK_ERRNO(recv(b, in, sizeof in, MSG_DONTWAIT), EAGAIN);

    static char huge[70000];
    CHECK_ERRNO(sendto(a, huge, sizeof huge, 0, (struct sockaddr *)&to, sizeof to), EMSGSIZE);
    return 0;
}
