/* sendmsg(2), recvmsg(2), readv(2): vectors gather and scatter, empty ones included. */
#include "net.h"

#include <sys/uio.h>

int main(void)
{
    int end[2];
    tcp_pair(end);
    struct iovec out[5] = {{"one ", 4}, {"", 0}, {"two ", 4}, {NULL, 0}, {"three", 5}};
    struct msghdr msg = {.msg_iov = out, .msg_iovlen = 5};
    CHECK_EQ(sendmsg(end[0], &msg, MSG_NOSIGNAL), 13);

    char a[3], b[1], c[20];
    struct iovec in[3] = {{a, sizeof a}, {b, sizeof b}, {c, sizeof c}};
    struct msghdr got = {.msg_iov = in, .msg_iovlen = 3};
    CHECK_EQ(recvmsg(end[1], &got, 0), 13);
    CHECK(memcmp(a, "one", 3) == 0 && b[0] == ' ' && memcmp(c, "two three", 9) == 0);
    CHECK_EQ(got.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);
    CHECK_EQ(got.msg_controllen, 0);

    CHECK_EQ(writev(end[1], out, 5), 13);
    CHECK_EQ(readv(end[0], in, 2), 4);
    CHECK_EQ(readv(end[0], in + 2, 1), 9);
    CHECK(memcmp(c, "two three", 9) == 0);
    CHECK_EQ(writev(end[1], out, 0), 0);

    /* More than one buffer's worth, in odd pieces. */
    static char big[60000], back[sizeof big];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 13 + i / 256);
    struct iovec many[16];
    size_t at = 0;
    for (int i = 0; i < 16; i++) {
        size_t len = i == 15 ? sizeof big - at : (size_t)i * 577 % 4999;
        many[i] = (struct iovec){big + at, len};
        at += len;
    }
    size_t sent = 0;
    struct msghdr whole = {.msg_iov = many, .msg_iovlen = 16};
    ssize_t n = sendmsg(end[0], &whole, 0);
    CHECK(n > 0);
    recv_all(end[1], back, (size_t)n);
    for (sent = (size_t)n; sent < sizeof big; sent += (size_t)n) {
        n = send(end[0], big + sent, sizeof big - sent, 0);
        CHECK(n > 0);
        recv_all(end[1], back + sent, (size_t)n);
    }
    CHECK(memcmp(big, back, sizeof big) == 0);
    return 0;
}
