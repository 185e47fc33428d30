/* tcp(7): TCP_FASTOPEN_CONNECT without a cookie connects; MSG_FASTOPEN may be unsupported. */
#define _GNU_SOURCE
#include "net.h"

static void expect(int lis, const char *text)
{
    char buf[32];
    int fd = accept(lis, NULL, NULL);
    CHECK(fd >= 0);
    recv_all(fd, buf, strlen(text));
    CHECK_EQ(memcmp(buf, text, strlen(text)), 0);
    close(fd);
}

int main(void)
{
    int lis = listener(5), fd, on = 1;
    struct sockaddr_in to = loopback(local_port(lis));
    struct sockaddr *addr = (struct sockaddr *)&to;

    /* Where net.ipv4.tcp_fastopen lacks the bit of clients, as in a VM, it is refused. */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t n = sendto(fd, "hello", 5, MSG_FASTOPEN, addr, sizeof to);
    CHECK(n == 5 || (n < 0 && errno == EOPNOTSUPP));
    if (n < 0) {
        CHECK_EQ(connect(fd, addr, sizeof to), 0);
        CHECK_EQ(send(fd, "hello", 5, 0), 5);
    }
    expect(lis, "hello");
    close(fd);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), 0);
    CHECK_EQ(connect(fd, addr, sizeof to), 0);
    CHECK_EQ(write(fd, "later", 5), 5);
    expect(lis, "later");
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), EINVAL);
    close(fd);

    return 0;
}
