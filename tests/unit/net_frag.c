/* Fragments of both families, in and out (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722, RFC 6946). */
/* sources: tests/unit/net_host.c runtime/net */
#include "net_host.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/ip6.h"

#define US4   be32(0x0a000001)
#define PEER4 be32(0x0a000002)

static struct net net, far;
static struct host_dev dev, far_dev;
static struct file *sock; /* UDP, port 700, of @net */
static const struct ip_addr peer6 = {.b = {0xfe, 0x80, [15] = 2}};
static u8 out[2048], data[65536], got[65536];
static size_t out_len;
static bool v6;

static struct file *udp(struct net *n, u16 port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(port)};
    struct file *f = NULL;

    net_self = n;
    assert_int_equal(sock_create(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &f), 0);
    assert_int_equal(sock_bind(f, (struct sockaddr *)&a, sizeof(a)), 0);
    sock_setopt(f, SOL_SOCKET, SO_RCVBUF, &(int){1 << 20}, sizeof(int));
    net_self = &net;
    return f;
}

static void start(struct net *n, struct host_dev *d, u8 last)
{
    struct net_config cfg = {
        .is_static = true, .addr = be32(0x0a000000 | last), .mask = be32(0xffffff00)};

    host_dev_init(d, last, 0);
    net_init(n, &d->nd);
    net_self = n;
    net_configure(n, &cfg);
    host_pass(2 * NSEC_PER_SEC); /* the address is nobody else's */
    while (host_dev_take(d, out, sizeof(out)))
        ;
}

static int setup(void **state)
{
    (void)state;
    host_reset();
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (u8)(i * 7 + i / 256);
    start(&net, &dev, 1);
    sock = udp(&net, 700);
    v6 = false;
    return 0;
}

static int setup6(void **state)
{
    setup(state);
    v6 = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    file_put(sock);
    host_net_free(&net);
    assert_int_equal(host_n_pkts, 0);
    assert_int_equal(host_n_heap, 0);
    assert_int_equal(host_n_pages, 0);
    return 0;
}

/* One fragment from the peer: @len bytes of @bytes at @start. */
static void give(u32 id, u32 start, bool more, const u8 *bytes, u32 len, u8 tos)
{
    u8 f[2000] = {0}, *at = f + 14;
    struct ip_addr us = v6 ? net.ip6->addrs[0].addr : ip_addr_v4(US4);
    struct ip_out o = {v6 ? peer6 : ip_addr_v4(PEER4), us, v6 ? 44 : 17, tos, 0};

    memcpy(f, net.eth.mac, 6);
    memcpy(f + 6, "\2\0\0\0\0\2", 6);
    f[12] = v6 ? 0x86 : 8;
    f[13] = v6 ? 0xdd : 0;
    if (v6) {
        ip6_fill((struct ip6_hdr *)at, &o, 48 + len);
        at += 40;
        *at = 17;
        at[2] = (u8)(start >> 8);
        at[3] = (u8)(start | more);
        memcpy(at + 4, &id, 4);
        at += 8;
    } else {
        struct ip4_hdr *ip = (struct ip4_hdr *)at;
        ip4_fill(ip, &o, 20 + len);
        ip->id = (u16)id;
        ip->frag = be16(start / 8 | (more ? IP4_MF : 0));
        ip->csum = 0;
        ip->csum = csum_finish(csum_add(ip, 20));
        at += 20;
    }
    memcpy(at, bytes, len);
    host_dev_give(&dev, f, (size_t)(at - f) + len);
}

/* A datagram of @len bytes in @data, its UDP header included and right. */
static void make(u32 len)
{
    struct ip_addr us = v6 ? net.ip6->addrs[0].addr : ip_addr_v4(US4);
    struct ip_addr from = v6 ? peer6 : ip_addr_v4(PEER4);
    struct udp_hdr *u = (struct udp_hdr *)data;

    *u = (struct udp_hdr){be16(9), be16(700), be16(len), 0};
    u->csum = csum_finish(csum_add(data, len) + be16(len) + ip_pseudo(&from, &us, 17));
}

static void piece(u32 id, u32 from, u32 to, u32 total)
{
    give(id, from, to < total, data + from, to - from, 0);
}

