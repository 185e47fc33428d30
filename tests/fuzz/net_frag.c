/* Fragments that lie, of both families (RFC 791, RFC 8200 §4.5): bounded, and nothing made up. */
/* libs: cmocka */
/* sources: tests/unit/net_host.c runtime/net */
#include "net_host.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/ip6.h"

static struct net net;
static struct host_dev dev;

/* Six bytes of input: what, which datagram, where (two bytes), how long, how long exactly. */
static void give(const u8 *in)
{
    bool v6 = in[0] & 1, more = in[0] & 2;
    u32 start = (in[2] << 8 | in[3]) * 8u, len = in[4] * 8u, hdr = v6 ? 48 : 20;
    u8 f[1600] = {0};
    struct ip_addr us = v6 ? net.ip6->addrs[0].addr : ip_addr_v4(be32(0x0a000001));
    struct ip_addr from =
        v6 ? (struct ip_addr){.b = {0xfe, 0x80, [15] = 2}} : ip_addr_v4(be32(0x0a000002));
    struct ip_out o = {from, us, v6 ? 44 : in[0] & 8 ? 1 : 17, in[0] >> 6, 0};

    if (in[0] & 4) /* small numbers are the interesting ones */
        start &= 0x7f8;
    len = MIN(len + (in[0] & 16 ? in[5] & 7 : 0), 1480u);
    memcpy(f, net.eth.mac, 6);
    memcpy(f + 6, "\2\0\0\0\0\2", 6);
    f[12] = v6 ? 0x86 : 8;
    f[13] = v6 ? 0xdd : 0;
    if (v6) {
        ip6_fill((struct ip6_hdr *)(f + 14), &o, hdr + len);
        f[54] = in[0] & 8 ? 58 : in[0] & 32 ? in[5] : 17;
        f[56] = (u8)(start >> 8);
        f[57] = (u8)(start | more);
        f[61] = in[1];
    } else {
        struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
        ip4_fill(ip, &o, hdr + len);
        ip->id = in[1];
        ip->frag = be16((start / 8 & 0x1fff) | (more ? IP4_MF : 0));
        ip->csum = 0;
        ip->csum = csum_finish(csum_add(ip, 20));
    }
    memset(f + 14 + hdr, in[0] & 32 ? in[5] : 'x', len);
    if (!start && len >= 8) { /* a UDP header without a sum, of a length that may be right */
        u32 total = (in[5] + 1u) * 8;
        memcpy(f + 14 + hdr, (u8[]){0, 9, 2, 0xbc, (u8)(total >> 8), (u8)total, 0, 0}, 8);
        if (in[0] & 8)
            f[14 + hdr] = v6 ? ICMP6_ECHO : ICMP4_ECHO;
    }
    host_dev_give(&dev, f, 14 + hdr + len);
}

/* Whatever leaves fits the link, and says how long it is. */
static void look_at_output(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        if (n > 1514 || (f[12] == 8 && f[13] == 0 && (f[16] << 8 | f[17]) + 14u != n) ||
            (f[12] == 0x86 && (f[18] << 8 | f[19]) + 54u != n))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(700)};
    long pkts = host_n_pkts, heap = host_n_heap;
    static u8 got[65536];
    struct file *u;
    ssize_t n;

    host_reset();
    host_seed = 1;
    host_pkt_budget = 512;
    host_ram_pages = 512;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    if (sock_create(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &u) != 0)
        abort();
    sock_bind(u, (struct sockaddr *)&a, sizeof(a));
    for (; size >= 6; data += 6, size -= 6) {
        if (data[0] == 0xff) {
            host_pass(data[1] * NSEC_PER_SEC);
            continue;
        }
        if (data[0] == 0xfe) {
            struct iovec iov = {got, data[1] << 8 | data[2]};
            struct msghdr m = {
                .msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1};
            a.sin6_addr.s6_addr[0] = data[3] & 1 ? 0xff : 0xfe; /* a group, or a neighbour */
            a.sin6_addr.s6_addr[1] = data[3] & 1 ? 2 : 0x80;
            sock_sendmsg(u, &m, 0);
            host_poll(); /* who sends to a group hears it */
            continue;
        }
        give(data);
        /* The socket's queue, fragments that wait, frames that wait for the ring, the neighbours.
         */
        if (host_n_pkts - pkts > net.limits.rx_pkts * 3 / 2 + net.limits.txq_pkts + dev.n + 6)
            abort();
        while ((n = sock_recv(u, got, sizeof(got), 0)) >= 0) {
            if ((n + 8) % 8 || n > 2048 - 8) /* what its header said */
                abort();
        }
        look_at_output();
    }
    file_put(u);
    host_net_free(&net);
    if (host_n_pkts != pkts || host_n_heap != heap)
        abort();
    return 0;
}
