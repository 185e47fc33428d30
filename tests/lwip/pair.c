#include "pair.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "net/ip6.h"
#include "net/tcp.h"

struct net net;
struct relay relay;
const struct lwip_peer *peer;
const char *peer_addr;
bool with_ip6, with_offloads;

static struct host_dev dev;
static long pkts_before, heap_before, pages_before;
static unsigned long bad_before;
static bool is_full_started, is_tiny_started;
static struct file *listener;

static void from_peer(const void *frame, size_t len)
{
    relay_put(&relay, 1, frame, len);
}

int use_full(void **state)
{
    static const u8 mac[6] = {2, 0, 0, 0, 0, 2};

    (void)state;
    peer = &lwip_full;
    peer_addr = with_ip6 ? "fd00::2" : "10.0.0.2";
    if (!is_full_started)
        peer->start("10.0.0.2", "fd00::2", mac, 1500, from_peer);
    is_full_started = true;
    return 0;
}

int use_tiny(void **state)
{
    static const u8 mac[6] = {2, 0, 0, 0, 0, 3};

    (void)state;
    peer = &lwip_tiny;
    peer_addr = "10.0.0.3";
    if (!is_tiny_started)
        peer->start("10.0.0.3", NULL, mac, 1500, from_peer);
    is_tiny_started = true;
    return 0;
}

/* --- time --- */

static u64 world(void)
{
    u8 frame[1600];
    u64 next_ms;
    size_t len;

    host_poll();
    while ((len = host_dev_take(&dev, frame, sizeof(frame))) != 0)
        relay_put(&relay, 0, frame, len);
    while ((len = relay_take(&relay, 0, frame)) != 0)
        peer->input(frame, len);
    next_ms = peer->run((u32)(host_now_ns / NSEC_PER_MSEC));
    relay_give(&relay, 1, &dev);
    host_poll();
    if (dev.n)
        return host_now_ns;
    /* lwIP's clock ticks in whole milliseconds. */
    return MIN(relay_next_ns(&relay),
               (host_now_ns / NSEC_PER_MSEC + MAX(next_ms, 1u)) * NSEC_PER_MSEC);
}

void turn(void)
{
    u64 next = MIN(world(), timer_next_ns());

    next = MIN(next, host_now_ns + 20 * NSEC_PER_MSEC);
    host_now_ns = MAX(host_now_ns, next);
    timer_run(host_now_ns);
}

void turn_for(u64 ns)
{
    u64 end = host_now_ns + ns;

    while (host_now_ns < end)
        turn();
}

/* --- set up --- */

int pair_setup(void **state)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};

    (void)state;
    host_reset();
    pkts_before = host_n_pkts;
    heap_before = host_n_heap;
    pages_before = host_n_pages;
    memset(&relay, 0, sizeof(relay));
    relay.delay_ns = NSEC_PER_MSEC;
    relay.rng = 1;
    host_dev_init(&dev, 1, with_offloads ? BIT(NETDEV_CSUM_TX) | BIT(NETDEV_TSO4) : 0);
    relay.joins = with_offloads;
    dev.cap = 64;
    if (with_ip6) {
        cfg.addr6 = (struct ip_addr){.b = {0xfd, [15] = 1}};
        cfg.prefix6_len = 64;
    }
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    bad_before = peer->stats().bad;
    return 0;
}

int pair_teardown(void **state)
{
    u64 end = host_now_ns + 1000 * NSEC_PER_SEC;
    bool was_damaged = relay.damage;

    (void)state;
    if (listener)
        file_put(listener);
    listener = NULL;
    relay.loss = relay.dup = relay.damage = 0;
    relay.jitter_ns = 0;
    while (host_now_ns < end && (peer->n_conns() || (net.tcp_table && net.tcp_table->n_orphans)))
        turn();
    assert_int_equal(peer->n_conns(), 0);
    turn_for(200 * NSEC_PER_SEC);
    host_net_free(&net);
    assert_int_equal(host_n_pkts, pkts_before);
    assert_int_equal(host_n_heap, heap_before);
    assert_int_equal(host_n_pages, pages_before);
    /* What we send is never malformed in lwIP's eyes. */
    if (!was_damaged)
        assert_int_equal(peer->stats().bad, bad_before);
    return 0;
}

/* --- ends --- */

ssize_t end_send(struct end *e, const void *data, size_t len)
{
    return e->conn ? peer->send(e->conn, data, len) : sock_send(e->file, data, len, MSG_NOSIGNAL);
}

ssize_t end_recv(struct end *e, void *buf, size_t len)
{
    return e->conn ? peer->recv(e->conn, buf, len) : sock_recv(e->file, buf, len, 0);
}

void end_shutdown(struct end *e)
{
    int err = e->conn ? peer->shutdown(e->conn) : sock_shutdown(e->file, SHUT_WR);

    if (err && err != -EAGAIN)
        fail_msg("%s: shutdown: %d", e->conn ? "lwIP" : "we", err);
    e->is_shut = !err;
}

void end_close(struct end *e)
{
    if (e->conn)
        peer->close(e->conn);
    else
        file_put(e->file);
    e->conn = NULL;
    e->file = NULL;
}

static socklen_t addr_of(const char *text, u16 port, struct sockaddr_storage *out)
{
    struct sockaddr_in *a4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (!with_ip6) {
        a4->sin_family = AF_INET;
        a4->sin_port = be16(port);
        assert_int_equal(inet_pton(AF_INET, text, &a4->sin_addr), 1);
        return sizeof(*a4);
    }
    a6->sin6_family = AF_INET6;
    a6->sin6_port = be16(port);
    assert_int_equal(inet_pton(AF_INET6, text, &a6->sin6_addr), 1);
    return sizeof(*a6);
}