static void expect(u32 len)
{
    assert_int_equal(sock_recv(sock, got, sizeof(got), 0), len - 8);
    assert_memory_equal(got, data + 8, len - 8);
}

static void expect_none(void)
{
    assert_int_equal(sock_recv(sock, got, sizeof(got), 0), -EAGAIN);
}

/* The next frame that is not about neighbours. */
static bool next_frame(void)
{
    while ((out_len = host_dev_take(&dev, out, sizeof(out))) != 0) {
        bool is_nd = out[12] == 0x86 && out[20] == 58 && out[54] >= 130;
        if (out[12] == 8 && out[13] == 6) { /* ARP: told */
            u8 a[42];
            memcpy(a, out, 42);
            memcpy(a, out + 6, 6);
            memcpy(a + 6, "\2\0\0\0\0\2", 6);
            a[21] = 2;
            memcpy(a + 32, out + 22, 10);
            memcpy(a + 22, "\2\0\0\0\0\2", 6);
            memcpy(a + 28, out + 38, 4);
            host_dev_give(&dev, a, 42);
        } else if (is_nd && out[54] == 135 && net.ip6) {
            u8 a[86];
            struct ip_addr target, to;
            memcpy(&target, out + 62, 16);
            memcpy(&to, out + 22, 16);
            memcpy(a, out, 86);
            memcpy(a, out + 6, 6);
            memcpy(a + 6, "\2\0\0\0\0\2", 6);
            memcpy(a + 22, &target, 16);
            memcpy(a + 38, &to, 16);
            memcpy(a + 54, "\x88\0\0\0\x60\0\0\0", 8);
            a[78] = 2;
            memcpy(a + 80, "\2\0\0\0\0\2", 6);
            u16 sum = csum_finish(csum_add(a + 54, 32) + be16(32) + ip_pseudo(&target, &to, 58));
            memcpy(a + 56, &sum, 2);
            host_dev_give(&dev, a, 86);
        } else if (!is_nd) {
            return true;
        }
    }
    return false;
}

/* in any order, and with copies of what came before */
static void orders(void **state)
{
    (void)state;
    make(4000);
    piece(1, 0, 1480, 4000);
    piece(1, 1480, 2960, 4000);
    expect_none();
    piece(1, 2960, 4000, 4000);
    expect(4000);
    piece(2, 2960, 4000, 4000);
    piece(2, 1480, 2960, 4000);
    piece(2, 2960, 4000, 4000); /* RFC 8200 §4.5: an exact duplicate */
    piece(2, 1480, 2960, 4000);
    piece(2, 0, 1480, 4000);
    expect(4000);
    piece(3, 2960, 4000, 4000);
    piece(4, 2960, 4000, 4000); /* two at once do not mix */
    piece(3, 0, 1480, 4000);
    piece(4, 0, 1480, 4000);
    piece(3, 1480, 2960, 4000);
    piece(4, 1480, 2960, 4000);
    expect(4000);
    expect(4000);
    expect_none();
    assert_int_equal(net.stats.ip_reasm_oks, 4);
    assert_int_equal(net.stats.ip_reasm_reqds, 14);
    assert_int_equal(net.stats.ip_reasm_fails, 2);
}

/* the largest there is, and a little more */
static void largest(void **state)
{
    (void)state;
    u32 max = v6 ? 65535 : 65515;

    make(max);
    for (u32 at = 0; at < max; at += 1480)
        piece(1, at, MIN(at + 1480, max), max);
    expect(max);
    assert_int_equal(net.stats.ip_reasm_oks, 1);
    give(2, 0, true, data, 1480, 0);
    give(2, 65528, true, data, 8, 0); /* beyond 65,535 with its header: a ping of death */
    if (v6)
        give(2, 65528, false, data, 16, 0);
    assert_int_equal(net.stats.ip_reasm_fails, v6 ? 2 : 1);
    expect_none();
}

