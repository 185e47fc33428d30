/* RFC 9293: streams to and from lwIP arrive whole, over good and bad wires, whoever connected. */
/* sources: tests/lwip/pair.c tests/unit/net_relay.c tests/unit/net_host.c */
/* sources: runtime/net/ip6.c runtime/net */
#include "pair.h"

static void once(bool by_us, u64 from_us, u64 to_us)
{
    struct end ends[2];

    pair_connect(ends, by_us, 0, 0);
    pair_transfer(ends, from_us, to_us);
    pair_close(ends);
}

/* a clean wire: nothing is ever sent twice */
static void clean(void **state)
{
    (void)state;
    for (int by_us = 0; by_us < 2; by_us++) {
        once(by_us, 1000000, 0);
        once(by_us, 0, 1000000);
        once(by_us, 300000, 300000);
    }
    assert_int_equal(net.stats.tcp_retransmits, 0);
    assert_int_equal(with_offloads, relay.n_joined > 0);
    assert_int_equal(net.stats.ip_bad[0], 0);
}

/* RFC 5681, RFC 6298, RFC 2018: loss is repaired */
static void loss(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        relay.rng = 10 + i;
        relay.loss = 10 + 15 * i;
        once(i & 1, 100000, 100000);
    }
    assert_true(net.stats.tcp_retransmits > 0);
}

/* RFC 9293 §3.10.7.4: segments out of order and twice */
static void disorder(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        relay.rng = 20 + i;
        relay.jitter_ns = (i + 1) * NSEC_PER_MSEC;
        relay.dup = 50 * i;
        once(i & 1, 200000, 200000);
    }
}

/* RFC 9293 §3.1: checksums catch flipped bits */
static void damage(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        relay.rng = 30 + i;
        relay.damage = 50;
        once(i & 1, 100000, 100000);
    }
}

/* everything at once, delays to 200 ms */
static void storm(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        relay.rng = 100 + i;
        relay.loss = 50;
        relay.dup = 50;
        relay.damage = 10;
        relay.delay_ns = (1 + i * 20) * NSEC_PER_MSEC;
        relay.jitter_ns = relay.delay_ns / 4;
        once(i & 1, 30000, 30000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(clean), PAIR_TEST(loss), PAIR_TEST(disorder),
                                       PAIR_TEST(damage), PAIR_TEST(storm)};

    int n_failed = RUN_BOTH(tests);

    with_offloads = true;
    return n_failed + RUN_BOTH(tests);
}
