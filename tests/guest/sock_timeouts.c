/* socket(7): SO_RCVTIMEO ends recv() and accept(), SO_SNDTIMEO ends send(), with EAGAIN. */
#include "net.h"

#include <sys/time.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(void)
{
    int end[2], lis = listener(1), udp = bound(SOCK_DGRAM);
    static char buf[65536];
    struct timeval tv = {.tv_usec = 100000};
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(setsockopt(lis, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);

    int64_t start = now_ms();
    CHECK_ERRNO(recv(end[0], buf, 1, 0), EAGAIN);
    CHECK(now_ms() - start >= 99 && now_ms() - start < 2000);
    CHECK_ERRNO(accept(lis, NULL, NULL), EAGAIN);
    CHECK_ERRNO(recv(udp, buf, 1, 0), EAGAIN);
    CHECK(now_ms() - start >= 297);

    start = now_ms();
    ssize_t n;
    size_t total = 0;
    while ((n = send(end[0], buf, sizeof buf, 0)) > 0) {
        total += (size_t)n;
        CHECK(total < 64u << 20);
    }
    CHECK_EQ(errno, EAGAIN);
    CHECK(now_ms() - start >= 99);

    /* A receiver that gets something before its time is over gets just that. */
    send_all(end[1], "abc", 3);
    CHECK_EQ(recv(end[0], buf, 3, 0), 3);
    send_all(end[1], "ab", 2);
    CHECK_EQ(recv(end[0], buf, 3, MSG_WAITALL), 2);

    /* What came before recv() is had, however short its limit. */
    struct sockaddr_in to = loopback(local_port(udp));
    tv.tv_usec = 1;
    CHECK_EQ(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(sendto(udp, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    CHECK_EQ(recv(udp, buf, 1, 0), 1);
    return 0;
}
