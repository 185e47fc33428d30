/* The DHCP client: lease, renewal, retries, and answers that lie (RFC 2131, RFC 2132). */
/* sources: tests/unit/net_peer.c tests/unit/net_host.c runtime/net */
#include "net_peer.h"

#include "net/dhcp.h"

static struct net net;
static struct host_dev dev;
static u8 req[2048]; /* the client's last message, from its op field */
static u8 req_type;
static u32 req_dst;
static long pkts_before, heap_before;

static int setup(void **state)
{
    struct net_config cfg = {.hostname = "boat"};

    (void)state;
    host_reset();
    pkts_before = host_n_pkts;
    heap_before = host_n_heap;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_net_free(&net);
    assert_int_equal(host_n_pkts, pkts_before);
    assert_int_equal(host_n_heap, heap_before);
    return 0;
}

static bool next_request(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        if (f[12] != 8 || f[13] || f[23] != IP_PROTO_UDP || f[37] != 67)
            continue;
        memset(req, 0, sizeof(req));
        memcpy(req, f + 42, n - 42);
        memcpy(&req_dst, f + 30, 4);
        assert_memory_equal(req + 236, "\x63\x82\x53\x63\x35\x01", 6);
        req_type = req[242];
        return true;
    }
    return false;
}

static bool has_option(u8 code, const void *data, u8 len)
{
    for (const u8 *o = req + 240; *o != 255; o += 2 + o[1])
        if (*o == code && o[1] == len && !memcmp(o + 2, data, len))
            return true;
    return false;
}

struct reply {
    u8 type, server;
    u32 addr;
    const void *opts;
    u32 n_opts;
};

static void reply(const struct reply *r)
{
    u8 f[1600] = {0}, *m = f + 42, *o = m + 240;
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(IP4_BROADCAST), IP_PROTO_UDP, 0,
                         0};
    u32 len;

    memset(f, 255, 6);
    f[12] = 8;
    m[0] = 2;
    m[1] = 1;
    m[2] = 6;
    memcpy(m + 4, req + 4, 4);
    memcpy(m + 16, &r->addr, 4);
    memcpy(m + 28, dev.nd.mac, 6);
    memcpy(m + 236, "\x63\x82\x53\x63", 4);
    memcpy(o, (u8[]){53, 1, r->type, 54, 4, 10, 0, 0, r->server}, 9);
    memcpy(o + 9, r->opts, r->n_opts);
    o[9 + r->n_opts] = 255;
    len = 250 + r->n_opts;
    f[34 + 1] = 67;
    f[36 + 1] = 68;
    f[38] = (u8)((len + 8) >> 8);
    f[39] = (u8)(len + 8);
    ip4_fill((struct ip4_hdr *)(f + 14), &out, 28 + len);
    host_dev_give(&dev, f, 42 + len);
}

static const u8 opts[] = {1,   4,  255, 255, 255, 0,  3,  4,  10, 0,  0,  254, 6,
                          8,   10, 0,   0,   3,   10, 0,  0,  4,  15, 3,  'l', 'a',
                          'n', 51, 4,   0,   0,   14, 16, 26, 2,  5,  120};

static void lease(void)
{
    struct reply r = {2, 2, be32(0x0a000063), opts, sizeof(opts)};

    assert_true(next_request());
    assert_int_equal(req_type, 1);
    reply(&r);
    assert_true(next_request());
    assert_int_equal(req_type, 3);
    r.type = 5;
    reply(&r);
}

static u32 told_addr;
static void on_addr(u32 addr, u32 mask)
{
    told_addr = addr;
    assert_int_equal(mask, be32(0xffffff00));
}

/* RFC 2131 §3.1: DISCOVER, OFFER, REQUEST, ACK; the options end up where they belong */
static void gets_a_lease(void **state)
{
    (void)state;

    net_on_addr = on_addr;
    assert_false(net_wait_ready(0));
    assert_true(net.is_acquiring);
    lease();
    net_on_addr = NULL;
    assert_int_equal(told_addr, be32(0x0a000063));
    assert_true(net_wait_ready(0));
    assert_int_equal(net.eth.gateway, be32(0x0a0000fe));
    assert_int_equal(net.eth.mtu_bytes, 1400);
    assert_string_equal(host_resolv_conf(),
                        "search lan\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n");
    assert_string_equal(net_hostname(), "boat");
    assert_true(has_option(12, "boat", 4));
    assert_true(has_option(50, "\x0a\0\0\x63", 4)); /* RFC 2131 table 5 */
    assert_true(has_option(54, "\x0a\0\0\2", 4));
}

