/* Hostile IPv6 frames (RFC 8200, RFC 4861): the stack neither crashes nor keeps what it must free.
 */
/* libs: cmocka */
/* sources: tests/unit/net_host.c runtime/net/ip6.c runtime/net */
#include "input.h"
#include "net_host.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/ip6.h"

static struct net net;
static struct host_dev dev;

/* Addresses that mean something here, or nearly do. */
static void put_addr(struct input *in, u8 *to)
{
    static const u8 kinds[8][16] = {
        {0xfe, 0x80, [15] = 2},
        {0xff, 2, [15] = 1},
        {0xff, 2, [11] = 1, [12] = 0xff, [15] = 1},
        {0xfd, 0x77, [15] = 2},
        {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
        {0},
        {[15] = 1},
        {0xff, 5, [15] = 9},
    };
    u32 k = take(in);

    memcpy(to, kinds[k & 7], 16);
    if (k & 8)
        memcpy(to, &net.ip6->addrs[k >> 4 & 3].addr, 16);
    if (k & 0x80)
        to[15] = (u8)take(in);
}

static void packet(struct input *in)
{
    u8 f[1600] = {0};
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip6_hdr *ip = (struct ip6_hdr *)(eth + 1);
    u8 *l4 = (u8 *)(ip + 1);
    u32 mode = take(in), len = take(in) * (mode & 1 ? 5 : 1), at;

    memcpy(eth->dst, net.eth.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV6);
    ip->version_class_flow = be32(6u << 28);
    ip->payload_len = be16(mode & 2 ? take(in) : len);
    ip->next = (u8)(mode & 4 ? take(in) : IP_PROTO_ICMP6);
    ip->hop_limit = mode & 8 ? (u8)take(in) : 255;
    put_addr(in, ip->src);
    put_addr(in, ip->dst);
    for (at = 0; at < len && in->left; at++)
        l4[at] = (u8)take(in);
    if (mode & 16 && len >= 24) /* a target */
        memcpy(l4 + 8, ip->dst, 16);
    if (mode & 32 && len >= 24)
        memcpy(l4 + 8, &net.ip6->addrs[0].addr, 16);
    if (ip->next == IP_PROTO_ICMP6 && len >= 8 && !(mode & 64)) {
        struct ip_addr src, dst;
        u16 sum;
        memcpy(&src, ip->src, 16);
        memcpy(&dst, ip->dst, 16);
        memset(l4 + 2, 0, 2);
        sum = csum_finish(csum_add(l4, len) + be16(len) + ip_pseudo(&src, &dst, IP_PROTO_ICMP6));
        memcpy(l4 + 2, &sum, 2);
    }
    host_dev_give(&dev, f, 54 + len);
}

static void look_at_output(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        const struct ip6_hdr *ip = (const struct ip6_hdr *)(f + 14);
        struct ip_addr src, dst;
        if (f[12] != 0x86 || f[13] != 0xdd)
            continue;
        if (n < 54 || be16(ip->payload_len) + 54u != n)
            abort();
        memcpy(&src, ip->src, 16);
        memcpy(&dst, ip->dst, 16);
        if (src.b[0] == 0xff || ip_addr_is_v4(&dst) || ip6_is_loopback(&src))
            abort();
        if (ip->next == IP_PROTO_ICMP6 && csum_finish(csum_add(ip + 1, n - 54) + be16(n - 54) +
                                                      ip_pseudo(&src, &dst, IP_PROTO_ICMP6)) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(53)};
    struct input in = {data, size};
    long pkts = host_n_pkts, heap = host_n_heap, pages = host_n_pages;
    struct file *u;
    u8 buf[2000] = {0};

    host_reset();
    host_seed = 1;
    host_pkt_budget = 256;
    host_ram_pages = 512;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    if (sock_create(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &u) != 0)
        abort();
    sock_bind(u, (struct sockaddr *)&a, sizeof(a));
    while (in.left) {
        u32 op = take(&in);
        switch (op & 7) {
        case 0: {
            struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a)};
            put_addr(&in, a.sin6_addr.s6_addr);
            a.sin6_scope_id = 2;
            sock_sendmsg(u, &m, 0);
            break;
        }
        case 1:
            host_pass((u64)take(&in) * take(&in) * NSEC_PER_SEC);
            break;
        default:
            packet(&in);
        }
        host_poll();
        look_at_output();
        sock_recv(u, buf, sizeof(buf), 0);
        if (!net.ip6->addrs[0].prefix_len && net.ip6->addrs[0].dad_ns)
            abort();
        if (net.eth.mtu_bytes < IP6_MTU_MIN)
            abort();
    }
    file_put(u);
    host_net_free(&net);
    if (host_n_pkts != pkts || host_n_heap != heap || host_n_pages != pages)
        abort();
    return 0;
}