const char *our_addr(void)
{
    return with_ip6 ? "fd00::1" : "10.0.0.1";
}

struct file *our_socket(void)
{
    struct file *f;

    assert_int_equal(sock_create(with_ip6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &f),
                     0);
    return f;
}

struct file *our_listener(void)
{
    struct sockaddr_storage a;
    socklen_t len = addr_of(with_ip6 ? "::" : "0.0.0.0", PORT, &a);

    if (!listener) {
        listener = our_socket();
        assert_int_equal(sock_bind(listener, (struct sockaddr *)&a, len), 0);
        assert_int_equal(sock_listen(listener, 64), 0);
    }
    return listener;
}

void peer_listen(void)
{
    static const struct lwip_peer *listens[2];

    if (listens[0] == peer || listens[1] == peer)
        return;
    listens[listens[0] != NULL] = peer;
    assert_int_equal(peer->listen(PORT), 0);
}

void our_connect(struct file *f, u16 port)
{
    struct sockaddr_storage a;
    socklen_t len = addr_of(peer_addr, port, &a);

    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, len), -EINPROGRESS);
}

void pair_connect(struct end ends[2], bool by_us, u32 rcvbuf, u32 window)
{
    struct end *us = &ends[0], *they = &ends[1];
    u64 limit = host_now_ns + 300 * NSEC_PER_SEC;
    int size = (int)rcvbuf;

    ends[0] = (struct end){.salt = 1};
    ends[1] = (struct end){.salt = 2};
    if (by_us) {
        us->file = our_socket();
        if (rcvbuf)
            assert_int_equal(sock_setopt(us->file, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
        peer_listen();
        our_connect(us->file, PORT);
        while (!they->conn || !(us->file->ops->poll(us->file) & EPOLLOUT)) {
            turn();
            if (!they->conn)
                they->conn = peer->accept();
            if (host_now_ns > limit)
                fail_msg("no connection to lwIP");
        }
        if (window)
            peer->set_window(they->conn, window);
        return;
    }
    our_listener();
    if (rcvbuf)
        assert_int_equal(sock_setopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    they->conn = peer->connect(our_addr(), PORT, 0);
    if (window)
        peer->set_window(they->conn, window);
    while (!us->file || !peer->is_connected(they->conn)) {
        turn();
        if (!us->file && sock_accept(listener, NULL, NULL, SOCK_NONBLOCK, &us->file) != 0)
            us->file = NULL;
        if (host_now_ns > limit)
            fail_msg("no connection from lwIP");
    }
}

static u8 byte_at(u32 salt, u64 i)
{
    return (u8)((i * 2654435761u + salt * 77) >> 13 ^ i);
}

static void send_some(struct end *e)
{
    u8 buf[6000];

    while (e->sent < e->total) {
        u64 some = 1 + relay_dice(&relay, sizeof(buf) - 1), len = MIN(some, e->total - e->sent);
        for (size_t i = 0; i < len; i++)
            buf[i] = byte_at(e->salt, e->sent + i);
        ssize_t n = end_send(e, buf, len);
        if (n == -EAGAIN)
            return;
        if (n < 0)
            fail_msg("%s: send: %zd after %lu bytes", e->conn ? "lwIP" : "we", n, (long)e->sent);
        e->sent += (u64)n;
    }
    if (!e->is_shut)
        end_shutdown(e);
}

static void recv_some(struct end *e, u32 salt)
{
    u8 buf[6000];

    while (!e->at_end && host_now_ns >= e->next_ns) {
        ssize_t n = end_recv(e, buf, e->piece ? e->piece : 1 + relay_dice(&relay, 5999));
        if (n == -EAGAIN)
            return;
        if (n < 0)
            fail_msg("%s: recv: %zd after %lu bytes", e->conn ? "lwIP" : "we", n,
                     (long)e->received);
        e->at_end = n == 0;
        for (ssize_t i = 0; i < n; i++)
            if (buf[i] != byte_at(salt, e->received + (u64)i))
                fail_msg("%s: byte %lu is wrong", e->conn ? "lwIP" : "we", (long)e->received + i);
        e->received += (u64)n;
        if (e->pause_ns)
            e->next_ns = host_now_ns + e->pause_ns;
    }
}

void pair_transfer(struct end ends[2], u64 from_us, u64 to_us)
{
    u64 start = host_now_ns;

    ends[0].total = from_us;
    ends[1].total = to_us;
    while (!ends[0].at_end || !ends[1].at_end) {
        for (int i = 0; i < 2; i++) {
            send_some(&ends[i]);
            recv_some(&ends[i], ends[!i].salt);
        }
        turn();
        if (host_now_ns - start > 20000 * NSEC_PER_SEC)
            fail_msg("hangs: from us %lu/%lu, to us %lu/%lu", (long)ends[1].received, (long)from_us,
                     (long)ends[0].received, (long)to_us);
    }
    assert_int_equal(ends[1].received, from_us);
    assert_int_equal(ends[0].received, to_us);
    if (getenv("LWIP_VERBOSE"))
        print_message("%.3f s, %lu retransmits, %lu timeouts\n",
                      (double)(host_now_ns - start) / 1e9, net.stats.tcp_retransmits,
                      net.stats.tcp_rto);
}

void pair_close(struct end ends[2])
{
    end_close(&ends[0]);
    end_close(&ends[1]);
}
