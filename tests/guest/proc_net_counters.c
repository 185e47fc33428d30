/* RFC 4293, RFC 4022, RFC 4113: what happens moves its counters, by exactly as much. */
#define _GNU_SOURCE 1
#include "proc_net.h"

static const char snmp[] = "/proc/net/snmp", ext[] = "/proc/net/netstat";

#define N_MAX 16
static struct {
    const char *file, *group, *name;
    long long before;
} watched[N_MAX];
static int n_watched;

static void watch(const char *file, const char *group, const char *name)
{
    watched[n_watched].file = file;
    watched[n_watched].group = group;
    watched[n_watched].name = name;
    watched[n_watched++].before = counter(file, group, name);
}

/* By how much the oldest of them has moved. */
static long long moved(const char *name)
{
    for (int i = 0; i < n_watched; i++)
        if (!strcmp(watched[i].name, name))
            return counter(watched[i].file, watched[i].group, name) - watched[i].before;
    CHECK(!"watched");
    return 0;
}

static void tcp(void)
{
    int lis = listener(5), end[2], s;
    struct linger now = {1, 0};
    uint16_t port;

    n_watched = 0;
    watch(snmp, "Tcp", "ActiveOpens");
    watch(snmp, "Tcp", "PassiveOpens");
    watch(snmp, "Tcp", "AttemptFails");
    watch(snmp, "Tcp", "EstabResets");
    watch(snmp, "Tcp", "CurrEstab");
    watch(snmp, "Tcp", "InSegs");
    watch(snmp, "Tcp", "OutSegs");
    watch(snmp, "Tcp", "RetransSegs");
    watch(snmp, "Tcp", "InErrs");
    watch(snmp, "Tcp", "OutRsts");
    watch(ext, "TcpExt", "TCPTimeouts");
    CHECK_EQ(counter(snmp, "Tcp", "RtoAlgorithm"), 1);
    CHECK_EQ(counter(snmp, "Tcp", "RtoMin"), 200);
    CHECK_EQ(counter(snmp, "Tcp", "RtoMax"), 120000);
    CHECK_EQ(counter(snmp, "Tcp", "MaxConn"), -1);

    port = local_port(lis);
    end[0] = connected(SOCK_STREAM, port);
    end[1] = accept(lis, NULL, NULL);
    CHECK_EQ(moved("ActiveOpens"), 1);
    CHECK_EQ(moved("PassiveOpens"), 1);
    CHECK_EQ(moved("CurrEstab"), 2);
    CHECK_EQ(moved("InSegs"), 3); /* SYN, SYN|ACK, ACK */
    CHECK_EQ(moved("OutSegs"), 3);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(recv(end[1], &(char){0}, 1, 0), 0);
    CHECK_EQ(close(end[1]), 0);
    CHECK_EQ(moved("CurrEstab"), 0);
    CHECK_EQ(moved("EstabResets"), 0);
    CHECK_EQ(moved("OutSegs"), moved("InSegs"));

    end[0] = connected(SOCK_STREAM, port); /* … and is reset */
    end[1] = accept(lis, NULL, NULL);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(recv(end[1], &(char){0}, 1, 0), -1);
    CHECK_EQ(errno, ECONNRESET);
    CHECK_EQ(close(end[1]), 0);
    CHECK_EQ(moved("EstabResets"), 2); /* at both ends */
    CHECK_EQ(moved("OutRsts"), 1);

    CHECK_EQ(close(lis), 0);
    s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(try_connect(s, port), -1);
    CHECK_EQ(errno, ECONNREFUSED);
    CHECK_EQ(moved("ActiveOpens"), 3);
    CHECK_EQ(moved("PassiveOpens"), 2);
    CHECK_EQ(moved("AttemptFails"), 1);
    CHECK_EQ(moved("OutRsts"), 2);
    CHECK_EQ(moved("RetransSegs") + moved("InErrs") + moved("TCPTimeouts"), 0);
    CHECK_EQ(moved("OutSegs"), moved("InSegs"));
    close(s);
}

