/* recv(2): of no bytes it still waits, and takes a whole message; read(2) does neither. */
#include "net.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>

static int queued(int fd)
{
    int n = -1;
    CHECK_EQ(ioctl(fd, FIONREAD, &n), 0);
    return n;
}

static long long now_ms(void)
{
    struct timeval tv;
    gettimeofday(&tv, NULL);
    return tv.tv_sec * 1000LL + tv.tv_usec / 1000;
}

/* @is_stream: bytes stay for the next call; else a record goes with the first. */
static void both(int fd, int peer, int is_tcp, int is_stream)
{
    struct timeval tv = {.tv_usec = 60000};
    struct iovec none[2] = {{NULL, 0}, {"", 0}};
    struct msghdr msg = {.msg_iov = none, .msg_iovlen = 2};
    long long begin;
    char c[2];

    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(read(fd, c, 0), 0);
    CHECK_EQ(readv(fd, none, 2), 0);
    begin = now_ms();
    if (is_tcp) /* it has waited, and says nothing of it */
        CHECK_EQ(recv(fd, c, 0, 0), 0);
    else
        CHECK_ERRNO(recv(fd, c, 0, 0), EAGAIN);
    CHECK(now_ms() - begin >= 50);
    CHECK_ERRNO(recv(fd, c, 0, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(recv(fd, NULL, 0, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
    CHECK_ERRNO(recvmsg(fd, &msg, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(send(peer, "xy", 2, 0), 2);
    CHECK_EQ(recv(fd, c, 0, MSG_PEEK), 0);
    CHECK_EQ(read(fd, c, 0), 0);
    CHECK_EQ(queued(fd), 2);
    msg.msg_control = NULL;
    msg.msg_controllen = 0;
    CHECK_EQ(recvmsg(fd, &msg, 0), 0);
    CHECK_EQ(queued(fd), is_stream ? 2 : 0);
    if (is_stream)
        CHECK_EQ(recv(fd, c, 2, MSG_WAITALL), 2);
    CHECK_EQ(queued(fd), 0);
}

int main(void)
{
    int end[2], fd, udp = bound(SOCK_DGRAM);
    struct linger at_once = {.l_onoff = 1};
    char c;

    tcp_pair(end);
    both(end[1], end[0], 1, 1);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(poll(&(struct pollfd){.fd = end[1], .events = POLLIN}, 1, 5000), 1);
    CHECK_ERRNO(recv(end[1], &c, 0, 0), ECONNRESET); /* told once … */
    CHECK_EQ(recv(end[1], &c, 0, 0), 0);             /* … and then it is the end */

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    both(end[0], end[1], 0, 1);
    CHECK_EQ(close(end[1]), 0);
    CHECK_EQ(recv(end[0], &c, 0, 0), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), 0);
    both(end[0], end[1], 0, 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    both(end[0], end[1], 0, 0);
    both(udp, connected(SOCK_DGRAM, local_port(udp)), 0, 0);

    fd = listener(1);
    CHECK_ERRNO(recv(fd, &c, 0, 0), ENOTCONN);
    CHECK_EQ(read(fd, &c, 0), 0);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(recv(fd, &c, 0, 0), ENOTCONN);
    CHECK_EQ(read(fd, &c, 0), 0);
    return 0;
}
