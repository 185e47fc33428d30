/* RFC 8200, RFC 4861: TCP with lwIP over IPv6, which found us by neighbour discovery, and echo. */
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
    once(true, 300000, 300000);
    once(false, 300000, 300000);
    assert_int_equal(net.stats.tcp_retransmits, 0);
}

/* RFC 8200 §8.1: the checksum is what catches flipped bits, and everything at once */
static void storm(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        relay.rng = i;
        relay.loss = 30;
        relay.dup = 30;
        relay.damage = 10;
        relay.delay_ns = (1 + i * 20) * NSEC_PER_MSEC;
        relay.jitter_ns = relay.delay_ns / 4;
        once(i & 1, 30000, 30000);
    }
}

/* RFC 4861 §7.3: after minutes of silence reachability is confirmed anew */
static void after_silence(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        once(i & 1, 1000, 1000);
        turn_for(300 * NSEC_PER_SEC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(clean), PAIR_TEST(storm),
                                       PAIR_TEST(after_silence)};

    with_ip6 = true;
    return cmocka_run_group_tests(tests, use_full, NULL);
}