/* RFC 2131 §4.1: without an answer it asks again, with growing waits, for ever */
static void asks_again(void **state)
{
    (void)state;
    u64 last = host_now_ns;
    u32 n = 0;

    assert_true(next_request());
    for (int i = 0; i < 6000; i++) {
        host_pass(100 * NSEC_PER_MSEC);
        if (!next_request())
            continue;
        n++;
        assert_int_equal(req_type, 1);
        assert_true(host_now_ns - last < 81 * NSEC_PER_SEC);
        last = host_now_ns;
    }
    assert_in_range(n, 10, 25);
}

/* RFC 2131 §4.4.5: T1 unicast to the server, T2 to everybody, then the lease is lost */
static void renews(void **state)
{
    (void)state;
    struct reply r = {5, 2, be32(0x0a000063), opts, sizeof(opts)};
    bool has_broadcast = false;

    lease();
    while (next_request())
        ;
    host_pass(1801 * NSEC_PER_SEC);
    u8 arp[60] = {2, 0, 0, 0, 0, 1, 2, 0,  0, 0, 0, 2, 8, 6, 0, 1, 8, 0,  6, 4, 0,
                  2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 0x63};
    host_dev_give(&dev, arp, 60);
    assert_true(next_request());
    assert_int_equal(req_type, 3);
    assert_int_equal(req_dst, be32(0x0a000002));
    assert_memory_equal(req + 12, "\x0a\0\0\x63", 4); /* ciaddr */
    reply(&r);
    host_pass(1000 * NSEC_PER_SEC);
    assert_true(net.eth.has_addr);
    while (next_request())
        ;
    for (int i = 0; i < 2500; i++) { /* the server has gone */
        host_pass(NSEC_PER_SEC);
        while (next_request())
            has_broadcast |= req_dst == IP4_BROADCAST && net.eth.has_addr;
    }
    assert_true(has_broadcast);
    host_pass(500 * NSEC_PER_SEC);
    assert_true(net.eth.addr.v4 != be32(0x0a000063));
    while (next_request())
        ;
    assert_int_equal(req_type, 1);
}

/* RFC 2131 §3.1.5: a NAK starts over */
static void refused(void **state)
{
    (void)state;
    struct reply r = {2, 2, be32(0x0a000063), opts, sizeof(opts)};

    assert_true(next_request());
    reply(&r);
    assert_true(next_request());
    r.type = 6;
    reply(&r);
    assert_true(next_request());
    assert_int_equal(req_type, 1);
    assert_false(net.eth.has_addr);
}

/* answers of another server, without an address, or with a nonsense one do not count */
static void liars(void **state)
{
    (void)state;
    struct reply r = {2, 2, 0, opts, sizeof(opts)};

    assert_true(next_request());
    reply(&r);
    r.addr = be32(0x7f000001);
    reply(&r);
    r.addr = be32(0xe0000001);
    reply(&r);
    r.addr = IP4_BROADCAST;
    reply(&r);
    assert_false(next_request());
    r.addr = be32(0x0a000063);
    reply(&r);
    assert_true(next_request());
    r.type = 5;
    r.server = 66;
    reply(&r);
    assert_false(net.eth.has_addr);
    req[4] ^= 1; /* somebody else's transaction */
    r.server = 2;
    reply(&r);
    assert_false(net.eth.has_addr);
    req[4] ^= 1;
    reply(&r);
    assert_true(net.eth.has_addr);
}

/* names with spaces or line ends must not get into resolv.conf; lengths that lie end the options */
static void hostile_options(void **state)
{
    (void)state;
    static const u8 evil[] = {15, 6,  'a', '\n', 'n', 's', ' ', 'x', 6, 3,  1,   2,
                              3,  26, 1,   9,    1,   3,   255, 255, 0, 51, 255, 1};
    struct reply r = {2, 2, be32(0x0a000063), evil, sizeof(evil)};

    assert_true(next_request());
    reply(&r);
    assert_true(next_request());
    r.type = 5;
    reply(&r);
    assert_true(net.eth.has_addr);
    assert_int_equal(net.eth.mask, be32(0xff000000));
    assert_int_equal(net.eth.mtu_bytes, 1500);
    assert_string_equal(host_resolv_conf(), "");
}

