/* Two stacks through a relay that loses, reorders, doubles, delays and damages: what arrives is
 * what was sent, and everything is given back. */
/* libs: m */
/* sources: tests/unit/net_relay.c tests/unit/net_rules.c tests/unit/net_host.c runtime/net */
#include "net_relay.h"
#include "net_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/tcp.h"

static struct relay relay;
static struct net nets[2];
static struct host_dev devs[2];
static bool with_tso, with_chains, without_sack; /* of both */
static long pkts_before, heap_before, pages_before;

/* Move what is due; returns when the next frame arrives. */
static u64 relay_run(void)
{
    u8 frame[1600];
    size_t len;

    for (int i = 0; i < 2; i++)
        while ((len = host_dev_take(&devs[i], frame, sizeof(frame))) != 0)
            relay_put(&relay, i, frame, len);
    for (int i = 0; i < 2; i++)
        relay_give(&relay, i, &devs[!i]);
    return devs[0].n || devs[1].n ? host_now_ns : relay_next_ns(&relay);
}

/* Let the world turn until something may have changed. */
static void turn(void)
{
    const char *rule;
    u64 next;

    host_poll();
    next = relay_run();
    host_poll();
    next = MIN(next, timer_next_ns());
    next = MIN(next, host_now_ns + 20 * NSEC_PER_MSEC); /* a slow reader reads on */
    host_now_ns = MAX(host_now_ns, next);
    timer_run(host_now_ns);
    for (int i = 0; i < 2 && relay.n_frames % 16 == 0; i++)
        if ((rule = net_rule_broken(&nets[i])))
            fail_msg("%s", rule);
}

static int setup(void **state)
{
    (void)state;
    host_reset();
    pkts_before = host_n_pkts;
    heap_before = host_n_heap;
    pages_before = host_n_pages;
    memset(&relay, 0, sizeof(relay));
    relay.delay_ns = NSEC_PER_MSEC;
    relay.joins = with_chains;
    relay.no_sack = without_sack;
    for (u32 i = 0; i < 2; i++) {
        struct net_config cfg = {
            .is_static = true, .addr = be32(0x0a000001 + i), .mask = be32(0xffffff00)};
        host_dev_init(&devs[i], (u8)(1 + i), with_tso ? BIT(NETDEV_CSUM_TX) | BIT(NETDEV_TSO4) : 0);
        devs[i].cap = with_tso ? 64 : 32; /* the segments of one frame must fit */
        net_init(&nets[i], &devs[i].nd);
        net_configure(&nets[i], &cfg);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    relay.loss = relay.dup = relay.damage = 0;
    relay.delay_ns = relay.jitter_ns = 0;
    for (int i = 0; i < 20000 && timer_next_ns() != DEADLINE_NEVER; i++)
        turn();
    for (int i = 0; i < 2; i++)
        host_net_free(&nets[i]);
    assert_int_equal(host_n_pkts, pkts_before);
    assert_int_equal(host_n_heap, heap_before);
    assert_int_equal(host_n_pages, pages_before);
    return 0;
}

static struct file *sock_on(int i)
{
    struct file *f;

    net_self = &nets[i];
    assert_int_equal(sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &f), 0);
    return f;
}

struct end {
    struct file *f;
    size_t sent, received, total;
    bool is_closed, at_end;
    u32 salt;
};

static u8 byte_at(u32 salt, size_t i)
{
    return (u8)((i * 2654435761u + salt) >> 13 ^ i);
}

