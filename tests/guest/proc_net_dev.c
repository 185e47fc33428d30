/* proc_net(5): interfaces and their counters, routes, neighbours and addresses of IPv6. */
#define _GNU_SOURCE 1
#include "proc_net.h"

struct dev {
    unsigned long long rx_bytes, rx_packets, tx_bytes, tx_packets;
};

static struct dev loopback_dev(void)
{
    char *text = slurp("/proc/net/dev"), *lo = strstr(text, "    lo: ");
    unsigned long long zero[12];
    struct dev d;

    CHECK(lo);
    CHECK_EQ(sscanf(lo,
                    " lo: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu "
                    "%llu %llu %llu\n",
                    &d.rx_bytes, &d.rx_packets, &zero[0], &zero[1], &zero[2], &zero[3], &zero[4],
                    &zero[5], &d.tx_bytes, &d.tx_packets, &zero[6], &zero[7], &zero[8], &zero[9],
                    &zero[10], &zero[11]),
             16);
    for (int i = 0; i < 12; i++)
        CHECK_EQ(zero[i], 0);
    free(text);
    return d;
}

int main(void)
{
    struct dev before, after;
    int s, c;
    char *text;

    alone();
    text = slurp("/proc/net/dev");
    CHECK_EQ(
        strncmp(text,
                "Inter-|   Receive                                                |  Transmit\n"
                " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
                "packets errs drop fifo colls carrier compressed\n",
                200),
        0);
    free(text);
    s = bound(SOCK_DGRAM);
    c = connected(SOCK_DGRAM, local_port(s));
    before = loopback_dev();
    CHECK_EQ(send(c, "0123456789", 10, 0), 10);
    CHECK_EQ(recv(s, &(char[10]){0}, 10, 0), 10);
    after = loopback_dev();
    CHECK_EQ(after.rx_packets - before.rx_packets, 1);
    CHECK_EQ(after.tx_packets - before.tx_packets, 1);
    CHECK_EQ(after.rx_bytes - before.rx_bytes, 20 + 8 + 10);
    CHECK_EQ(after.tx_bytes - before.tx_bytes, 20 + 8 + 10);

    CHECK(has_header("/proc/net/route",
                     "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow"
                     "\tIRTT",
                     127));
    CHECK(has_header(
        "/proc/net/arp",
        "IP address       HW type     Flags       HW address            Mask     Device", 0));
    CHECK(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
    text = slurp("/proc/net/if_inet6");
    CHECK(strstr(text, "00000000000000000000000000000001 01 80 10 80       lo\n"));
    free(text);
    return 0;
}