/* RFC 5722 §4: an overlap ends the datagram, and what comes of it later is dropped, too */
static void overlaps(void **state)
{
    static const u32 bad[][3] = {/* from, to, how many later pieces complete it */
                                 {1472, 2960, 0},
                                 {1488, 2960, 0},
                                 {0, 1480, 0},
                                 {8, 16, 0},
                                 {0, 2968, 0}};
    u8 evil[3000] = {0};

    (void)state;
    make(4000);
    for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
        u32 from = bad[i][0], id = 100 + i;
        u32 to = MIN(bad[i][1], from + 1480); /* one frame */
        piece(id, 0, 1480, 4000);
        piece(id, 2960, 4000, 4000);
        if (i == 1)
            piece(id, 1480, 1496, 4000);
        give(id, from, true, evil, to - from, 0);
        piece(id, 0, 1480, 4000);
        piece(id, 1480, 2960, 4000);
        piece(id, 2960, 4000, 4000);
        expect_none();
    }
    host_pass(61 * NSEC_PER_SEC);
    for (u32 i = 0; i < ARRAY_SIZE(bad); i++) /* it is forgotten then */
        for (u32 at = 0; at < 4000; at += 1480)
            piece(100 + i, at, MIN(at + 1480, 4000u), 4000);
    for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
        expect(4000);
}

/* ends that do not agree, lengths that cannot be, and nothing at all */
static void lengths(void **state)
{
    (void)state;
    make(4000);
    piece(1, 1480, 4000 - 2000, 4000);
    give(2, 8, true, data, 7, 0); /* not of eight bytes, and more follow */
    assert_int_equal(net.stats.ip_reasm_fails, 1);
    if (v6) {
        assert_true(next_frame()); /* RFC 8200 §4.5 */
        assert_int_equal(out[54], ICMP6_PARAM);
        assert_int_equal(out[61], 4);
    }
    give(2, 8, true, data, 0, 0);
    assert_int_equal(net.stats.ip_reasm_fails, 2);
    give(3, 1480, false, data, 100, 0);
    give(3, 1480, false, data, 108, 0); /* two ends */
    give(3, 0, true, data, 1480, 0);
    expect_none();
    give(4, 1480, false, data, 104, 0);
    give(4, 1584, true, data, 8, 0); /* behind the end */
    give(4, 0, true, data, 1480, 0);
    expect_none();
    give(5, 2960, true, data, 8, 0);
    give(5, 1480, false, data, 8, 0); /* an end before what is there */
    give(5, 0, true, data, 1480, 0);
    expect_none();
    assert_int_equal(net.stats.ip_reasm_oks, 0);
}

/* RFC 1122 §3.3.2, RFC 8200 §4.5: 60 seconds, then its sender is told, if the first has come */
static void timeout(void **state)
{
    (void)state;
    make(4000);
    piece(1, 0, 1480, 4000);
    piece(2, 1480, 2960, 4000);
    host_pass(59 * NSEC_PER_SEC);
    assert_int_equal(net.stats.ip_reasm_timeout, 0);
    assert_false(next_frame());
    host_pass(2 * NSEC_PER_SEC);
    assert_int_equal(net.stats.ip_reasm_timeout, 2);
    assert_true(next_frame());
    assert_int_equal(out[v6 ? 54 : 34], v6 ? ICMP6_TIME : ICMP4_TIME);
    assert_int_equal(out[v6 ? 55 : 35], 1);
    assert_memory_equal(out + (v6 ? 62 + 48 : 42 + 20), data, 8); /* it quotes the ports */
    assert_false(next_frame());
    piece(1, 1480, 2960, 4000);
    piece(1, 2960, 4000, 4000);
    expect_none();
}

/* a flood holds no more than its share of the pool, and pushes out the oldest */
static void flood(void **state)
{
    (void)state;
    long before = host_n_pkts, heap = host_n_heap;

    make(4000);
    piece(1, 0, 1480, 4000);
    for (u32 id = 2; id < 5000; id++) {
        piece(id, 1480, 2960, 4000);
        assert_true(host_n_pkts - before <= net.limits.rx_pkts / 2 + 1);
        assert_true(host_n_heap - heap <= net.limits.rx_pkts / 2 + 1);
    }
    piece(1, 1480, 2960, 4000);
    piece(1, 2960, 4000, 4000);
    expect_none(); /* the first was the oldest */
    for (u32 at = 0; at < 4000; at += 1480)
        piece(9999, at, MIN(at + 1480, 4000u), 4000);
    expect(4000);
    for (u32 at = 0; at < 60000; at += 16) /* thousands of tiny ones, with gaps */
        give(10000, at, true, data, 8, 0);
    assert_true(host_n_pkts - before <= net.limits.rx_pkts / 2 + 1);
    host_pass(61 * NSEC_PER_SEC);
    while (next_frame())
        ;
    assert_int_equal(host_n_pkts, before);
}

