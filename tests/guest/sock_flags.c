/* recv(2), recvmmsg(2), sockatmark(3): flags and counts of calls on sockets, where kinds differ. */
#define _GNU_SOURCE 1
#include "net.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/un.h>

static struct mmsghdr mm[4];
static struct iovec iov[4];
static char text[4][20], buf[100];

static void prepare(size_t len)
{
    for (int i = 0; i < 4; i++) {
        iov[i] = (struct iovec){text[i], len};
        mm[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
    }
}

static void several(void)
{
    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a));
    struct timespec soon = {0, 20000000}, below = {-1, 0}, wrong = {0, 1000000000};

    prepare(1);
    iov[2].iov_len = 3;
    CHECK_EQ(sendmmsg(b, mm, 0, 0), 0);
    CHECK_EQ(sendmmsg(b, mm, 4, 0), 4);
    CHECK_EQ(mm[2].msg_len, 3);
    usleep(2000);
    prepare(20);
    CHECK_EQ(recvmmsg(a, mm, 0, 0, NULL), 0);
    CHECK_EQ(recvmmsg(a, mm, 3, 0, NULL), 3);
    CHECK_EQ(mm[0].msg_len, 1);
    CHECK_EQ(mm[2].msg_len, 3);
    CHECK_EQ(recvmmsg(a, mm, 4, MSG_WAITFORONE, NULL), 1);
    CHECK_ERRNO(recvmmsg(a, mm, 4, MSG_DONTWAIT, NULL), EAGAIN);
    CHECK_ERRNO(recvmmsg(a, mm, 1, 0, &below), EINVAL);
    CHECK_ERRNO(recvmmsg(a, mm, 1, 0, &wrong), EINVAL);
    CHECK_EQ(send(b, "x", 1, 0), 1);
    CHECK_EQ(recvmmsg(a, mm, 1, 0, &soon), 1);
    CHECK_ERRNO(recvmmsg(-1, mm, 1, 0, NULL), EBADF);
    CHECK_ERRNO(recvmmsg(1, mm, 1, 0, NULL), ENOTSOCK);
    /* what fails after the first is told by the count */
    prepare(1);
    mm[1].msg_hdr.msg_iovlen = 2000;
    CHECK_EQ(sendmmsg(b, mm, 3, 0), 1);
    CHECK_ERRNO(sendmmsg(b, mm + 1, 2, 0), EMSGSIZE);
    close(a);
    close(b);
}

static void datagrams(int a, int b)
{
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 1};
    int n;

    CHECK_EQ(send(b, "abcdef", 6, 0), 6);
    CHECK_EQ(send(b, "gh", 2, 0), 2);
    usleep(2000);
    CHECK_EQ(recv(a, buf, 3, MSG_PEEK), 3);
    CHECK_EQ(recv(a, buf, 3, MSG_PEEK | MSG_TRUNC), 6);
    CHECK_EQ(recv(a, NULL, 0, MSG_PEEK | MSG_TRUNC), 6);
    CHECK_ERRNO(recv(a, NULL, 1, MSG_PEEK | MSG_TRUNC), EFAULT);
    CHECK_EQ(ioctl(a, FIONREAD, &n), 0);
    CHECK_EQ(n, 6);
    iov[0].iov_len = 3;
    CHECK_EQ(recvmsg(a, &m, MSG_CMSG_CLOEXEC), 3);
    CHECK_EQ(m.msg_flags, MSG_TRUNC | MSG_CMSG_CLOEXEC);
    CHECK_EQ(recv(a, buf, 100, MSG_WAITALL), 2);
    CHECK_ERRNO(recv(a, buf, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(recv(a, buf, 0, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(send(b, "", 0, 0), 0);
    usleep(2000);
    CHECK_EQ(recv(a, buf, 10, MSG_DONTWAIT), 0);
    CHECK_EQ(send(b, "abc", 3, 0), 3);
    usleep(2000);
    CHECK_EQ(recv(a, buf, 0, 0), 0); /* takes it all the same */
    CHECK_ERRNO(recv(a, buf, 10, MSG_DONTWAIT), EAGAIN);
}

static void streams(int a, int b)
{
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 1};
    int n = -1;

    CHECK_EQ(ioctl(a, SIOCATMARK, &n), 0);
    CHECK_EQ(n, 0);
    CHECK_EQ(send(b, "abcdefgh", 8, 0), 8);
    usleep(2000);
    CHECK_EQ(recv(a, buf, 0, 0), 0);
    CHECK_EQ(recv(a, buf, 3, MSG_PEEK), 3);
    CHECK_EQ(ioctl(a, FIONREAD, &n), 0);
    CHECK_EQ(n, 8);
    CHECK_EQ(ioctl(b, TIOCOUTQ, &n), 0);
    iov[0].iov_len = 3;
    CHECK_EQ(recvmsg(a, &m, MSG_CMSG_CLOEXEC), 3);
    CHECK_EQ(m.msg_flags, MSG_CMSG_CLOEXEC);
    CHECK_EQ(recv(a, buf, 100, MSG_WAITALL | MSG_DONTWAIT), 5);
    CHECK_ERRNO(recv(a, buf, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
}

static void tcp(void)
{
    int end[2];

    tcp_pair(end);
    streams(end[1], end[0]);
    CHECK_EQ(send(end[0], "abcdef", 6, 0), 6);
    usleep(2000);
    CHECK_EQ(recv(end[1], NULL, 2, MSG_TRUNC), 2); /* tcp(7): thrown away */
    CHECK_EQ(recv(end[1], buf, 4, MSG_WAITALL), 4);
    CHECK(!memcmp(buf, "cdef", 4));
    CHECK_ERRNO(recv(end[1], buf, 1, MSG_ERRQUEUE), EAGAIN);
    CHECK_ERRNO(recv(end[1], buf, 1, MSG_OOB), EINVAL);
    CHECK_ERRNO(accept4(-1, NULL, NULL, 4), EBADF);
    CHECK_ERRNO(accept4(end[0], NULL, NULL, 4), EINVAL);
}

int main(void)
{
    struct ifreq lo = {.ifr_name = "lo"};
    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a)), pair[2], n;

    several();
    prepare(20);
    datagrams(a, b);
    CHECK_ERRNO(recv(a, buf, 10, MSG_OOB | MSG_DONTWAIT), EAGAIN); /* means nothing to UDP */
    CHECK_ERRNO(recv(a, buf, 10, MSG_ERRQUEUE), EAGAIN);
    CHECK_ERRNO(ioctl(a, SIOCATMARK, &n), ENOTTY);
    CHECK_EQ(ioctl(a, SIOCGIFMTU, &lo), 0);
    CHECK_EQ(lo.ifr_mtu, 65536);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    datagrams(pair[0], pair[1]);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    streams(pair[0], pair[1]);
    CHECK_ERRNO(recv(pair[0], buf, 0, MSG_DONTWAIT), EAGAIN);
    tcp();
    return 0;
}