/* Send and receive some; every byte is checked. */
static void work(struct end *e)
{
    u8 buf[5000];
    ssize_t n;

    if (e->sent < e->total) {
        size_t want = 1 + relay_dice(&relay, sizeof(buf) - 1), len = MIN(want, e->total - e->sent);
        for (size_t i = 0; i < len; i++)
            buf[i] = byte_at(e->salt, e->sent + i);
        n = sock_send(e->f, buf, len, relay_dice(&relay, 4) ? 0 : MSG_MORE);
        if (n > 0)
            e->sent += (size_t)n;
        else
            assert_int_equal(n, -EAGAIN);
    } else if (!e->is_closed) {
        assert_int_equal(sock_shutdown(e->f, SHUT_WR), 0);
        e->is_closed = true;
    }
    while (!e->at_end) {
        n = sock_recv(e->f, buf, 1 + relay_dice(&relay, sizeof(buf) - 1), 0);
        if (n == -EAGAIN)
            break;
        if (n < 0)
            fail_msg("recv: %zd after %zu bytes", n, e->received);
        if (!n)
            e->at_end = true;
        for (ssize_t i = 0; i < n; i++)
            if (buf[i] != byte_at(!e->salt, e->received + (size_t)i))
                fail_msg("byte %zu is wrong", e->received + (size_t)i);
        e->received += (size_t)n;
        if (relay_dice(&relay, 8) == 0)
            break; /* a slow reader now and then */
    }
}

/* Both ends send; both read to the end. */
static void transfer(size_t up, size_t down)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(80)};
    struct file *l = sock_on(1);
    struct end c = {.f = sock_on(0), .total = up, .salt = 0}, s = {.total = down, .salt = 1};
    u64 start = host_now_ns;

    assert_int_equal(sock_setopt(l, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(sock_bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_listen(l, 4), 0);
    a.sin_addr.s_addr = be32(0x0a000002);
    assert_int_equal(sock_connect(c.f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    while (!c.at_end || !s.at_end) {
        turn();
        if (!s.f && sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &s.f) != 0)
            s.f = NULL;
        if (c.f->ops->poll(c.f) & EPOLLOUT)
            work(&c);
        else if (c.f->ops->poll(c.f) & EPOLLIN)
            work(&c);
        if (s.f)
            work(&s);
        if (host_now_ns - start > 4000 * NSEC_PER_SEC)
            fail_msg("hangs: up %zu/%zu down %zu/%zu", s.received, up, c.received, down);
    }
    assert_int_equal(s.received, up);
    assert_int_equal(c.received, down);
    if (getenv("NET_PAIR_VERBOSE"))
        print_message("%.3f s, %lu+%lu retransmits, %lu fast, %lu rto\n",
                      (double)(host_now_ns - start) / 1e9, nets[0].stats.tcp_retransmits,
                      nets[1].stats.tcp_retransmits, nets[0].stats.tcp_fast_retransmits,
                      nets[0].stats.tcp_rto + nets[1].stats.tcp_rto);
    file_put(c.f);
    file_put(s.f);
    file_put(l);
}

/* a clean wire: nothing is ever sent twice */
static void clean(void **state)
{
    (void)state;
    relay.rng = 1;
    transfer(3000000, 200000);
    assert_int_equal(nets[0].stats.tcp_retransmits + nets[1].stats.tcp_retransmits, 0);
    assert_int_equal(with_tso, devs[0].n_bursts > 0);
    assert_int_equal(with_chains, relay.n_joined > 0);
}

/* a tiny ring: back-pressure, never loss (DESIGN D4) */
static void tiny_ring(void **state)
{
    (void)state;
    relay.rng = 2;
    if (!with_tso)
        devs[0].cap = devs[1].cap = 2;
    transfer(500000, 500000);
    assert_int_equal(nets[0].stats.tcp_retransmits + nets[1].stats.tcp_retransmits, 0);
    if (with_tso)
        return;
    assert_true(nets[0].stats.tx_full > 0);
}

/* RFC 5681, RFC 6298: loss is repaired */
static void loss(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        relay.rng = 10 + i;
        relay.loss = 10 + 60 * i;
        transfer(300000, 100000);
    }
}

/* reordering and duplication */
static void disorder(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        relay.rng = 20 + i;
        relay.jitter_ns = (i + 1) * NSEC_PER_MSEC;
        relay.dup = 50 * i;
        transfer(300000, 100000);
    }
}

/* bits flip: checksums catch it */
static void damage(void **state)
{
    (void)state;
    relay.rng = 30;
    relay.damage = 50;
    transfer(300000, 100000);
}

/* everything at once, with a long delay, many seeds */
static void storm(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        relay.rng = 100 + i;
        relay.loss = 50;
        relay.dup = 50;
        relay.damage = 20;
        relay.delay_ns = (1 + i * 10) * NSEC_PER_MSEC;
        relay.jitter_ns = relay.delay_ns / 2;
        transfer(60000, 30000);
    }
}