/* without memory for what it takes, the datagram is dropped and counted */
static void no_memory(void **state)
{
    (void)state;
    make(4000);
    host_heap_left = 0;
    piece(1, 0, 1480, 4000);
    assert_int_equal(net.stats.ip_reasm_fails, 1);
    host_heap_left = -1;
    piece(1, 0, 1480, 4000);
    piece(1, 1480, 2960, 4000);
    host_pages_left = 0;
    piece(1, 2960, 4000, 4000);
    host_pages_left = -1;
    expect_none();
    assert_int_equal(net.stats.ip_reasm_fails, 4);
    assert_int_equal(net.stats.no_memory, 1);
}

/* With the pool dry no fragment waits, and those that do give way. */
static void pool_is_dry(void **state)
{
    (void)state;
    make(4000);
    piece(1, 0, 1480, 4000);
    dev.is_dry = true;
    piece(1, 1480, 2960, 4000);
    piece(2, 0, 1480, 4000);
    assert_int_equal(net.reasm.n_held, 0);
    assert_int_equal(net.stats.ip_reasm_fails, 3);
    dev.is_dry = false;
    piece(1, 2960, 4000, 4000);
    expect_none();
}

/* RFC 4963: an identification that has come round is not that of minutes ago */
static void id_comes_round(void **state)
{
    (void)state;
    make(3000);
    piece(7, 0, 1480, 3000);
    for (u32 i = 0; i < 17000; i++) { /* within the minute */
        piece(8 + i % 1000, 1480, 2960, 3000);
        piece(8 + i % 1000, 0, 1480, 3000);
        piece(8 + i % 1000, 2960, 3000, 3000);
        assert_int_equal(sock_recv(sock, got, sizeof(got), 0), 2992);
    }
    data[100] ^= 1;
    make(3000);
    for (u32 at = 0; at < 3000; at += 1480)
        piece(7, at, MIN(at + 1480, 3000u), 3000);
    expect(3000);
}

/* RFC 3168 §5.3: congestion anywhere is congestion of all; never where it was not allowed */
static void ecn(void **state)
{
    int tos = -1;
    char ctl[64];
    struct iovec iov = {got, sizeof(got)};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl)};

    (void)state;
    make(3000);
    sock_setopt(sock, IPPROTO_IPV6, IPV6_RECVTCLASS, &(int){1}, sizeof(int));
    give(1, 0, true, data, 1480, 2);
    give(1, 1480, true, data + 1480, 1480, 3);
    give(1, 2960, false, data + 2960, 40, 2);
    assert_int_equal(sock_recvmsg(sock, &m, 0), 2992);
    if (v6) {
        memcpy(&tos, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(tos));
        assert_int_equal(tos, 3);
    }
    give(2, 0, true, data, 1480, 0);
    give(2, 1480, true, data + 1480, 1480, 3);
    give(2, 2960, false, data + 2960, 40, 0);
    expect_none();
}

/* RFC 6946: a fragment that is whole does not wait, nor meets others; RFC 6980: no neighbour
 * discovery in fragments; and none in fragments of fragments */