/* connect() before there is an address waits for it; the SYN leaves with the right source */
static void connect_waits(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK), *u;
    struct sockaddr_in a = peer_addr(be32(0x0a000002), 80);
    u8 frame[2048];
    bool has_arp = false;

    u = peer_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    struct iovec iov = {"query", 5};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1};
    assert_int_equal(sock_sendmsg(u, &m, 0), 5);
    lease();
    while (host_dev_take(&dev, frame, sizeof(frame)))
        has_arp |= frame[13] == 6 && frame[41] == 2;
    assert_true(has_arp);
    u8 arp[60] = {2, 0, 0, 0, 0, 1, 2, 0,  0, 0, 0, 2, 8, 6, 0, 1, 8, 0,  6, 4, 0,
                  2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 0x63};
    host_dev_give(&dev, arp, 60);
    int n_syn = 0, n_query = 0;
    while (host_dev_take(&dev, frame, sizeof(frame))) {
        assert_memory_equal(frame + 26, "\x0a\0\0\x63", 4);
        n_syn += frame[23] == IP_PROTO_TCP;
        n_query += frame[23] == IP_PROTO_UDP;
    }
    assert_int_equal(n_syn, 1);
    assert_int_equal(n_query, 1);
    file_put(f);
    file_put(u);
}

/* without any answer a blocking connect() says ENETUNREACH: there is only an address of our own,
 * and no way from it to others */
static void connect_gives_up(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(be32(0x0a000002), 80);
    u64 start = host_now_ns;

    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -ENETUNREACH);
    assert_in_range(host_now_ns - start, 7 * NSEC_PER_SEC, 11 * NSEC_PER_SEC);
    file_put(f);
}

/* --- routes --- */

static u32 way(u32 dst)
{
    struct ip_addr a = ip_addr_v4(be32(dst));
    struct ip_route rt;

    return ip_route(&net, &a, &rt) ? 0 : be32(rt.next_hop.v4);
}

static void take_lease(const u8 *o, u32 n_opts, u32 addr)
{
    struct reply r = {2, 2, be32(addr), o, n_opts};

    assert_true(next_request());
    reply(&r);
    assert_true(next_request());
    r.type = 5;
    reply(&r);
    assert_int_equal(net.eth.addr.v4, be32(addr));
}

/* RFC 3442: routes by option 121, in parts (RFC 3396); then option 3 counts for nothing */
static void classless_routes(void **state)
{
    (void)state;
    static const u8 o[] = {1, 4,   255, 255, 255, 0,  3,   4, 10,  0,   0, 254, 121, 6,
                           0, 10,  0,   0,   1,   24, 121, 7, 192, 168, 7, 10,  0,   0,
                           2, 121, 9,   32,  10,  9,  9,   9, 0,   0,   0, 0};

    take_lease(o, sizeof(o), 0x0a000063);
    assert_true(has_option(55, "\x79\1\3\6\x0c\x0f\x1a", 7)); /* asked for before the router */
    assert_int_equal(way(0x08080808), 0x0a000001);
    assert_int_equal(way(0xc0a80707), 0x0a000002);
    assert_int_equal(way(0xc0a80807), 0x0a000001);
    assert_int_equal(way(0x0a000044), 0x0a000044);
    assert_int_equal(way(0x0a090909), 0x0a090909); /* on the link, says router 0.0.0.0 */
    assert_int_equal(way(0x0a090908), 0x0a000001);
}

