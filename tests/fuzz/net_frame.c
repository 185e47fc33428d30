/* Hostile frames and sequences of segments: whatever arrives, the stack neither crashes nor keeps
 * what it should give back. */
/* libs: cmocka */
/* sources: tests/unit/net_host.c runtime/net */
#include "net_host.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/tcp.h"

/*
 * The input is a list of operations: a byte that says what, and its arguments. Checksums and, if
 * asked for, sequence numbers are put right, so that the fuzzer gets past the first checks.
 */
static struct net net;
static struct host_dev dev;
static u32 last_seq, last_ack; /* of the stack's last segment */

struct input {
    const u8 *at;
    size_t left;
};

static u32 take(struct input *in, size_t n)
{
    u32 v = 0;

    while (n--) {
        v = v << 8 | (in->left ? *in->at : 0);
        if (in->left) {
            in->at++;
            in->left--;
        }
    }
    return v;
}

static void look_at_output(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(f + 14);
        const struct tcp_hdr *th = (const struct tcp_hdr *)(ip + 1);
        if (f[12] != 8 || f[13] != 0)
            continue;
        if (n < 34 || csum_finish(csum_add(ip, 20)) != 0 || be16(ip->total_len) + 14u != n)
            abort();
        if (ip->proto != IP_PROTO_TCP)
            continue;
        struct ip_addr src = ip_addr_v4(ip->src), dst = ip_addr_v4(ip->dst);
        u32 l4 = (u32)n - 34;
        if (csum_finish(csum_add(th, l4) + be16(l4) + ip_pseudo(&src, &dst, 6)) != 0)
            abort();
        if (th->sport == be16(80)) {
            last_seq = be32(th->seq) + l4 - (th->offset >> 4) * 4u;
            last_seq += !!(th->flags & TCP_F_SYN) + !!(th->flags & TCP_F_FIN);
            last_ack = be32(th->ack);
        }
    }
}

/* An IP packet from the peer with @len bytes behind its header. */
static void give_ip(u8 proto, u8 *f, size_t len, bool is_fixed)
{
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip4_hdr *ip = (struct ip4_hdr *)(eth + 1);
    u8 *l4 = (u8 *)(ip + 1);
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(be32(0x0a000001)), proto, 0, 0};

    memcpy(eth->dst, net.eth.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV4);
    ip4_fill(ip, &out, (u32)(20 + len));
    if (is_fixed) {
        size_t at = proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 2;
        if (len >= at + 2) {
            u16 sum;
            memset(l4 + at, 0, 2);
            sum = csum_finish(
                csum_add(l4, len) +
                (proto == IP_PROTO_ICMP ? 0 : be16(len) + ip_pseudo(&out.src, &out.dst, proto)));
            memcpy(l4 + at, &sum, 2);
        }
    }
    host_dev_give(&dev, f, 34 + len);
}

static void segment(struct input *in)
{
    u8 f[2048] = {0};
    struct tcp_hdr *th = (struct tcp_hdr *)(f + 34);
    u32 mode = take(in, 1), n_opts = take(in, 1) % 11, len = take(in, 1) * (mode & 0x80 ? 5 : 1);

    th->sport = be16(1000 + (mode & 3));
    th->dport = be16(80);
    th->seq = be32(last_ack + (u32)(s32)(s16)take(in, 2));
    th->ack = be32(last_seq + (u32)(s32)(s8)take(in, 1));
    th->flags = (u8)take(in, 1);
    th->window = (u16)take(in, 2);
    th->offset = (u8)((5 + n_opts) << 4);
    if (mode & 4)
        th->offset = (u8)take(in, 1);
    for (u32 i = 0; i < n_opts * 4; i++)
        f[54 + i] = (u8)take(in, 1);
    give_ip(IP_PROTO_TCP, f, 20 + n_opts * 4 + len, true);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(80)};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = be16(1003)};
    struct input in = {data, size};
    struct file *l, *u, *conns[8] = {0};
    long pkts = host_n_pkts, heap = host_n_heap, pages = host_n_pages;
    u8 buf[3000] = {0};

    host_reset();
    host_seed = 1;
    host_pkt_budget = 256;
    host_ram_pages = 512;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    last_seq = last_ack = 0;
    host_dev_introduce(&dev);
    sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &l);
    sock_bind(l, (struct sockaddr *)&a, sizeof(a));
    sock_listen(l, 3);
    sock_create(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, &u);
    a.sin_port = be16(53);
    sock_bind(u, (struct sockaddr *)&a, sizeof(a));
    peer.sin_addr.s_addr = be32(0x0a000002);
    while (in.left) {
        u32 op = take(&in, 1), arg = take(&in, 1);
        struct file **c = &conns[arg & 7];
        switch (op % 12) {
        case 0: { /* anything at all */
            u8 f[1600] = {0};
            size_t len = MIN(in.left, arg * 6);
            memcpy(f, in.at, len);
            in.at += len;
            in.left -= len;
            host_dev_give(&dev, f, len);
            break;
        }
        case 1: { /* any payload behind a right IP header */
            u8 f[1600] = {0};
            size_t len = MIN(in.left, arg);
            memcpy(f + 34, in.at, len);
            in.at += len;
            in.left -= len;
            give_ip((u8[]){1, 6, 17, 2}[op >> 6], f, len, true);
            break;
        }
        case 2:
        case 3:
        case 4:
        case 5:
            segment(&in);
            break;
        case 6:
            if (!*c && sock_accept(l, NULL, NULL, SOCK_NONBLOCK, c) != 0)
                *c = NULL;
            break;
        case 7:
            if (*c)
                sock_recv(*c, buf, take(&in, 2) % sizeof(buf), arg & 8 ? MSG_PEEK : 0);
            break;
        case 8:
            if (*c)
                sock_send(*c, buf, take(&in, 2) % sizeof(buf), arg & 8 ? MSG_MORE : 0);
            break;
        case 9:
            if (*c && arg & 8) {
                sock_shutdown(*c, (int)(arg >> 4) % 3);
            } else if (*c) {
                file_put(*c);
                *c = NULL;
            }
            break;
        case 10:
            host_pass((u64)arg * arg * NSEC_PER_MSEC);
            break;
        case 11:
            if (!*c && sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, c) == 0) {
                a.sin_port = be16(80);
                sock_setopt(*c, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
                sock_connect(*c, (struct sockaddr *)&peer, sizeof(peer));
            }
            break;
        }
        if (op & 0x20)
            dev.cap = 1 + (arg & 31);
        host_poll();
        if (!(op & 0x10))
            look_at_output();
        sock_recv(u, buf, sizeof(buf), 0);
        for (u32 i = 0; i < 8; i++)
            if (conns[i])
                conns[i]->ops->poll(conns[i]);
    }
    for (u32 i = 0; i < 8; i++)
        if (conns[i])
            file_put(conns[i]);
    file_put(l);
    file_put(u);
    dev.cap = 256;
    host_net_free(&net);
    if (host_n_pkts != pkts || host_n_heap != heap || host_n_pages != pages)
        abort();
    return 0;
}
