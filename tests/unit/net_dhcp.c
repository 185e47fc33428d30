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
    char text[200];

    net_on_addr = on_addr;
    assert_false(net_wait_ready(0));
    assert_true(net.is_acquiring);
    lease();
    net_on_addr = NULL;
    assert_int_equal(told_addr, be32(0x0a000063));
    assert_true(net_wait_ready(0));
    assert_int_equal(net.eth.gateway, be32(0x0a0000fe));
    assert_int_equal(net.eth.mtu_bytes, 1400);
    net_resolv_conf(text, sizeof(text));
    assert_string_equal(text, "search lan\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n");
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
    assert_false(net.eth.has_addr);
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
    char text[100];

    assert_true(next_request());
    reply(&r);
    assert_true(next_request());
    r.type = 5;
    reply(&r);
    assert_true(net.eth.has_addr);
    assert_int_equal(net.eth.mask, be32(0xff000000));
    assert_int_equal(net.eth.mtu_bytes, 1500);
    assert_int_equal(net_resolv_conf(text, sizeof(text)), 0);
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

/* without any answer a blocking connect() says ENETUNREACH after ten seconds, not never */
static void connect_gives_up(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(be32(0x0a000002), 80);
    u64 start = host_now_ns;

    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -ENETUNREACH);
    assert_in_range(host_now_ns - start, 9 * NSEC_PER_SEC, 11 * NSEC_PER_SEC);
    file_put(f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(gets_a_lease),  T(asks_again),      T(renews),
                                       T(refused),       T(liars),           T(hostile_options),
                                       T(connect_waits), T(connect_gives_up)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