static void of_ipv6_only(void **state)
{
    u8 f[200];

    (void)state;
    make(100);
    piece(1, 0, 48, 100);
    give(1, 0, false, data, 100, 0);
    expect(100);
    assert_int_equal(net.stats.ip_reasm_reqds, 1);
    /* a neighbour solicitation */
    u8 ns[32] = {135};
    struct ip_addr us = net.ip6->addrs[0].addr;
    memcpy(ns + 8, &us, 16);
    u16 sum = csum_finish(csum_add(ns, 24) + be16(24) + ip_pseudo(&peer6, &us, 58));
    memcpy(ns + 2, &sum, 2);
    memset(f, 0, sizeof(f));
    memcpy(f, net.eth.mac, 6);
    f[6] = 2;
    f[12] = 0x86;
    f[13] = 0xdd;
    struct ip_out o = {peer6, us, 44, 0, 255};
    for (u32 i = 0; i < 2; i++) {
        ip6_fill((struct ip6_hdr *)(f + 14), &o, i ? 40 + 8 + 8 : 40 + 8 + 16);
        memset(f + 54, 0, 8);
        f[54] = 58;
        f[57] = i ? 16 : 1;
        f[61] = 77;
        memcpy(f + 62, ns + i * 16, i ? 8 : 16);
        host_dev_give(&dev, f, 62 + (i ? 8u : 16u));
    }
    assert_int_equal(net.stats.ip_reasm_oks, 1);
    assert_int_equal(net.stats.icmp_bad[1], 1);
    assert_null(arp_find(&net, &peer6));
    /* within: a fragment header again */
    memset(f + 54, 0, 40);
    f[54] = 44;
    f[57] = 1;
    f[61] = 78;
    f[62] = 17;
    f[65] = 1;
    ip6_fill((struct ip6_hdr *)(f + 14), &o, 40 + 8 + 16);
    host_dev_give(&dev, f, 78);
    memset(f + 62, 0, 16);
    f[57] = 16;
    ip6_fill((struct ip6_hdr *)(f + 14), &o, 40 + 8 + 8);
    host_dev_give(&dev, f, 70);
    assert_int_equal(net.stats.ip_reasm_oks, 2);
    assert_int_equal(net.stats.ip_reasm_fails, 1);
}

/* --- out --- */

static ssize_t send_len(size_t len)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(9), .sin6_scope_id = 2};
    struct ip_addr to = v6 ? peer6 : ip_addr_v4(PEER4);
    struct iovec iov[2] = {{data, len / 3}, {data + len / 3, len - len / 3}};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = iov, .msg_iovlen = 2};

    memcpy(&a.sin6_addr, &to, 16);
    return sock_sendmsg(sock, &m, 0);
}

/* What leaves is what a second stack puts together again, to the byte. */
static void arrives(u32 len)
{
    struct file *f;
    u8 frame[2048];
    size_t n;

    start(&far, &far_dev, 2);
    f = udp(&far, 9);
    far.ip6->addrs[0].addr = peer6;
    assert_int_equal(send_len(len), len);
    for (u32 i = 0; i < 20; i++) { /* the neighbours find each other first */
        while ((n = host_dev_take(&dev, frame, sizeof(frame))) != 0)
            host_dev_give(&far_dev, frame, n);
        while ((n = host_dev_take(&far_dev, frame, sizeof(frame))) != 0)
            host_dev_give(&dev, frame, n);
    }
    assert_int_equal(sock_recv(f, got, sizeof(got), 0), len);
    assert_memory_equal(got, data, len);
    assert_int_equal(far.stats.udp_bad[v6], 0);
    file_put(f);
    host_net_free(&far);
    net_self = &net;
}

static void sends_60000(void **state)
{
    (void)state;
    arrives(60000);
    assert_int_equal(net.stats.ip_frag_oks[v6], 1);
    assert_int_equal(net.stats.ip_frag_creates[v6], v6 ? 42 : 41);
}

static void sends_most(void **state)
{
    (void)state;
    assert_int_equal(send_len(v6 ? 65528 : 65508), -EMSGSIZE);
    arrives(v6 ? 65527 : 65507);
}

/* one byte more than fits: two fragments, the second with that byte; each of a legal length */
static void sends_one_more(void **state)
{
    u32 hdr = v6 ? 54 : 34, max = 1500 - (v6 ? 40 : 20) - 8;

    (void)state;
    assert_int_equal(send_len(max), max);
    assert_true(next_frame());
    assert_int_equal(out_len, 1514);
    assert_int_equal(out[20] & 0xff, v6 ? 17 : 0x40); /* DF, or no fragment header */
    assert_int_equal(send_len(max + 1), max + 1);
    assert_true(next_frame());
    if (v6) {
        assert_int_equal(out[20], 44);
        assert_int_equal(out[hdr + 3], 1);
        assert_int_equal(out_len, hdr + 8 + 1448);
    } else {
        assert_int_equal(out[20], 0x20);
        assert_int_equal(out_len, 1514);
        assert_int_equal(csum_finish(csum_add(out + 14, 20)), 0);
    }
    assert_true(next_frame());
    assert_int_equal(out_len, v6 ? hdr + 8 + 13 : hdr + 1);
    assert_false(next_frame());
}

