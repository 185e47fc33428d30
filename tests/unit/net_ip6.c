/* RFC 4861 §6.1, §7.1, RFC 8200 §4: what IPv6 must not believe, and what it must answer. */
/* sources: tests/unit/net_host.c runtime/net/ip6.c runtime/net */
#include "net_host.h"

#include "mem/heap.h"
#include "net/csum.h"
#include "net/ip6.h"

static struct net net;
static struct host_dev dev;
static u8 out[2048]; /* the stack's last frame */
static const struct ip_addr peer = {.b = {0xfe, 0x80, [15] = 2}};

static int setup(void **state)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};

    (void)state;
    host_reset();
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    while (host_dev_take(&dev, out, sizeof(out)))
        ;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_net_free(&net);
    return host_n_pkts || host_n_heap;
}

static void give(u8 next, u8 hops, const struct ip_addr *src, const struct ip_addr *dst,
                 const u8 *l4, u32 len)
{
    u8 f[1600] = {0};
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip6_hdr *ip = (struct ip6_hdr *)(eth + 1);
    struct ip_out o = {*src, *dst, next, 0, hops};

    memcpy(eth->dst, net.eth.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV6);
    ip6_fill(ip, &o, 40 + len);
    memcpy(ip + 1, l4, len);
    if (next == IP_PROTO_ICMP6) {
        u16 sum = csum_finish(csum_add(ip + 1, len) + be16(len) + ip_pseudo(src, dst, next));
        memcpy(f + 56, &sum, 2);
    }
    host_dev_give(&dev, f, 54 + len);
}

/* The type of the ICMPv6 message the stack sent next; 0 if it sent none. */
static u8 answer(void)
{
    return host_dev_take(&dev, out, sizeof(out)) && out[20] == IP_PROTO_ICMP6 ? out[54] : 0;
}

static void neighbour(u8 type, u8 flags, const struct ip_addr *src, const struct ip_addr *target,
                      u8 opt, u8 hops, u8 last_mac_byte)
{
    u8 m[32] = {type, 0, 0, 0, flags};

    memcpy(m + 8, target, 16);
    m[24] = opt;
    m[25] = 1;
    m[26] = 2;
    m[31] = last_mac_byte;
    give(IP_PROTO_ICMP6, hops, src, &net.ip6->addrs[0].addr, m, opt ? 32 : 24);
}

static void solicitations(void **state)
{
    struct ip_addr us = net.ip6->addrs[0].addr;
    (void)state;

    neighbour(135, 0, &peer, &us, 1, 254, 2); /* from beyond a router */
    assert_int_equal(answer(), 0);
    assert_null(arp_find(&net, &peer));
    assert_int_equal(net.stats.icmp_bad[1], 1);
    neighbour(135, 0, &peer, &us, 1, 255, 2);
    assert_int_equal(answer(), 135); /* it is new and used: checked at once (§7.3.3) */
    assert_int_equal(answer(), 136);
    assert_int_equal(out[58], 0x40); /* optimistic: no override */
    assert_int_equal(arp_find(&net, &peer)->state, ARP_PROBE);
    neighbour(136, 0x60, &peer, &peer, 2, 255, 2);
    host_pass(2 * NSEC_PER_SEC);
    neighbour(135, 0, &peer, &us, 1, 255, 2);
    assert_int_equal(answer(), 136);
    assert_int_equal(out[58], 0x60);
}

/* RFC 4861 §7.2.5: who was not asked is not believed, nor who does not override */
static void spoofed_advertisements(void **state)
{
    struct ip_addr us = net.ip6->addrs[0].addr, other = peer;
    (void)state;

    other.b[15] = 9;
    neighbour(136, 0x60, &other, &other, 2, 255, 9);
    assert_null(arp_find(&net, &other));
    neighbour(135, 0, &peer, &us, 1, 255, 2);
    neighbour(136, 0x60, &peer, &peer, 2, 255, 2);
    assert_int_equal(arp_find(&net, &peer)->state, ARP_REACHABLE);
    neighbour(136, 0x00, &peer, &peer, 2, 255, 66);
    assert_int_equal(arp_find(&net, &peer)->mac[5], 2);
    assert_int_equal(arp_find(&net, &peer)->state, ARP_STALE);
}

