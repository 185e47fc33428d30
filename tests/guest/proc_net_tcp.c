/* proc_net(5), /proc/net/tcp: every connection, by address, port and state; none is left out. */
#define _GNU_SOURCE 1
#include "proc_net.h"

#include <sys/resource.h>

#define N 300

static const char file[] = "/proc/net/tcp", file6[] = "/proc/net/tcp6";

static void ipv4(void)
{
    int lis = listener(5), waiting, c, s, n;
    uint16_t port = local_port(lis), from;
    struct entry e;
    char *text;

    CHECK(has_header(file,
                     "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                     "retrnsmt   uid  timeout inode",
                     149));
    CHECK_EQ(entry_find(file, port, 0, &e, &n), 1);
    CHECK_EQ(n, 1);
    CHECK_EQ(e.state, 0x0a);
    CHECK_EQ(strcmp(e.local_ip, "0100007F"), 0);
    CHECK_EQ(strcmp(e.remote_ip, "00000000"), 0);
    CHECK_EQ(e.uid, 0);
    CHECK_EQ(e.rx, 0);
    waiting = connected(SOCK_STREAM, port);
    CHECK_EQ(entry_find(file, port, 0, &e, NULL), 1);
    CHECK_EQ(e.rx, 1); /* in the accept queue */
    CHECK_EQ(accept(lis, NULL, NULL) >= 0, 1);
    CHECK_EQ(entry_find(file, port, 0, &e, NULL), 1);
    CHECK_EQ(e.rx, 0);

    c = connected(SOCK_STREAM, port);
    from = local_port(c);
    s = accept(lis, NULL, NULL);
    send_all(c, "hello", 5);
    CHECK_EQ(entry_find(file, port, from, &e, &n), 1);
    CHECK_EQ(n, 5);
    CHECK_EQ(e.state, 1);
    CHECK_EQ(e.rx, 5);
    CHECK_EQ(e.tx, 0);
    CHECK_EQ(entry_find("/proc/self/net/tcp", from, port, &e, NULL), 1);
    CHECK_EQ(e.state, 1);
    CHECK_EQ(e.rx, 0);
    CHECK_EQ(strcmp(e.remote_ip, "0100007F"), 0);
    recv_all(s, &(char[5]){0}, 5);
    CHECK_EQ(shutdown(c, SHUT_WR), 0);
    CHECK_EQ(recv(s, &(char){0}, 1, 0), 0);
    CHECK_EQ(entry_find(file, port, from, &e, NULL), 1);
    CHECK_EQ(e.state, 8); /* CLOSE-WAIT */
    CHECK_EQ(entry_find(file, from, port, &e, NULL), 1);
    CHECK(e.state == 4 || e.state == 5); /* FIN-WAIT-1 until the ACK comes, then -2 */
    CHECK_EQ(close(s), 0);
    CHECK_EQ(recv(c, &(char){0}, 1, 0), 0);
    CHECK_EQ(close(c), 0);
    CHECK_EQ(entry_find(file, port, from, &e, NULL), 0);
    CHECK_EQ(entry_find(file, from, port, &e, NULL), 1);
    CHECK_EQ(e.state, 6); /* TIME-WAIT */
    CHECK_EQ(e.timer, 3);
    CHECK_EQ(e.inode, 0);
    text = slurp(file);
    CHECK_EQ(strlen(text) % 150, 0);
    free(text);
    close(waiting);
    close(lis);
}

static void many(void)
{
    struct rlimit limit = {2 * N + 50, 2 * N + 50};
    int lis = listener(N), fds[2 * N], n;
    uint16_t port = local_port(lis);
    struct entry e;

    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < N; i++) {
        fds[i] = connected(SOCK_STREAM, port);
        fds[N + i] = accept(lis, NULL, NULL);
        CHECK(fds[N + i] >= 0);
    }
    for (int i = 0; i < N; i += 37) {
        CHECK_EQ(entry_find(file, local_port(fds[i]), port, &e, &n), 1);
        CHECK_EQ(e.state, 1);
        CHECK(n > 2 * N);
    }
    for (int i = 0; i < 2 * N; i++)
        close(fds[i]);
    close(lis);
}

static void ipv6(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    int lis = socket(AF_INET6, SOCK_STREAM, 0), c;
    socklen_t len = sizeof any;
    struct entry e;

    CHECK(has_header(file6,
                     "  sl  local_address                         remote_address             "
                     "           st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
                     0));
    CHECK_EQ(bind(lis, (struct sockaddr *)&any, sizeof any), 0);
    CHECK_EQ(listen(lis, 1), 0);
    CHECK_EQ(getsockname(lis, (struct sockaddr *)&any, &len), 0);
    CHECK_EQ(entry_find(file6, ntohs(any.sin6_port), 0, &e, NULL), 1);
    CHECK_EQ(e.state, 0x0a);
    CHECK_EQ(strcmp(e.local_ip, "00000000000000000000000000000000"), 0);
    CHECK_EQ(entry_find(file, ntohs(any.sin6_port), 0, &e, NULL), 0);
    c = connected(SOCK_STREAM, ntohs(any.sin6_port)); /* by IPv4 */
    CHECK_EQ(entry_find(file6, ntohs(any.sin6_port), local_port(c), &e, NULL), 1);
    CHECK_EQ(strcmp(e.local_ip, "0000000000000000FFFF00000100007F"), 0);
    CHECK_EQ(entry_find(file, local_port(c), ntohs(any.sin6_port), &e, NULL), 1);
    close(c);
    close(lis);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    any.sin6_addr = in6addr_loopback;
    any.sin6_port = 0;
    CHECK_EQ(bind(c, (struct sockaddr *)&any, sizeof any), 0);
    CHECK_EQ(listen(c, 1), 0);
    CHECK_EQ(getsockname(c, (struct sockaddr *)&any, &len), 0);
    CHECK_EQ(entry_find(file6, ntohs(any.sin6_port), 0, &e, NULL), 1);
    CHECK_EQ(strcmp(e.local_ip, "00000000000000000000000001000000"), 0);
}

int main(void)
{
    alone();
    ipv4();
    many();
    ipv6();
    return 0;
}