/* IP_MTU_DISCOVER, IPV6_DONTFRAG (RFC 3542 §11.2): EMSGSIZE where it must stay whole */
static void discover(void **state)
{
    int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP, name = v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;

    (void)state;
    for (int mode = 0; mode <= 5; mode++) {
        bool is_whole = mode == IP_PMTUDISC_DO || mode == IP_PMTUDISC_PROBE;
        assert_int_equal(sock_setopt(sock, level, name, &mode, sizeof(mode)), 0);
        assert_int_equal(send_len(3000), is_whole ? -EMSGSIZE : 3000);
        while (next_frame())
            ;
        assert_int_equal(send_len(100), 100);
        assert_true(next_frame());
        if (!v6) /* DF, unless the service wants none */
            assert_int_equal(out[20] & 0x40, mode == 1 || is_whole ? 0x40 : 0);
    }
    sock_setopt(sock, level, name, &(int){1}, sizeof(int));
    sock_setopt(sock, IPPROTO_IPV6, IPV6_DONTFRAG, &(int){1}, sizeof(int));
    assert_int_equal(send_len(3000), -EMSGSIZE);
}

/* RFC 1191 §6.3, RFC 8201 §4: what a router has told holds for ten minutes, and no less than sane
 */
static void path_mtu(void **state)
{
    u8 m[1300] = {0}, f[1400] = {0};
    struct ip_addr us = v6 ? net.ip6->addrs[0].addr : ip_addr_v4(US4);
    struct ip_out o = {v6 ? peer6 : ip_addr_v4(PEER4), us, v6 ? 58 : 1, 0, 0};
    u32 hdr = v6 ? 40 : 20, n = 0, len;

    (void)state;
    assert_int_equal(send_len(1400), 1400);
    assert_true(next_frame());
    assert_false(next_frame());
    m[0] = v6 ? ICMP6_TOO_BIG : ICMP4_UNREACHABLE;
    m[1] = v6 ? 0 : ICMP4_CODE_FRAG;
    m[6] = v6 ? 1280 >> 8 : 100 >> 8;
    m[7] = v6 ? 1280 & 255 : 100;
    memcpy(m + 8, out + 14, hdr + 8);
    len = 8 + hdr + 8;
    u16 sum = csum_finish(csum_add(m, len) +
                          (v6 ? be16(len) + ip_pseudo(&peer6, &us, IP_PROTO_ICMP6) : 0));
    memcpy(m + 2, &sum, 2);
    memcpy(f, net.eth.mac, 6);
    f[12] = v6 ? 0x86 : 8;
    f[13] = v6 ? 0xdd : 0;
    if (v6)
        ip6_fill((struct ip6_hdr *)(f + 14), &o, hdr + len);
    else
        ip4_fill((struct ip4_hdr *)(f + 14), &o, hdr + len);
    memcpy(f + 14 + hdr, m, len);
    host_dev_give(&dev, f, 14 + hdr + len);
    assert_int_equal(send_len(1400), 1400);
    for (; next_frame(); n++)
        assert_true(out_len <= 14 + (v6 ? 1280 : 552));
    assert_int_equal(n, v6 ? 2 : 3);
    sock_setopt(sock, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
                &(int){IP_PMTUDISC_DO}, sizeof(int));
    assert_int_equal(send_len(1400), -EMSGSIZE);
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(9), .sin6_scope_id = 2};
    int mtu = 0;
    socklen_t mtu_len = sizeof(mtu);
    memcpy(&a.sin6_addr, &o.src, 16);
    assert_int_equal(sock_connect(sock, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(
        sock_getopt(sock, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &mtu_len),
        0);
    assert_int_equal(mtu, v6 ? 1280 : 552);
    host_pass(601 * NSEC_PER_SEC);
    assert_int_equal(send_len(1400), 1400);
}

/* large pings are answered whole (RFC 1122 §3.2.2.6, RFC 4443 §4.2) */
static void large_ping(void **state)
{
    u32 n = 0, sum = 0;

    (void)state;
    memset(data, 0, 8);
    data[0] = v6 ? ICMP6_ECHO : ICMP4_ECHO;
    for (u32 at = 0; at < 4000; at += 1480) {
        u8 f[2000] = {0};
        struct ip_addr us = v6 ? net.ip6->addrs[0].addr : ip_addr_v4(US4);
        u32 len = MIN(1480u, 4000 - at), hdr = v6 ? 48 : 20;
        struct ip_out o = {v6 ? peer6 : ip_addr_v4(PEER4), us, v6 ? 44 : 1, 0, 0};
        u16 csum, off = be16(v6 ? at | (at + len < 4000) : at / 8 | (at + len < 4000 ? IP4_MF : 0));
        memset(data + 2, 0, 2);
        csum =
            csum_finish(csum_add(data, 4000) + (v6 ? be16(4000) + ip_pseudo(&peer6, &us, 58) : 0));
        memcpy(data + 2, &csum, 2);
        memcpy(f, net.eth.mac, 6);
        f[12] = v6 ? 0x86 : 8;
        f[13] = v6 ? 0xdd : 0;
        if (v6) {
            ip6_fill((struct ip6_hdr *)(f + 14), &o, hdr + len);
            f[54] = 58;
            memcpy(f + 56, &off, 2);
        } else {
            struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
            ip4_fill(ip, &o, hdr + len);
            ip->frag = off;
            ip->csum = 0;
            ip->csum = csum_finish(csum_add(ip, 20));
        }
        memcpy(f + 14 + hdr, data + at, len);
        host_dev_give(&dev, f, 14 + hdr + len);
    }
    for (; next_frame(); n++)
        sum += (u32)out_len - 14 - (v6 ? 48 : 20);
    assert_int_equal(n, 3);
    assert_int_equal(sum, 4000);
}

/* around the loopback nothing is cut, whatever may not be fragmented */
static void loopback(void **state)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(700)};
    struct ip_addr to = ip_addr_v4(be32(0x7f000001));
    struct iovec iov = {data, 60000};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1};

    (void)state;
    if (v6)
        to = (struct ip_addr){.b = {[15] = 1}};
    memcpy(&a.sin6_addr, &to, 16);
    sock_setopt(sock, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &(int){IP_PMTUDISC_DO}, sizeof(int));
    assert_int_equal(sock_sendmsg(sock, &m, 0), 60000);
    host_poll();
    assert_int_equal(sock_recv(sock, got, sizeof(got), 0), 60000);
    assert_memory_equal(got, data, 60000);
    assert_int_equal(net.stats.ip_frag_creates[v6] + net.stats.ip_reasm_reqds, 0);
}

