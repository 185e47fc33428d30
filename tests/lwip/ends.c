/* RFC 9293 §3.5, §3.6: handshakes and closes between lwIP and us, in every order, on wires that
 * lose. */
/* sources: tests/lwip/pair.c tests/unit/net_relay.c tests/unit/net_host.c */
/* sources: runtime/net/ip6.c runtime/net */
#include "pair.h"

#include "net/tcp.h"

static const char *const texts[] = {"from us", "from lwIP"};

/* @e gets exactly @want, at once or after a while. */
static void expect(struct end *e, const char *want)
{
    char got[100];
    size_t len = 0;
    u64 limit = host_now_ns + 500 * NSEC_PER_SEC;

    while (len < strlen(want)) {
        ssize_t n = end_recv(e, got + len, sizeof(got) - len);
        if (n > 0)
            len += (size_t)n;
        else if (n != -EAGAIN || host_now_ns > limit)
            fail_msg("%s: %zd instead of \"%s\"", e->conn ? "lwIP" : "we", n, want);
        turn();
    }
    assert_memory_equal(got, want, len);
}

static ssize_t at_last(struct end *e)
{
    char c;
    ssize_t n;
    u64 limit = host_now_ns + 500 * NSEC_PER_SEC;

    while ((n = end_recv(e, &c, 1)) == -EAGAIN && host_now_ns < limit)
        turn();
    return n;
}

static void say(struct end *e, const char *text)
{
    assert_int_equal(end_send(e, text, strlen(text)), strlen(text));
}

/* One side closes, the other hears it and closes. */
static void in_turn(void **state)
{
    struct end ends[2];
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        int first = i >> 1;
        pair_connect(ends, i & 1, 0, 0);
        say(&ends[first], texts[first]);
        end_shutdown(&ends[first]);
        expect(&ends[!first], texts[first]);
        assert_int_equal(at_last(&ends[!first]), 0);
        end_close(&ends[!first]);
        assert_int_equal(at_last(&ends[first]), 0);
        end_close(&ends[first]);
    }
}

/* Half closed: data still flows against the closed direction, for long. */
static void half(void **state)
{
    struct end ends[2];
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        int first = i >> 1;
        pair_connect(ends, i & 1, 0, 0);
        end_shutdown(&ends[first]);
        assert_int_equal(at_last(&ends[!first]), 0);
        for (int k = 0; k < 5; k++) {
            turn_for(100 * NSEC_PER_SEC);
            say(&ends[!first], texts[!first]);
            expect(&ends[first], texts[!first]);
        }
        end_shutdown(&ends[!first]);
        assert_int_equal(at_last(&ends[first]), 0);
        pair_close(ends);
    }
}

/* Both close in the same moment: CLOSING on both sides, on wires that lose, too. */
static void at_once(void **state)
{
    struct end ends[2];
    (void)state;

    for (unsigned i = 0; i < 20; i++) {
        relay.rng = i;
        relay.loss = i < 2 ? 0 : 200;
        pair_connect(ends, i & 1, 0, 0);
        say(&ends[0], texts[0]);
        say(&ends[1], texts[1]);
        end_shutdown(&ends[0]);
        end_shutdown(&ends[1]);
        expect(&ends[1], texts[0]);
        expect(&ends[0], texts[1]);
        assert_int_equal(at_last(&ends[0]), 0);
        assert_int_equal(at_last(&ends[1]), 0);
        pair_close(ends);
    }
}

/* RFC 9293 §3.10.7.4: a reset ends it, and is told. */
static void aborts(void **state)
{
    struct end ends[2];
    (void)state;

    for (unsigned by_us = 0; by_us < 2; by_us++) {
        struct linger now = {.l_onoff = 1};
        pair_connect(ends, by_us, 0, 0);
        peer->abort(ends[1].conn);
        assert_int_equal(at_last(&ends[0]), -ECONNRESET);
        end_close(&ends[0]);
        pair_connect(ends, by_us, 0, 0);
        assert_int_equal(sock_setopt(ends[0].file, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
        end_close(&ends[0]);
        assert_int_equal(at_last(&ends[1]), -ECONNRESET);
        end_close(&ends[1]);
    }
}

/* RFC 9293 §3.10.7.1: nobody listens */
static void refused(void **state)
{
    struct end us = {.file = our_socket()}, they;
    (void)state;

    our_connect(us.file, 81);
    assert_int_equal(at_last(&us), -ECONNREFUSED);
    end_close(&us);
    they = (struct end){.conn = peer->connect(our_addr(), 81, 0)};
    assert_int_equal(at_last(&they), -ECONNRESET); /* lwIP has one error for both */
    end_close(&they);
}

/* RFC 9293 §3.10.7.4, RFC 6191: the same ports again while the last connection is in TIME-WAIT */
static void same_ports(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(7777)};
    (void)state;

    our_listener();
    for (int i = 0; i < 6; i++) {
        struct end ends[2] = {{.salt = 1},
                              {.salt = 2, .conn = peer->connect(our_addr(), PORT, 999)}};
        u64 limit = host_now_ns + 100 * NSEC_PER_SEC;
        while (!ends[0].file) {
            turn();
            if (sock_accept(our_listener(), NULL, NULL, SOCK_NONBLOCK, &ends[0].file) != 0)
                ends[0].file = NULL;
            if (host_now_ns > limit)
                fail_msg("connection %d is not accepted", i);
        }
        end_close(&ends[0]); /* TIME-WAIT is ours */
        assert_int_equal(at_last(&ends[1]), 0);
        end_close(&ends[1]);
        turn_for(NSEC_PER_SEC);
    }
    peer_listen();
    for (int i = 0; i < 3; i++) {
        struct end us = {.file = our_socket()}, they = {0};
        assert_int_equal(sock_setopt(us.file, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
        assert_int_equal(sock_bind(us.file, (struct sockaddr *)&a, sizeof(a)), 0);
        our_connect(us.file, PORT);
        u64 limit = host_now_ns + 100 * NSEC_PER_SEC;
        while (!they.conn) {
            turn();
            they.conn = peer->accept();
            if (host_now_ns > limit)
                fail_msg("lwIP does not accept connection %d", i);
        }
        end_close(&they);
        assert_int_equal(at_last(&us), 0);
        end_close(&us);
        turn_for(130 * NSEC_PER_SEC); /* TIME-WAIT is lwIP's, and never ends early */
    }
}

/* Hundreds of short connections both ways, with loss: each is served, none is left. */
static void churn(void **state)
{
    struct end ends[2];
    (void)state;

    relay.loss = 30;
    relay.jitter_ns = NSEC_PER_MSEC;
    for (unsigned i = 0; i < 300; i++) {
        relay.rng = i;
        /* lwIP's TIME-WAIT takes no new connection of the same ports, and ours are random. */
        int first = i & 1 ? 0 : i >> 1 & 1;
        pair_connect(ends, i & 1, 0, 0);
        say(&ends[!first], texts[!first]);
        expect(&ends[first], texts[!first]);
        end_close(&ends[first]);
        assert_int_equal(at_last(&ends[!first]), 0);
        end_close(&ends[!first]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(in_turn), PAIR_TEST(half),       PAIR_TEST(at_once), PAIR_TEST(aborts),
        PAIR_TEST(refused), PAIR_TEST(same_ports), PAIR_TEST(churn)};

    return RUN_BOTH(tests);
}
