/* proc_net(5), /proc/net/udp and unix: sockets, what waits in them, what they are called. */
#define _GNU_SOURCE 1
#include "proc_net.h"

#include <stddef.h>
#include <sys/un.h>

static const char file[] = "/proc/net/udp", file6[] = "/proc/net/udp6";

static void udp(void)
{
    int a = bound(SOCK_DGRAM), b, n, size = 1;
    struct entry e;
    long long lost;

    CHECK(has_header(file,
                     "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                     "retrnsmt   uid  timeout inode ref pointer drops",
                     127));
    CHECK_EQ(entry_find(file, local_port(a), 0, &e, &n), 1);
    CHECK_EQ(n, 1);
    CHECK_EQ(e.state, 7);
    CHECK_EQ(strcmp(e.local_ip, "0100007F"), 0);
    CHECK_EQ(e.rx, 0);
    CHECK_EQ(e.drops, 0);
    b = connected(SOCK_DGRAM, local_port(a));
    CHECK_EQ(entry_find(file, local_port(b), local_port(a), &e, &n), 1);
    CHECK_EQ(n, 2);
    CHECK_EQ(e.state, 1);
    CHECK_EQ(send(b, "x", 1, 0), 1);
    CHECK_EQ(entry_find(file, local_port(a), 0, &e, NULL), 1);
    CHECK(e.rx > 0);
    CHECK_EQ(recv(a, &(char){0}, 1, 0), 1);
    CHECK_EQ(entry_find(file, local_port(a), 0, &e, NULL), 1);
    CHECK_EQ(e.rx, 0);
    lost = counter("/proc/net/snmp", "Udp", "RcvbufErrors");
    CHECK_EQ(setsockopt(a, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    for (int i = 0; i < 200; i++)
        CHECK_EQ(send(b, "x", 1, 0), 1);
    usleep(2000);
    for (n = 0; recv(a, &(char){0}, 1, MSG_DONTWAIT) == 1; n++)
        ;
    CHECK_EQ(entry_find(file, local_port(a), 0, &e, NULL), 1);
    CHECK(e.drops > 0);
    CHECK_EQ(e.drops, 200 - n);
    CHECK_EQ(counter("/proc/net/snmp", "Udp", "RcvbufErrors") - lost, 200 - n);
    close(a);
    CHECK_EQ(entry_find(file, local_port(b), local_port(a = b), &e, &n), 0);
    CHECK_EQ(n, 1);
    close(b);
}

static void udp6(void)
{
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int s = socket(AF_INET6, SOCK_DGRAM, 0);
    socklen_t len = sizeof sin6;
    struct entry e;

    CHECK_EQ(bind(s, (struct sockaddr *)&sin6, sizeof sin6), 0);
    CHECK_EQ(getsockname(s, (struct sockaddr *)&sin6, &len), 0);
    CHECK(has_header(file6,
                     "  sl  local_address                         remote_address             "
                     "           st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode "
                     "ref pointer drops",
                     0));
    CHECK_EQ(entry_find(file6, ntohs(sin6.sin6_port), 0, &e, NULL), 1);
    CHECK_EQ(strcmp(e.local_ip, "00000000000000000000000001000000"), 0);
    close(s);
}

/* The line of a name: type and state; 0 if there is none. */
static int unix_find(const char *name, unsigned *flags, unsigned *type, unsigned *state)
{
    char *text = slurp("/proc/net/unix"), *at, *line = strtok_r(text, "\n", &at);
    int found = 0;

    CHECK_EQ(strcmp(line, "Num       RefCount Protocol Flags    Type St Inode Path"), 0);
    while ((line = strtok_r(NULL, "\n", &at)) != NULL) {
        unsigned refs, protocol, f, t, s, inode;
        char path[128] = "";
        int n = sscanf(line, "%*x: %X %X %X %X %X %u %127s", &refs, &protocol, &f, &t, &s, &inode,
                       path);
        CHECK(n >= 6);
        CHECK_EQ(protocol, 0);
        if (strcmp(path, name))
            continue;
        found++;
        *flags = f;
        *type = t;
        *state = s;
    }
    free(text);
    return found;
}

static void unix_sockets(void)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "/tmp/proc_net_udp"};
    struct sockaddr_un hidden = {.sun_family = AF_UNIX, .sun_path = "\0a\0b"};
    int lis = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0), c, pair[2];
    unsigned flags, type, state;
    int n = unix_find("", &flags, &type, &state);

    unlink(sun.sun_path);
    CHECK_EQ(bind(lis, (struct sockaddr *)&sun, sizeof sun), 0);
    CHECK_EQ(unix_find("", &flags, &type, &state), n - 1);
    CHECK_EQ(unix_find(sun.sun_path, &flags, &type, &state), 1);
    CHECK_EQ(flags, 0);
    CHECK_EQ(type, SOCK_STREAM);
    CHECK_EQ(state, 1); /* SS_UNCONNECTED */
    CHECK_EQ(listen(lis, 1), 0);
    CHECK_EQ(unix_find(sun.sun_path, &flags, &type, &state), 1);
    CHECK_EQ(flags, 0x10000);
    CHECK_EQ(bind(d, (struct sockaddr *)&hidden, offsetof(struct sockaddr_un, sun_path) + 4), 0);
    CHECK_EQ(unix_find("@a@b", &flags, &type, &state), 1);
    CHECK_EQ(type, SOCK_DGRAM);
    c = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(connect(c, (struct sockaddr *)&sun, sizeof sun), 0);
    CHECK_EQ(unix_find(sun.sun_path, &flags, &type, &state), 2); /* waits to be accepted */
    CHECK(accept(lis, NULL, NULL) >= 0);
    CHECK_EQ(unix_find(sun.sun_path, &flags, &type, &state), 2);
    n = unix_find("", &flags, &type, &state);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    CHECK_EQ(unix_find("", &flags, &type, &state), n + 2);
    CHECK_EQ(dup(pair[0]) >= 0, 1); /* one socket, of two names */
    CHECK_EQ(unix_find("", &flags, &type, &state), n + 2);
    unlink(sun.sun_path);
}

int main(void)
{
    alone();
    udp();
    udp6();
    unix_sockets();
    return 0;
}