/* … and without a default route in it there is none; what is cut or absurd ends the list */
static void classless_routes_that_lie(void **state)
{
    (void)state;
    static const u8 o[] = {1,   4, 255, 255, 255, 0, 3,  4, 10, 0, 0, 254, 121, 17, 24, 192,
                           168, 7, 10,  0,   0,   2, 33, 1, 2,  3, 4, 5,   6,   7,  8};
    static const u8 many[] = {121, 36, 8, 1,  10, 0, 0, 1, 8, 2,  10, 0, 0, 2, 8, 3,  10, 0, 0,
                              3,   8,  4, 10, 0,  0, 4, 8, 5, 10, 0,  0, 5, 8, 6, 10, 0,  0, 6};

    take_lease(o, sizeof(o), 0x0a000063);
    assert_int_equal(way(0xc0a80707), 0x0a000002);
    assert_int_equal(way(0x08080808), 0);
    net.dhcp_input = NULL;
    assert_int_equal(net.eth.n_routes, 1);
    dhcp_stop(&net);
    dhcp_start(&net);
    net_set_addr(&net, 0, 0, 0, 0);
    take_lease(many, sizeof(many), 0x0a000063);
    assert_int_equal(net.eth.n_routes, NETIF_ROUTES);
    assert_int_equal(way(0x01010101), 0x0a000001);
    assert_int_equal(way(0x06010101), 0);
}

/* a lease of one address, whose router is elsewhere: everything goes there, and it is asked by ARP
 */
static void off_link_gateway(void **state)
{
    (void)state;
    static const u8 o[] = {1, 4, 255, 255, 255, 255, 3, 4, 172, 16, 0, 1};
    struct file *u = peer_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(be32(0x0a000064), 80);
    u8 frame[2048];
    bool has_arp = false;

    take_lease(o, sizeof(o), 0x0a000063);
    assert_int_equal(way(0x0a000064), 0xac100001);
    assert_int_equal(way(0xac100001), 0xac100001);
    struct iovec iov = {"x", 1};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1};
    assert_int_equal(sock_sendmsg(u, &m, 0), 1);
    while (host_dev_take(&dev, frame, sizeof(frame)))
        has_arp |= frame[13] == 6 && !memcmp(frame + 38, "\xac\x10\0\1", 4);
    assert_true(has_arp);
    file_put(u);
}

/* --- conflicts --- */

static void give_arp(u8 op, u32 sender, u32 target)
{
    u8 f[60] = {255, 255, 255, 255, 255, 255, 2, 0,  0, 0, 0, 9, 8, 6,
                0,   1,   8,   0,   6,   4,   0, op, 2, 0, 0, 0, 0, 9};

    memcpy(f + 28, &sender, 4);
    memcpy(f + 38, &target, 4);
    host_dev_give(&dev, f, 60);
}

/* Probes (RFC 5227 §2.1.1) and announcements of @addr sent since; other frames are lost. */
static u32 n_probes, n_announced;
static void count_arp(u32 addr)
{
    u8 f[2048];

    n_probes = n_announced = 0;
    while (host_dev_take(&dev, f, sizeof(f))) {
        if (f[12] != 8 || f[13] != 6 || memcmp(f + 38, &addr, 4) != 0)
            continue;
        assert_memory_equal(f, "\xff\xff\xff\xff\xff\xff", 6);
        n_probes += !memcmp(f + 28, "\0\0\0\0", 4);
        n_announced += !memcmp(f + 28, &addr, 4);
    }
}

/* RFC 2131 §3.1 (5), RFC 5227: the address is used at once, probed meanwhile, and declined when it
 * is another's; after ten seconds we ask again */
static void declines(void **state)
{
    (void)state;
    u32 addr = be32(0x0a000063);

    lease();
    assert_true(net.eth.has_addr);
    host_pass(1 * NSEC_PER_SEC);
    give_arp(2, addr, addr);
    assert_false(net.eth.has_addr);
    assert_true(next_request());
    assert_int_equal(req_type, 4);
    assert_int_equal(req_dst, IP4_BROADCAST);
    assert_true(has_option(50, "\x0a\0\0\x63", 4)); /* RFC 2131 table 5 */
    assert_true(has_option(54, "\x0a\0\0\2", 4));
    assert_memory_equal(req + 12, "\0\0\0\0", 4);
    for (const u8 *o = req + 240; *o != 255; o += 2 + o[1])
        assert_true(*o != 55 && *o != 57);
    host_pass(9 * NSEC_PER_SEC);
    assert_false(next_request());
    host_pass(2 * NSEC_PER_SEC);
    take_lease(opts, sizeof(opts), 0x0a000064);
}

/* who answers nobody's probe keeps what he has: three probes, then the claim stands and is defended
 */
