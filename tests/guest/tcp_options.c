/* tcp(7): options of a stream socket are kept, checked, inherited, and do what they say. */
#define _GNU_SOURCE
#include "check.h"
#include "net.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <time.h>

static int get(int fd, int name)
{
    int v = -1;
    socklen_t len = sizeof(v);

    CHECK_EQ(getsockopt(fd, IPPROTO_TCP, name, &v, &len), 0);
    CHECK_EQ(len, sizeof(v));
    return v;
}

static int set(int fd, int name, int v)
{
    return setsockopt(fd, IPPROTO_TCP, name, &v, sizeof(v));
}

static void numbers(int fd)
{
    static const struct {
        int name, usual, other, bad;
    } all[] = {{TCP_NODELAY, 0, 1, -1},          {TCP_CORK, 0, 1, -1},
               {TCP_KEEPIDLE, 7200, 60, 32768},  {TCP_KEEPINTVL, 75, 10, 0},
               {TCP_KEEPCNT, 9, 3, 128},         {TCP_SYNCNT, 6, 2, 0},
               {TCP_USER_TIMEOUT, 0, 5000, -1},  {TCP_LINGER2, 60, 10, 0},
               {TCP_NOTSENT_LOWAT, -1, 4096, 0}, {TCP_DEFER_ACCEPT, 0, 7, 0}};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (all[i].usual >= 0)
            CHECK_EQ(get(fd, all[i].name), all[i].usual);
        CHECK_EQ(set(fd, all[i].name, all[i].other), 0);
        CHECK_EQ(get(fd, all[i].name), all[i].other);
    }
    CHECK_ERRNO(set(fd, TCP_KEEPIDLE, 32768), EINVAL);
    CHECK_ERRNO(set(fd, TCP_KEEPIDLE, 0), EINVAL);
    CHECK_ERRNO(set(fd, TCP_KEEPINTVL, 0), EINVAL);
    CHECK_ERRNO(set(fd, TCP_KEEPCNT, 128), EINVAL);
    CHECK_ERRNO(set(fd, TCP_SYNCNT, 0), EINVAL);
    CHECK_ERRNO(set(fd, TCP_USER_TIMEOUT, -1), EINVAL);
    /* Seconds become so many SYN|ACKs: after 1, 3, 7 … s. */
    CHECK_EQ(set(fd, TCP_DEFER_ACCEPT, 2), 0);
    CHECK_EQ(get(fd, TCP_DEFER_ACCEPT), 3);
    CHECK_EQ(set(fd, TCP_DEFER_ACCEPT, -5), 0);
    CHECK_EQ(get(fd, TCP_DEFER_ACCEPT), 0);
    CHECK_EQ(set(fd, TCP_LINGER2, -1), 0);
    CHECK_EQ(get(fd, TCP_LINGER2), -1);
    CHECK_ERRNO(set(fd, 9999, 1), ENOPROTOOPT);
}

static void congestion(int fd)
{
    char usual[16] = "", name[16] = "";
    socklen_t len = sizeof(usual);

    /* Linux, whose own may be another than ours, lets anyone choose that one and Reno. */
    CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, usual, &len), 0);
    CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
    len = sizeof(name);
    CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
    CHECK_EQ(strcmp(name, "reno"), 0);
    CHECK_EQ(len, 16);
    CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, usual, strlen(usual)), 0);
    len = sizeof(name);
    CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
    CHECK_EQ(strcmp(name, usual), 0);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nobody", 6), ENOENT);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 0), EINVAL);
    /* What TLS libraries and proxies ask for, and can do without. */
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "none", 4), ENOENT);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0), 0);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "nowhere9", 9), ENODEV);
}

/* A listener that defers does not show a connection before it has said something. */
static void deferred(void)
{
    int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), c, a, n;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    CHECK_EQ(bind(l, (struct sockaddr *)&at, sizeof(at)), 0);
    CHECK_EQ(getsockname(l, (struct sockaddr *)&at, &len), 0);
    CHECK_EQ(set(l, TCP_DEFER_ACCEPT, 30), 0);
    CHECK_EQ(set(l, TCP_NODELAY, 1), 0);
    CHECK_EQ(set(l, TCP_KEEPIDLE, 123), 0);
    CHECK_EQ(listen(l, 5), 0);
    c = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(connect(c, (struct sockaddr *)&at, sizeof(at)), 0);
    struct pollfd p = {.fd = l, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 300), 0);
    CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
    CHECK_EQ(send(c, "hello", 5, 0), 5);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    a = accept(l, NULL, NULL);
    CHECK(a >= 0);
    char buf[8];
    CHECK_EQ(read(a, buf, sizeof(buf)), 5);
    /* What it takes over from the listener. */
    CHECK_EQ(get(a, TCP_NODELAY), 1);
    CHECK_EQ(get(a, TCP_KEEPIDLE), 123);
    n = get(a, TCP_MAXSEG);
    CHECK(n > 500);
    close(a);
    close(c);
    close(l);
}

/* tcp(7), TCP_INFO: what a connection says of itself. */
static void info(void)
{
    int pair[2];
    struct tcp_info ti;
    socklen_t len = sizeof(ti);
    char buf[1000] = "";

    tcp_pair(pair);
    CHECK_EQ(write(pair[0], buf, sizeof(buf)), sizeof(buf));
    CHECK_EQ(recv(pair[1], buf, sizeof(buf), MSG_WAITALL), sizeof(buf));
    CHECK_EQ(getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
    CHECK(len >= 104);
    CHECK_EQ(ti.tcpi_state, TCP_ESTABLISHED);
    CHECK_EQ(ti.tcpi_ca_state, TCP_CA_Open);
    CHECK_EQ(ti.tcpi_retransmits, 0);
    CHECK_EQ(ti.tcpi_total_retrans, 0);
    CHECK_EQ(ti.tcpi_lost, 0);
    CHECK_EQ(ti.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE), 7);
    CHECK(ti.tcpi_snd_cwnd >= 10);
    CHECK_EQ(ti.tcpi_snd_ssthresh, 0x7fffffff);
    CHECK(ti.tcpi_rto >= 200000);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    numbers(fd);
    congestion(fd);
    close(fd);
    deferred();
    info();
    return 0;
}