static void udp(void)
{
    int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM), c;
    uint16_t port = local_port(b);

    n_watched = 0;
    watch(snmp, "Ip", "InReceives");
    watch(snmp, "Ip", "InDelivers");
    watch(snmp, "Ip", "OutRequests");
    watch(snmp, "Ip", "InHdrErrors");
    watch(snmp, "Ip", "FragCreates");
    watch(snmp, "Icmp", "InMsgs");
    watch(snmp, "Icmp", "OutMsgs");
    watch(snmp, "Icmp", "InErrors");
    watch(snmp, "Udp", "InDatagrams");
    watch(snmp, "Udp", "OutDatagrams");
    watch(snmp, "Udp", "NoPorts");
    watch(snmp, "Udp", "InErrors");
    CHECK_EQ(counter(snmp, "Ip", "Forwarding"), 2);
    CHECK_EQ(counter(snmp, "Ip", "DefaultTTL"), 64);
    c = connected(SOCK_DGRAM, port);
    for (int i = 0; i < 7; i++) {
        CHECK_EQ(send(c, "abc", 3, 0), 3);
        CHECK_EQ(recv(b, &(char[3]){0}, 3, 0), 3);
    }
    CHECK_EQ(moved("InDatagrams"), 7);
    CHECK_EQ(moved("OutDatagrams"), 7);
    CHECK_EQ(moved("InReceives"), 7);
    CHECK_EQ(moved("InDelivers"), 7);
    CHECK_EQ(moved("OutRequests"), 7);
    CHECK_EQ(moved("NoPorts") + moved("InMsgs") + moved("OutMsgs"), 0);
    CHECK_EQ(close(b), 0);
    CHECK_EQ(send(c, "abc", 3, 0), 3);
    CHECK_EQ(recv(c, &(char){0}, 1, 0), -1);
    CHECK_EQ(errno, ECONNREFUSED);
    CHECK_EQ(moved("NoPorts"), 1);
    CHECK_EQ(moved("OutDatagrams"), 8);
    CHECK_EQ(moved("InDatagrams"), 7);
    CHECK_EQ(moved("InMsgs"), 1);
    CHECK_EQ(moved("OutMsgs"), 1);
    CHECK_EQ(moved("InReceives"), 9);
    CHECK_EQ(moved("InDelivers"), 9);
    CHECK_EQ(moved("OutRequests"), 9);
    CHECK_EQ(moved("InHdrErrors") + moved("InErrors") + moved("FragCreates"), 0);
    close(a);
    close(c);
}

static long long counter6(const char *name)
{
    char *text = slurp("/proc/net/snmp6"), *at;
    long long value = -1;

    for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
            value = strtoll(line + strlen(name), NULL, 10);
    CHECK(value >= 0);
    free(text);
    return value;
}

static void ipv6(void)
{
    long long in = counter6("Ip6InReceives"), out = counter6("Ip6OutRequests");
    long long udp_in = counter6("Udp6InDatagrams"), udp_out = counter6("Udp6OutDatagrams");
    long long delivers = counter6("Ip6InDelivers"), v4 = counter(snmp, "Ip", "InReceives");
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int s = socket(AF_INET6, SOCK_DGRAM, 0), lis = socket(AF_INET6, SOCK_STREAM, 0), c;
    socklen_t len = sizeof sin6;

    CHECK_EQ(bind(s, (struct sockaddr *)&sin6, sizeof sin6), 0);
    CHECK_EQ(bind(lis, (struct sockaddr *)&sin6, sizeof sin6), 0);
    CHECK_EQ(listen(lis, 1), 0);
    CHECK_EQ(getsockname(s, (struct sockaddr *)&sin6, &len), 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&sin6, sizeof sin6), 0);
    CHECK_EQ(send(s, "abc", 3, 0), 3);
    CHECK_EQ(recv(s, &(char[3]){0}, 3, 0), 3);
    CHECK_EQ(counter6("Udp6InDatagrams") - udp_in, 1);
    CHECK_EQ(counter6("Udp6OutDatagrams") - udp_out, 1);
    CHECK_EQ(counter6("Ip6InReceives") - in, 1);
    CHECK_EQ(counter6("Ip6InDelivers") - delivers, 1);
    CHECK_EQ(counter6("Ip6OutRequests") - out, 1);
    CHECK_EQ(getsockname(lis, (struct sockaddr *)&sin6, &len), 0);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_EQ(connect(c, (struct sockaddr *)&sin6, sizeof sin6), 0);
    CHECK_EQ(counter6("Ip6InReceives") - in, 4);
    CHECK_EQ(counter6("Ip6OutRequests") - out, 4);
    CHECK_EQ(counter(snmp, "Ip", "InReceives"), v4);
    close(c);
    close(lis);
    close(s);
}

static void sockstat(void)
{
    int lis = listener(1), c, s, u = bound(SOCK_DGRAM);
    unsigned used, inuse, orphan, tw, alloc, mem, udp_inuse, now_used;
    char *text = slurp("/proc/net/sockstat"), *more;

    CHECK_EQ(sscanf(text, "sockets: used %u\nTCP: inuse %u orphan %u tw %u alloc %u mem %u\n",
                    &used, &inuse, &orphan, &tw, &alloc, &mem),
             6);
    CHECK_EQ(inuse, 1);
    more = strstr(text, "\nUDP: ");
    CHECK(more);
    CHECK_EQ(sscanf(more, "\nUDP: inuse %u mem", &udp_inuse), 1);
    CHECK_EQ(udp_inuse, 1);
    CHECK(strstr(text, "\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"));
    free(text);
    c = connected(SOCK_STREAM, local_port(lis));
    s = accept(lis, NULL, NULL);
    text = slurp("/proc/net/sockstat");
    CHECK_EQ(sscanf(text, "sockets: used %u\nTCP: inuse %u", &now_used, &inuse), 2);
    CHECK_EQ(inuse, 3);
    CHECK_EQ(now_used - used, 2);
    free(text);
    close(c);
    close(s);
    close(u);
    close(lis);
    text = slurp("/proc/net/sockstat6");
    CHECK_EQ(strncmp(text, "TCP6: inuse 0\nUDP6: inuse 0\n", 28), 0);
    free(text);
}

int main(void)
{
    alone();
    tcp();
    udp();
    ipv6();
    sockstat();
    return 0;
}