/* hardly any memory: slower, nothing else */
static void small_memory(void **state)
{
    (void)state;
    relay.rng = 40;
    for (int i = 0; i < 2; i++) {
        nets[i].limits.tx_pkts = 8;
        nets[i].limits.rx_pkts = 4;
        nets[i].limits.rx_compact_bytes = 8192;
        nets[i].limits.rcvbuf_bytes = 6000;
        nets[i].limits.sndbuf_bytes = 6000;
    }
    relay.loss = 20;
    transfer(200000, 200000);
}

/* less than the windows promise: what finds no room is dropped, given back, and sent again */
static void no_memory(void **state)
{
    (void)state;
    relay.rng = 41;
    for (int i = 0; i < 2; i++) {
        nets[i].limits.rx_pkts = 2;
        nets[i].limits.rx_compact_bytes = 2048;
        nets[i].limits.rcvbuf_bytes = 16000;
    }
    transfer(50000, 50000);
    assert_true(nets[0].stats.tcp_rx_dropped + nets[1].stats.tcp_rx_dropped > 0);
}

/* MTUs differ: ICMP is not even needed, the MSS option tells */
static void small_mtu(void **state)
{
    (void)state;
    relay.rng = 50;
    net_set_addr(&nets[1], nets[1].eth.addr.v4, nets[1].eth.mask, 0, 576);
    transfer(200000, 200000);
}

/* --- how fast --- */

/* Padhye et al. (PFTK, also RFC 5348 §3.1): bytes/s of a sender that halves at each loss. */
static double theory(double loss, double rtt_s)
{
    double rto = rtt_s + 0.2, b = 2;

    return 1448 / (rtt_s * sqrt(2 * b * loss / 3) +
                   rto * fmin(1, 3 * sqrt(3 * b * loss / 8)) * loss * (1 + 32 * loss * loss));
}

/* RFC 8985, RFC 6937, RFC 9438: under random loss at least as fast as theory has it for Reno;
 * without SACK (RFC 6582) half of that */
static void goodput(void **state)
{
    static const unsigned losses[] = {0, 10, 50};
    const size_t bytes = 1000000;
    const unsigned n_seeds = 5;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(losses); i++) {
        u64 start = host_now_ns, n_rto = nets[0].stats.tcp_rto,
            n_re = nets[0].stats.tcp_retransmits;
        double rate, least = losses[i] ? theory(losses[i] / 1000.0, 0.1) : 0;
        relay.loss = losses[i];
        relay.delay_ns = 50 * NSEC_PER_MSEC;
        for (unsigned seed = 0; seed < n_seeds; seed++) {
            relay.rng = 1000 + seed;
            transfer(bytes, 0);
        }
        rate = (double)bytes * n_seeds * 1e9 / (double)(host_now_ns - start);
        print_message("%-20s %2u %% loss, 100 ms: %6.1f kB/s, theory %5.1f, %lu sent again, %lu "
                      "timeouts\n",
                      without_sack ? "without SACK" : "SACK", losses[i] / 10, rate / 1000,
                      least / 1000, (unsigned long)(nets[0].stats.tcp_retransmits - n_re),
                      (unsigned long)(nets[0].stats.tcp_rto - n_rto));
        if (rate < (without_sack ? least / 2 : least))
            fail_msg("that is too slow");
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(clean),     T(tiny_ring), T(loss),         T(disorder),
                                       T(damage),    T(storm),     T(small_memory), T(no_memory),
                                       T(small_mtu), T(goodput)};
    int n_failed = 0;

    for (unsigned i = 0; i < 8; i++) {
        char name[100];
        with_tso = i & 1;
        with_chains = i & 2;
        without_sack = i & 4;
        snprintf(name, sizeof(name), "%s%s%s", without_sack ? "without SACK" : "SACK",
                 with_tso ? ", TSO" : "", with_chains ? ", chains" : "");
        n_failed += _cmocka_run_group_tests(name, tests, ARRAY_SIZE(tests), NULL, NULL);
    }
    return n_failed;
}