/* RFC 4862 §5.4.4 */
static void duplicate_address(void **state)
{
    struct ip_addr us = net.ip6->addrs[0].addr;
    (void)state;

    assert_true(ip6_is_local(&net, &us));
    neighbour(136, 0x20, &peer, &us, 2, 255, 9);
    assert_false(ip6_is_local(&net, &us));
}

static void kept_after_detection(void **state)
{
    struct ip_addr us = net.ip6->addrs[0].addr;
    (void)state;

    host_pass(2 * NSEC_PER_SEC);
    neighbour(136, 0x20, &peer, &us, 2, 255, 9);
    assert_true(ip6_is_local(&net, &us));
}

static void headers(void **state)
{
    struct ip_addr us = net.ip6->addrs[0].addr;
    const u8 echo[] = {58, 0, 1, 4, 0, 0, 0, 0, 128, 0, 0, 0, 0, 1, 0, 1};
    u8 x[16];
    (void)state;

    neighbour(135, 0, &peer, &us, 1, 255, 2); /* so that answers leave at once */
    while (answer())
        ;
    memcpy(x, echo, 16);
    x[2] = 0; /* RFC 5095: a routing header of type 0 with segments left */
    x[3] = 1;
    give(43, 64, &peer, &us, x, 16);
    assert_int_equal(answer(), ICMP6_PARAM);
    memcpy(x, echo, 16);
    x[2] = 0x9e; /* RFC 8200 §4.2: unknown, to be answered */
    give(60, 64, &peer, &us, x, 16);
    assert_int_equal(answer(), ICMP6_PARAM);
    assert_int_equal(out[55], 2);
    memcpy(x, echo, 16);
    x[3] = 200; /* beyond its header */
    give(60, 64, &peer, &us, x, 16);
    assert_int_equal(answer(), 0);
    give(99, 64, &peer, &us, echo, 16);
    assert_int_equal(answer(), ICMP6_PARAM);
    assert_int_equal(out[55], 1);
}

/* RFC 4861 §6.1.2: only a link-local router; RFC 4862 §5.5.3: its prefix makes an address */
static void routers(void **state)
{
    u8 m[48] = {134, 0, 0, 0, 64, 0, 1, 0, [16] = 3, 4, 64, 0xc0, 0, 0, 9, 0, 0, 0, 9};
    struct ip_addr far = {.b = {0xfd, 0x77, [15] = 7}}, us = net.ip6->addrs[0].addr;
    struct ip_route rt;
    (void)state;

    m[32] = 0xfd;
    m[33] = 0x77;
    give(IP_PROTO_ICMP6, 255, &far, &us, m, 48);
    assert_int_equal(ip6_route(&net, &far, &rt), -ENETUNREACH);
    give(IP_PROTO_ICMP6, 255, &peer, &us, m, 48);
    assert_int_equal(ip6_route(&net, &far, &rt), 0);
    assert_true(ip_addr_eq(&rt.next_hop, &far)); /* on the link */
    far.b[1] = 0x78;
    assert_int_equal(ip6_route(&net, &far, &rt), 0);
    assert_true(ip_addr_eq(&rt.next_hop, &peer));
    assert_int_equal(rt.src.b[1], 0x77);
    host_pass(300 * NSEC_PER_SEC); /* its lifetime is over */
    assert_int_equal(ip6_route(&net, &far, &rt), -ENETUNREACH);
}

/* The record type of the next report about @group (RFC 3810 §5.2); 0 if there is none. */
static u8 next_report(const struct ip_addr *group)
{
    while (host_dev_take(&dev, out, sizeof(out)))
        if (out[20] == 0 && out[62] == 143 && memcmp(out + 74, group, 16) == 0)
            return out[70];
    return 0;
}