static void claim_stands(void **state)
{
    (void)state;
    u32 addr = be32(0x0a000063);

    lease();
    host_pass(8 * NSEC_PER_SEC);
    count_arp(addr);
    assert_int_equal(n_probes, 3);
    give_arp(2, addr, addr);
    give_arp(1, addr, addr);
    assert_true(net.eth.has_addr);
    count_arp(addr);
    assert_int_equal(n_announced, 1);
    give_arp(1, 0, addr); /* somebody asks before he takes it: told */
    u8 f[60];
    assert_int_equal(host_dev_take(&dev, f, sizeof(f)), 42);
    assert_int_equal(f[21], 2);
}

/* two that want the same at the same time (RFC 5227 §2.1.1); an answer to a probe is no wish */
static void both_probe(void **state)
{
    (void)state;
    give_arp(1, 0, 0); /* for nothing */
    give_arp(1, be32(0x0a000064), 0);
    lease();
    give_arp(1, 0, be32(0x0a000064));
    give_arp(2, 0, be32(0x0a000063));
    assert_true(net.eth.has_addr);
    give_arp(1, 0, be32(0x0a000063));
    assert_false(net.eth.has_addr);
}

/* --- nobody answers --- */

static bool is_linklocal(void)
{
    u32 a = be32(net.eth.addr.v4);

    return net.eth.has_addr && a >= 0xa9fe0100 && a < 0xa9feff00;
}

/* RFC 3927 §2: an address of our own, asked for first; a server that comes later is preferred */
static void linklocal(void **state)
{
    (void)state;
    u32 first;

    host_pass(3 * NSEC_PER_SEC);
    assert_false(net.acd.addr);
    host_pass(2 * NSEC_PER_SEC);
    first = net.acd.addr;
    assert_true(first);
    while (next_request())
        ;
    host_pass(2 * NSEC_PER_SEC);
    assert_false(net.eth.has_addr); /* probed first */
    host_pass(4 * NSEC_PER_SEC);
    assert_true(is_linklocal());
    assert_int_equal(net.eth.addr.v4, first);
    assert_int_equal(net.eth.mask, be32(0xffff0000));
    assert_int_equal(way(0xa9fe0101), 0xa9fe0101);
    assert_int_equal(way(0x08080808), 0);
    count_arp(first);
    assert_int_equal(n_announced, 1);
    give_arp(1, be32(0xa9fe0101), first);
    u8 f[60];
    assert_int_equal(host_dev_take(&dev, f, sizeof(f)), 42);
    assert_int_equal(f[21], 2);
    assert_memory_equal(f, "\xff\xff\xff\xff\xff\xff", 6); /* §2.5 */
    host_pass(20 * NSEC_PER_SEC);
    take_lease(opts, sizeof(opts), 0x0a000063);
    host_pass(10 * NSEC_PER_SEC);
    assert_true(net.eth.has_addr);
}

