/* RFC 9293 §3.8.6: small windows, closed windows and slow readers on either side: all of it
 * arrives, and a window that opened while nobody heard of it is found by a probe. */
/* sources: tests/lwip/pair.c tests/unit/net_relay.c tests/unit/net_host.c */
/* sources: runtime/net/ip6.c runtime/net */
#include "pair.h"

#define N 20000

static void once(bool by_us, u32 rcvbuf, u32 window)
{
    struct end ends[2];

    pair_connect(ends, by_us, rcvbuf, window);
    pair_transfer(ends, N, N);
    pair_close(ends);
}

/* RFC 9293 §3.8.6.2.1: windows of one segment or two, lwIP's and ours */
static void small(void **state)
{
    /* lwIP never tells of less than one segment's worth of a window that has been closed. */
    u32 mss = peer == &lwip_full ? 1468 : 536;

    (void)state;
    for (int by_us = 0; by_us < 2; by_us++) {
        once(by_us, 0, mss);
        once(by_us, 0, mss + mss / 3);
        once(by_us, 1, 0); /* the smallest there is */
        once(by_us, 3000, mss);
    }
}

/* @loss: of 1000 frames, once the connection is there: lwIP gives up a handshake soon. */
static void slow(bool is_ours, u32 piece, u64 pause_ns, unsigned loss)
{
    struct end ends[2];

    for (int by_us = 0; by_us < 2; by_us++) {
        pair_connect(ends, by_us, 2000, peer == &lwip_full ? 3000 : 0);
        ends[!is_ours].piece = piece;
        ends[!is_ours].pause_ns = pause_ns;
        relay.loss = loss;
        pair_transfer(ends, N, N);
        pair_close(ends);
        relay.loss = 0;
    }
}

/* RFC 9293 §3.8.6.2.2: readers that take little at a time */
static void slow_readers(void **state)
{
    (void)state;
    slow(true, 100, 10 * NSEC_PER_MSEC, 0);
    slow(false, 100, 10 * NSEC_PER_MSEC, 0);
    slow(true, 1500, 300 * NSEC_PER_MSEC, 0);
    slow(false, 1500, 300 * NSEC_PER_MSEC, 0);
}

/* RFC 9293 §3.8.6.1: a window closed for minutes */
static void zero(void **state)
{
    (void)state;
    slow(true, 6000, 100 * NSEC_PER_SEC, 0);
    slow(false, 6000, 100 * NSEC_PER_SEC, 0);
}

/* RFC 9293 §3.8.6.1: the update that opened it is lost, and is not sent again */
static void lost_update(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        relay.rng = i;
        slow(i & 1, 2000, 5 * NSEC_PER_SEC, 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(small), PAIR_TEST(slow_readers), PAIR_TEST(zero),
                                       PAIR_TEST(lost_update)};

    return RUN_BOTH(tests);
}