static void give_udp(const struct ip_addr *dst, u16 port)
{
    u8 m[12] = {0, 9, (u8)(port >> 8), (u8)port, 0, 12, 0, 0, 'a', 'b', 'c', 'd'};
    u16 sum = csum_finish(csum_add(m, 12) + be16(12) + ip_pseudo(&peer, dst, 17));

    memcpy(m + 6, &sum, 2);
    give(17, 1, &peer, dst, m, 12);
}

/* RFC 3493 §5.2, RFC 3810 §4.2: who joined hears it, routers are told, and told again when asked */
static void groups(void **state)
{
    struct ip_addr group = {.b = {0xff, 0x15, [15] = 7}}, other = group;
    struct ipv6_mreq mr = {.ipv6mr_interface = NET_IFINDEX_ETH};
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = be16(700)};
    struct file *f[2];
    char buf[8];
    (void)state;

    other.b[15] = 8;
    memcpy(&mr.ipv6mr_multiaddr, &group, 16);
    for (u32 i = 0; i < 2; i++) {
        assert_int_equal(sock_create(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &f[i]), 0);
        sock_setopt(f[i], SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        assert_int_equal(sock_bind(f[i], (struct sockaddr *)&a, sizeof(a)), 0);
    }
    give_udp(&group, 700);
    assert_int_equal(sock_recv(f[0], buf, 8, 0), -EAGAIN);
    for (u32 i = 0; i < 2; i++)
        assert_int_equal(sock_setopt(f[i], IPPROTO_IPV6, IPV6_JOIN_GROUP, &mr, sizeof(mr)), 0);
    assert_int_equal(next_report(&group), MLD_NOW_EXCLUDES);
    give_udp(&group, 700);
    give_udp(&other, 700);
    for (u32 i = 0; i < 2; i++) {
        assert_int_equal(sock_recv(f[i], buf, 8, 0), 4);
        assert_int_equal(sock_recv(f[i], buf, 8, 0), -EAGAIN);
    }
    host_pass(11 * NSEC_PER_SEC); /* told once more, in case it was lost */
    assert_int_equal(next_report(&group), MLD_NOW_EXCLUDES);
    while (host_dev_take(&dev, out, sizeof(out)))
        ;
    u8 query[28] = {130};
    struct ip_addr all = {.b = {0xff, 2, [15] = 1}};
    give(IP_PROTO_ICMP6, 1, &peer, &all, query, 28);
    assert_int_equal(next_report(&group), MLD_IS_EXCLUDING);
    while (host_dev_take(&dev, out, sizeof(out)))
        ;
    assert_int_equal(sock_setopt(f[0], IPPROTO_IPV6, IPV6_LEAVE_GROUP, &mr, sizeof(mr)), 0);
    assert_int_equal(next_report(&group), 0); /* the other is still in */
    file_put(f[1]);
    assert_int_equal(next_report(&group), MLD_NOW_INCLUDES);
    give_udp(&group, 700);
    assert_int_equal(sock_recv(f[0], buf, 8, 0), -EAGAIN);
    give_udp(&all, 700); /* ff02::1 is everybody's */
    assert_int_equal(sock_recv(f[0], buf, 8, 0), 4);
    file_put(f[0]);
    heap_free(net.igmp);
    net.igmp = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(solicitations, setup, teardown),
        cmocka_unit_test_setup_teardown(spoofed_advertisements, setup, teardown),
        cmocka_unit_test_setup_teardown(duplicate_address, setup, teardown),
        cmocka_unit_test_setup_teardown(kept_after_detection, setup, teardown),
        cmocka_unit_test_setup_teardown(headers, setup, teardown),
        cmocka_unit_test_setup_teardown(routers, setup, teardown),
        cmocka_unit_test_setup_teardown(groups, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