/* RFC 3927 §2.2.1, §2.5: another choice when it is taken, by probe or by who insists later */
static void linklocal_conflicts(void **state)
{
    (void)state;
    u32 seen[12] = {0};

    host_pass(8 * NSEC_PER_SEC);
    for (u32 i = 0; i < 10; i++) {
        seen[i] = net.acd.addr;
        assert_true(seen[i]);
        for (u32 k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
        if (i & 1)
            give_arp(1, 0, seen[i]);
        else
            give_arp(2, seen[i], seen[i]);
    }
    assert_false(net.acd.addr); /* enough: not before the next minute */
    host_pass(70 * NSEC_PER_SEC);
    assert_true(net.acd.addr || net.eth.has_addr);
    host_pass(10 * NSEC_PER_SEC);
    assert_true(is_linklocal());
    u32 mine = net.eth.addr.v4;
    give_arp(1, mine, mine);
    assert_true(is_linklocal()); /* defended */
    give_arp(1, mine, mine);
    assert_false(net.eth.has_addr);
    host_pass(70 * NSEC_PER_SEC);
    assert_true(is_linklocal());
    assert_true(net.eth.addr.v4 != mine);
}

/* the service does not wait for that: connect() leaves with the address of our own */
static void connect_with_linklocal(void **state)
{
    (void)state;
    struct file *u = peer_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(be32(0xa9fe0505), 80), me;
    socklen_t len = sizeof(me);

    assert_int_equal(net.eth.has_addr, false);
    host_pass(12 * NSEC_PER_SEC);
    assert_int_equal(sock_connect(u, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_getname(u, (struct sockaddr *)&me, &len, false), 0);
    assert_int_equal(me.sin_addr.s_addr, net.eth.addr.v4);
    file_put(u);
}

/* --- time --- */

static void teach_server(void)
{
    u8 arp[60] = {2, 0, 0, 0, 0, 1, 2, 0,  0, 0, 0, 2, 8, 6, 0, 1, 8, 0,  6, 4, 0,
                  2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 0x63};
    host_dev_give(&dev, arp, 60);
}

static u64 next_at(u32 *n)
{
    *n = 0;
    for (u32 i = 0; i < 40000; i++) {
        host_pass(100 * NSEC_PER_MSEC);
        teach_server(); /* its MAC may have been forgotten */
        while (next_request())
            ++*n;
        if (*n)
            return host_now_ns;
    }
    return 0;
}

/* RFC 2131 §4.4.5: at T1 and at half of what remains until T2, at least a minute apart; then at
 * half of what remains of the lease, to everybody; T1 and T2 as the server says */
static void renewal_times(void **state)
{
    (void)state;
    static const u8 o[] = {1,  4, 255, 255, 255, 0,    51, 4, 0, 0, 4, 0xb0,  /* 1,200 s */
                           58, 4, 0,   0,   1,   0x2c, 59, 4, 0, 0, 3, 0x84}; /* 300 and 900 */
    static const u32 want[] = {300, 600, 750, 825, 885, 900, 1050, 1125, 1185};
    u64 t0;
    u32 n;

    take_lease(o, sizeof(o), 0x0a000063);
    t0 = host_now_ns;
    while (next_request())
        ;
    for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
        host_pass(t0 + want[i] * NSEC_PER_SEC - 2 * NSEC_PER_SEC - host_now_ns);
        assert_false(next_request());
        u64 at = next_at(&n);
        assert_int_equal(n, 1);
        assert_in_range((at - t0) / NSEC_PER_SEC, want[i] - 1, want[i] + 1);
        assert_int_equal(req_dst, want[i] < 900 ? be32(0x0a000002) : IP4_BROADCAST);
        assert_memory_equal(req + 12, "\x0a\0\0\x63", 4);
        for (const u8 *x = req + 240; *x != 255; x += 2 + x[1]) /* RFC 2131 table 5 */
            assert_true(*x != 50 && *x != 54);
        teach_server();
    }
    assert_true(net.eth.has_addr);
    host_pass(t0 + 1201 * NSEC_PER_SEC - host_now_ns);
    assert_false(net.eth.has_addr);
}

/* a NAK while renewing takes the address away (RFC 2131 §4.4.5); one of another server does not */
static void refused_later(void **state)
{
    (void)state;
    struct reply r = {6, 66, be32(0x0a000063), NULL, 0};

    lease();
    while (next_request())
        ;
    host_pass(1801 * NSEC_PER_SEC);
    teach_server();
    assert_true(next_request());
    r.opts = opts;
    reply(&r);
    assert_true(net.eth.has_addr);
    r.server = 2;
    reply(&r);
    assert_false(net.eth.has_addr);
    assert_true(next_request());
    assert_int_equal(req_type, 1);
}

/* while rebinding any server may give the lease a longer life, and is the one from then on */
static void rebinds(void **state)
{
    (void)state;
    struct reply r = {5, 66, be32(0x0a000063), opts, sizeof(opts)};

    lease();
    while (next_request())
        ;
    host_pass(3200 * NSEC_PER_SEC);
    while (next_request())
        ;
    assert_int_equal(req_dst, IP4_BROADCAST);
    reply(&r);
    host_pass(1801 * NSEC_PER_SEC);
    assert_true(net.eth.has_addr);
    host_pass(60 * NSEC_PER_SEC);
    while (next_request())
        ;
    assert_true(net.eth.has_addr);
}

/* the lease ends under a connection: nothing leaves with an address that is not ours; with the same
 * address later it goes on */
static void lease_ends_under_connections(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(be32(0x0a000002), 80);
    u8 frame[2048];
    size_t n;
    bool has_syn = false;

    lease();
    teach_server();
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    net_set_addr(&net, 0, 0, 0, 0);
    while (host_dev_take(&dev, frame, sizeof(frame)))
        ;
    host_pass(20 * NSEC_PER_SEC); /* its SYN is due again, several times */
    while ((n = host_dev_take(&dev, frame, sizeof(frame))) != 0)
        assert_false(frame[12] == 8 && frame[13] == 0 && frame[23] == IP_PROTO_TCP);
    net_set_addr(&net, be32(0x0a000063), be32(0xffffff00), 0, 0);
    teach_server();
    host_pass(40 * NSEC_PER_SEC);
    teach_server();
    host_pass(1 * NSEC_PER_SEC);
    while ((n = host_dev_take(&dev, frame, sizeof(frame))) != 0)
        has_syn |= frame[13] == 0 && frame[23] == IP_PROTO_TCP;
    assert_true(has_syn);
    file_put(f);
}

/* RFC 2131 §4.1: before there is an address, unicast is for the client alone, not for TCP or UDP */
static void nothing_else_before(void **state)
{
    (void)state;
    u8 f[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8};
    struct ip_out o = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(be32(0x0a000063)), 6, 0, 0};
    u64 before = net.stats.ip_not_ours[0];

    for (u32 i = 0; i < 2; i++) {
        o.proto = i ? IP_PROTO_UDP : IP_PROTO_TCP;
        ip4_fill((struct ip4_hdr *)(f + 14), &o, 40);
        f[37] = 9;
        host_dev_give(&dev, f, 60);
    }
    assert_int_equal(net.stats.ip_not_ours[0], before + 2);
    assert_int_equal(net.stats.tcp_in + net.stats.udp_in[0], 0);
}

