/* CUBIC's window over time is what RFC 9438's formulas say, in floating point. */
/* sources: tests/unit/net_host.c runtime/net */
/* libs: m */
#include "net_host.h"

#include <math.h>

#include "net/tcp.h"

#define MSS 1448
#define RTT (100 * NSEC_PER_MSEC)

static struct net n;
static struct tcp_sock c;

static int setup(void **state)
{
    (void)state;
    memset(&n, 0, sizeof(n));
    memset(&c, 0, sizeof(c));
    n.now_ns = 1000 * NSEC_PER_SEC;
    c.net = &n;
    c.mss = MSS;
    c.srtt8_us = 8 * RTT / NSEC_PER_USEC;
    c.ca_state = TCP_CA_Open;
    tcp_cong_init(&c);
    return 0;
}

/* A loss at @segments, and its end. */
static void lose_at(double segments)
{
    c.cwnd = (u32)(segments * MSS);
    c.snd_nxt = c.snd_una + c.cwnd;
    tcp_cong_reduce(&c, TCP_CA_Recovery);
    assert_int_equal(c.ca_state, TCP_CA_Recovery);
    c.snd_una = c.snd_nxt;
    tcp_cong_recovered(&c);
    assert_int_equal(c.ca_state, TCP_CA_Open);
}

/* One round trip in which all of cwnd is used and acknowledged, two segments an ACK. */
static void round_trip(void)
{
    u32 acks = c.cwnd / (2 * MSS);

    for (u32 i = 0; i < acks; i++) {
        n.now_ns += RTT / acks;
        tcp_cong_acked(&c, 2 * MSS);
    }
}

/* §4.2, §4.6: 0.7 of the window at once; W_cubic(t) from there, through W_max at K and beyond */
static void follows_the_curve(void **state)
{
    const double w_max = 400, k = cbrt(w_max * 0.3 / 0.4);
    (void)state;
    lose_at(w_max);
    assert_int_equal(c.cwnd / MSS, 280);
    assert_int_equal(c.ssthresh, c.cwnd);
    u64 start = n.now_ns;
    for (int i = 0; i < 140; i++) {
        double before = (double)(n.now_ns - start) / 1e9;
        round_trip();
        double after = (double)(n.now_ns - start) / 1e9;
        double is = (double)c.cwnd / MSS;
        double low = 0.4 * pow(before - k, 3) + w_max, high = 0.4 * pow(after + 0.1 - k, 3) + w_max;
        assert_true(is >= MIN(low, high) * 0.99 && is <= MAX(low, high) * 1.01);
    }
    assert_true(c.cwnd > 500u * MSS); /* well into the convex part */
}

/* §4.3: a small window on a short path grows as Reno's would: alpha segments a round trip */
static void as_fast_as_reno(void **state)
{
    (void)state;
    c.srtt8_us = 8000;
    lose_at(20);
    assert_int_equal(c.cwnd / MSS, 14);
    u64 rtt = NSEC_PER_MSEC;
    for (int i = 0; i < 20; i++) {
        u32 acks = c.cwnd / (2 * MSS);
        for (u32 a = 0; a < acks; a++) {
            n.now_ns += rtt / acks;
            tcp_cong_acked(&c, 2 * MSS);
        }
    }
    /* 11.3 round trips at 9/17 until it is 20 again, then one each */
    assert_true(c.cwnd > 24u * MSS && c.cwnd < 30u * MSS);
}

/* §4.7: a second loss below the last maximum lets others have more: W_max is 0.85 of cwnd */
static void gives_way(void **state)
{
    (void)state;
    lose_at(400);
    assert_int_equal(c.cubic_max / MSS, 400);
    lose_at(300);
    assert_int_equal(c.cubic_max / MSS, 255);
    assert_int_equal(c.cwnd / MSS, 210);
}

/* §4.2: time without need for the window is no time of growth */
static void pauses(void **state)
{
    (void)state;
    lose_at(400);
    for (int i = 0; i < 10; i++)
        round_trip();
    u32 before = c.cwnd;
    n.now_ns += 3600 * NSEC_PER_SEC;
    round_trip();
    assert_true(c.cwnd >= before && c.cwnd < before + before / 10);
}

/* RFC 6937 §3: while more is in flight than ssthresh, 0.7 of what arrives may leave */
static void reduces_in_proportion(void **state)
{
    u32 delivered = 0, sent = 0;
    (void)state;
    c.cwnd = 100 * MSS;
    c.snd_nxt = c.snd_una + c.cwnd;
    tcp_cong_reduce(&c, TCP_CA_Recovery);
    for (int i = 0; i < 90; i++) {
        c.sacked_bytes += MSS;
        delivered++;
        tcp_cong_prr(&c, MSS, i == 0);
        while (tcp_in_flight(&c) + MSS <= c.cwnd) {
            c.snd_nxt += MSS;
            c.prr_out += MSS;
            sent++;
        }
        assert_true(sent <= delivered * 7 / 10 + 1 && sent + 1 >= delivered * 7 / 10);
    }
    assert_true(tcp_in_flight(&c) >= 69u * MSS && tcp_in_flight(&c) <= 74u * MSS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {T(follows_the_curve), T(as_fast_as_reno), T(gives_way),
                                       T(pauses), T(reduces_in_proportion)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