/* a receiver that does not read holds a bounded number of large datagrams */
static void queue_is_bounded(void **state)
{
    (void)state;
    long before = host_n_pkts;

    make(60000);
    for (u32 id = 0; id < 200; id++)
        for (u32 at = 0; at < 60000; at += 1480)
            piece(id, at, MIN(at + 1480, 60000u), 60000);
    assert_true(net.stats.udp_queue_full[v6] > 150);
    assert_true((host_n_pkts - before) * 30 <= net.limits.rx_pkts);
    expect(60000);
}

int main(void)
{
#define T(f)                                                                                       \
    cmocka_unit_test_setup_teardown(f, setup, teardown),                                           \
        cmocka_unit_test_setup_teardown(f, setup6, teardown)
    const struct CMUnitTest tests[] = {
        T(orders),
        T(largest),
        T(overlaps),
        T(lengths),
        T(timeout),
        T(flood),
        T(no_memory),
        T(pool_is_dry),
        cmocka_unit_test_setup_teardown(id_comes_round, setup, teardown),
        T(ecn),
        cmocka_unit_test_setup_teardown(of_ipv6_only, setup6, teardown),
        T(sends_60000),
        T(sends_most),
        T(sends_one_more),
        T(discover),
        T(path_mtu),
        T(large_ping),
        T(loopback),
        T(queue_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
