/* udp(7), send(2): UDP_SEGMENT cuts, UDP_CORK and MSG_MORE put together. */
#define _GNU_SOURCE
#include "net.h"

#include <netinet/udp.h>

static int u, v;

static void set(int name, int value)
{
    CHECK_EQ(setsockopt(v, IPPROTO_UDP, name, &value, sizeof value), 0);
}

static void expect(const char *text)
{
    char buf[100];
    ssize_t n = recv(u, buf, sizeof buf, 0);
    CHECK_EQ(n, strlen(text));
    CHECK_EQ(memcmp(buf, text, strlen(text)), 0);
}

static void expect_nothing(void)
{
    char c;
    usleep(5000);
    CHECK_ERRNO(recv(u, &c, 1, MSG_DONTWAIT), EAGAIN);
}

static ssize_t send_cut(const char *text, uint16_t bytes)
{
    char control[CMSG_SPACE(sizeof bytes)] __attribute__((aligned(8))) = "";
    struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof bytes);
    memcpy(CMSG_DATA(c), &bytes, sizeof bytes);
    return sendmsg(v, &msg, 0);
}

int main(void)
{
    char big[1000] = "";

    u = bound(SOCK_DGRAM);
    v = connected(SOCK_DGRAM, local_port(u));
    CHECK_EQ(send_cut("abcdefgh", 3), 8);
    expect("abc");
    expect("def");
    expect("gh");
    CHECK_EQ(send_cut("abc", 0), 3);
    expect("abc");
    set(UDP_SEGMENT, 4);
    CHECK_EQ(send(v, "abcdefgh", 8, 0), 8);
    expect("abcd");
    expect("efgh");
    CHECK_EQ(send(v, "abcd", 4, 0), 4);
    expect("abcd");
    CHECK_EQ(send_cut("abc", 2), 3); /* for once */
    expect("ab");
    expect("c");
    CHECK_ERRNO(send(v, big, sizeof big, 0), EINVAL); /* more than 128 pieces */
    set(UDP_SEGMENT, 0);

    CHECK_EQ(send(v, "ab", 2, MSG_MORE), 2);
    CHECK_EQ(send(v, "cd", 2, MSG_MORE), 2);
    expect_nothing();
    CHECK_EQ(send(v, "e", 1, 0), 1);
    expect("abcde");
    set(UDP_CORK, 1);
    CHECK_EQ(send(v, "12", 2, 0), 2);
    CHECK_EQ(write(v, "345", 3), 3);
    expect_nothing();
    set(UDP_CORK, 0);
    expect("12345");
    expect_nothing();
    CHECK_EQ(send(v, "x", 1, 0), 1);
    expect("x");

    int w = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = loopback(local_port(u));
    CHECK_ERRNO(send(w, "ab", 2, MSG_MORE), EDESTADDRREQ);
    CHECK_EQ(sendto(w, "ab", 2, MSG_MORE, (struct sockaddr *)&to, sizeof to), 2);
    CHECK_EQ(send(w, "c", 1, 0), 1); /* to where the first piece goes */
    expect("abc");
    return 0;
}