/* RFC 2132 §9.3: options go on in the fields for names; and an option of RFC 2132 that is cut, or
 * of a wrong length, is none */
static void overloaded(void **state)
{
    (void)state;
    static const u8 o[] = {1, 4, 255, 255, 255, 0, 52, 1, 3, 3, 3, 10, 0, 0, 26, 3, 5, 120, 1};
    u8 f[800] = {0}, *m = f + 42;
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(IP4_BROADCAST), 17, 0, 0};

    for (u32 i = 0; i < 2; i++) {
        assert_true(next_request());
        memset(f, 0, sizeof(f));
        memset(f, 255, 6);
        f[12] = 8;
        m[0] = 2;
        memcpy(m + 4, req + 4, 4);
        memcpy(m + 16, "\x0a\0\0\x63", 4);
        memcpy(m + 28, dev.nd.mac, 6);
        memcpy(m + 236, "\x63\x82\x53\x63\x35\1", 6);
        m[242] = i ? 5 : 2;
        memcpy(m + 243, "\x36\4\x0a\0\0\2", 6);
        memcpy(m + 249, o, sizeof(o));
        m[249 + sizeof(o)] = 255;
        memcpy(m + 108, "\3\4\x0a\0\0\x07\xff", 7);
        memcpy(m + 44, "\6\4\x0a\0\0\x08\x1a\2\5\x78\x06\x50", 12); /* the last is too long */
        f[35] = 67;
        f[37] = 68;
        f[38] = 320 >> 8;
        f[39] = 320 & 255;
        ip4_fill((struct ip4_hdr *)(f + 14), &out, 20 + 320);
        host_dev_give(&dev, f, 34 + 320);
    }
    assert_true(net.eth.has_addr);
    assert_int_equal(net.eth.gateway, be32(0x0a000007));
    assert_int_equal(net.dns[0], be32(0x0a000008));
    assert_int_equal(net.eth.mtu_bytes, 1400);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(gets_a_lease),
        T(asks_again),
        T(renews),
        T(refused),
        T(liars),
        T(hostile_options),
        T(connect_waits),
        T(connect_gives_up),
        T(classless_routes),
        T(classless_routes_that_lie),
        T(off_link_gateway),
        T(declines),
        T(claim_stands),
        T(both_probe),
        T(linklocal),
        T(linklocal_conflicts),
        T(connect_with_linklocal),
        T(renewal_times),
        T(refused_later),
        T(rebinds),
        T(lease_ends_under_connections),
        T(nothing_else_before),
        T(overloaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
