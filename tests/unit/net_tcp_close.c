/* TCP closes, in every order and from every state (RFC 9293 §3.6, §3.10). */
/* sources: tests/unit/net_peer.c tests/unit/net_host.c runtime/net */
#include "net_peer.h"

static void reset_peer(struct file *c)
{
    file_put(c);
    peer_drain();
    peer_send_at(peer_seq, 0, RST, NULL, 0);
}

static u32 n_time_wait(void)
{
    return peer_net.tcp_table->n_tw;
}

/* RFC 9293 §3.6, figure 12: we close first and wait */
static void we_close_first(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(ACK, NULL, 0);
    peer_send(FIN | ACK, NULL, 0);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    assert_int_equal(n_time_wait(), 1);
    assert_int_equal(peer_net.n_socks, 1); /* the listener */
    host_pass(TCP_TIME_WAIT_NS + NSEC_PER_SEC);
    assert_int_equal(n_time_wait(), 0);
}

/* RFC 9293 §3.6: the peer closes first: end of file, CLOSE-WAIT, LAST-ACK, and no waiting */
static void peer_closes_first(void **state)
{
    (void)state;
    struct file *c = peer_established();
    char b[8];

    peer_send(ACK, "bye", 3);
    peer_send(FIN | ACK, NULL, 0);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    assert_true(events_of(c) & EPOLLRDHUP);
    assert_true(events_of(c) & EPOLLIN);
    assert_false(events_of(c) & EPOLLHUP);
    assert_int_equal(sock_recv(c, b, 8, 0), 3);
    assert_int_equal(sock_recv(c, b, 8, 0), 0);
    assert_int_equal(sock_send(c, "still", 5, 0), 5);
    assert_int_equal(peer_expect(ACK).len, 5);
    peer_send(ACK, NULL, 0);
    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(ACK, NULL, 0);
    assert_int_equal(n_time_wait(), 0);
    assert_int_equal(peer_net.n_socks, 1);
}

/* RFC 9293 §3.6, figure 13: both close at once: CLOSING, TIME-WAIT */
static void simultaneous_close(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send_at(peer_seq, peer_ack - 1, FIN | ACK, NULL, 0);
    peer_seq++;
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    peer_send(ACK, NULL, 0);
    assert_int_equal(n_time_wait(), 1);
}

/* FIN and its ACK in one segment: straight to TIME-WAIT */
static void fin_with_ack_of_fin(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
    assert_int_equal(n_time_wait(), 1);
}

/* shutdown(2) SHUT_WR: half closed, we still read (RFC 9293 §3.6) */
static void half_close(void **state)
{
    (void)state;
    struct file *c = peer_established();
    char b[8];

    assert_int_equal(sock_shutdown(c, SHUT_WR), 0);
    peer_expect(FIN | ACK);
    assert_int_equal(sock_send(c, "x", 1, 0), -EPIPE);
    peer_send(ACK, NULL, 0);
    peer_send(ACK, "late", 4);
    assert_int_equal(sock_recv(c, b, 8, 0), 4);
    peer_send(FIN | ACK, NULL, 0);
    assert_int_equal(sock_recv(c, b, 8, 0), 0);
    assert_true(events_of(c) & EPOLLHUP);
    file_put(c);
    peer_drain();
    assert_int_equal(n_time_wait(), 1);
}

/* close(2) with data queued: it is sent first, the FIN rides on the last of it */
static void fin_follows_data(void **state)
{
    (void)state;
    struct file *c;
    char data[1000] = {1};

    peer_wnd = 500;
    c = peer_established();
    assert_int_equal(sock_send(c, data, sizeof(data), 0), 1000);
    file_put(c);
    struct seg s = peer_expect(ACK); /* a part that fits */
    assert_true(s.len <= 500);
    peer_wnd = 5000;
    peer_send(ACK, NULL, 0);
    while (peer_recv(&s)) {
        peer_ack = s.seq + s.len + !!(s.flags & FIN);
        if (s.flags & FIN)
            break;
    }
    assert_true(s.flags & FIN);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
}

/* a lost FIN is sent again (RFC 6298) */
static void fin_is_retransmitted(void **state)
{
    (void)state;
    struct file *c = peer_established();
    struct seg s;

    file_put(c);
    peer_expect(FIN | ACK);
    host_pass(2 * NSEC_PER_SEC);
    assert_true(peer_recv(&s));
    assert_int_equal(s.flags & ~PSH, FIN | ACK);
    assert_int_equal(s.seq, peer_ack - 1);
    peer_drain();
    peer_send(FIN | ACK, NULL, 0);
    peer_drain();
    assert_int_equal(n_time_wait(), 1);
}

/* RFC 9293 §3.10.7.4: in TIME-WAIT a repeated FIN is acknowledged again */
static void time_wait_answers_fin(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
    peer_send_at(peer_seq - 1, peer_ack, FIN | ACK, NULL, 0);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    /* RFC 1337: a RST does not end it */
    peer_send_at(peer_seq, peer_ack, RST, NULL, 0);
    assert_int_equal(n_time_wait(), 1);
    /* an acceptable ACK is not answered: two of them would talk for ever */
    peer_send(ACK, NULL, 0);
    peer_expect_none();
}

/* RFC 6191 §2, RFC 9293 §3.10.7.4: a newer SYN begins again out of TIME-WAIT, an older one does not
 */
static void time_wait_is_reused(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
    peer_send_at(peer_seq - 100, 0, SYN, NULL, 0);
    peer_expect(ACK);
    assert_int_equal(n_time_wait(), 1);
    u32 old = peer_ack;
    peer_seq += 100000;
    peer_send(SYN, NULL, 0);
    struct seg s = peer_expect(SYN | ACK);
    assert_true(SEQ_GT(s.seq, old));
    assert_int_equal(n_time_wait(), 0);
    peer_send(ACK, NULL, 0);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
    reset_peer(c);
}

/* TIME-WAIT is bounded: the oldest goes */
static void time_wait_is_bounded(void **state)
{
    (void)state;
    struct seg q = {.wscale = -1, .wnd = 1000}, s;
    struct file *c;

    peer_listener = peer_listen(16);
    peer_net.limits.n_time_wait = 8;
    for (u16 i = 0; i < 100; i++) {
        q.sport = (u16)(2000 + i);
        q.seq = 5;
        q.flags = SYN;
        peer_send_seg(&q);
        assert_true(peer_recv(&s));
        q.flags = ACK;
        q.seq = 6;
        q.ack = s.seq + 1;
        peer_send_seg(&q);
        assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
        file_put(c);
        assert_true(peer_recv(&s));
        q.flags = FIN | ACK;
        q.ack++;
        peer_send_seg(&q);
        peer_drain();
        assert_true(n_time_wait() <= 8);
    }
    assert_int_equal(peer_net.stats.tcp_time_wait_recycled, 92);
    assert_true(host_n_heap < 32);
}

/* RFC 2525 §2.17: close() with unread data resets */
static void unread_data_resets(void **state)
{
    (void)state;
    struct file *c = peer_established();

    peer_send(ACK, "unread", 6);
    file_put(c);
    peer_expect(RST | ACK);
    assert_int_equal(n_time_wait(), 0);
}

/* socket(7): SO_LINGER with zero seconds resets */
static void linger_zero_resets(void **state)
{
    (void)state;
    struct file *c = peer_established();
    struct linger l = {1, 0};

    sock_setopt(c, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
    file_put(c);
    peer_expect(RST | ACK);
}

/* data for a socket nobody has any more is answered by a reset (RFC 9293 §3.6.1) */
static void data_after_close_resets(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(ACK, "hello?", 6);
    peer_expect(RST | ACK);
    assert_int_equal(peer_net.n_socks, 1);
}

/* FIN-WAIT-2 without a descriptor ends by itself */
static void fin_wait_2_ends(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(ACK, NULL, 0);
    assert_int_equal(peer_net.n_socks, 2);
    host_pass(TCP_FIN_WAIT2_S * NSEC_PER_SEC + NSEC_PER_SEC);
    assert_int_equal(peer_net.n_socks, 1);
}

/* a peer that dies while we close is given up */
static void orphan_gives_up(void **state)
{
    (void)state;
    struct file *c = peer_established();

    sock_send(c, "data", 4, 0);
    file_put(c);
    for (int i = 0; i < 400; i++) {
        host_pass(NSEC_PER_SEC);
        peer_drain();
    }
    assert_int_equal(peer_net.n_socks, 1);
}

/* orphans are bounded: one too many is reset */
static void orphans_are_bounded(void **state)
{
    (void)state;
    struct file *c = peer_established();

    peer_net.limits.n_orphans = 0;
    file_put(c);
    peer_expect(RST | ACK);
    assert_int_equal(peer_net.stats.tcp_orphans_cut, 1);
}

/* RST in CLOSE-WAIT: as Linux, EPIPE */
static void reset_in_close_wait(void **state)
{
    (void)state;
    struct file *c = peer_established();

    peer_send(FIN | ACK, NULL, 0);
    peer_drain();
    peer_send(RST, NULL, 0);
    assert_true(events_of(c) & EPOLLERR);
    assert_int_equal(sock_send(c, "x", 1, 0), -EPIPE);
    file_put(c);
}

/* RST in FIN-WAIT-1, CLOSING and LAST-ACK ends the connection at once */
static void reset_while_closing(void **state)
{
    (void)state;
    struct file *c = peer_established();

    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(RST, NULL, 0);
    assert_int_equal(peer_net.n_socks, 1);
    c = peer_connect(peer_listener);
    peer_send(FIN | ACK, NULL, 0);
    peer_drain();
    file_put(c);
    peer_drain();
    peer_send(RST, NULL, 0);
    assert_int_equal(peer_net.n_socks, 1);
}

/* closing a listener resets whom it has not handed out, and refuses from then on */
static void listener_closes(void **state)
{
    (void)state;
    struct file *l = peer_listen(4);
    struct seg s;

    peer_send(SYN, NULL, 0);
    peer_expect(SYN | ACK);
    peer_send(ACK, NULL, 0);
    assert_true(events_of(l) & EPOLLIN);
    file_put(l);
    assert_true(peer_recv(&s));
    assert_int_equal(s.flags, RST | ACK);
    assert_int_equal(peer_net.n_socks, 0);
    peer_send_at(5, 0, SYN, NULL, 0);
    peer_expect(RST | ACK);
}

/* a connection reset before accept() is still handed out, and tells (as Linux) */
static void reset_before_accept(void **state)
{
    (void)state;
    struct file *c;
    char b;

    peer_listener = peer_listen(4);
    peer_send(SYN, NULL, 0);
    peer_expect(SYN | ACK);
    peer_send(ACK, NULL, 0);
    peer_send(RST, NULL, 0);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
    assert_int_equal(sock_recv(c, &b, 1, 0), -ECONNRESET);
    file_put(c);
}

/* close() of a connecting socket just ends it (RFC 9293 §3.10.4) */
static void close_in_syn_sent(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT);

    sock_connect(f, (struct sockaddr *)&a, sizeof(a));
    file_put(f);
    peer_drain();
    assert_int_equal(peer_net.n_socks, 0);
}

/* out of order FIN: the data before it is waited for */
static void early_fin(void **state)
{
    (void)state;
    struct file *c = peer_established();
    char b[8];

    peer_send_at(peer_seq + 3, peer_ack, FIN | ACK, NULL, 0);
    assert_int_equal(sock_recv(c, b, 8, 0), -EAGAIN);
    peer_send_at(peer_seq, peer_ack, ACK, "end", 3);
    peer_seq += 4;
    assert_int_equal(sock_recv(c, b, 8, 0), 3);
    assert_int_equal(sock_recv(c, b, 8, 0), 0);
    struct seg s;
    while (peer_recv(&s))
        assert_true(SEQ_LEQ(s.ack, peer_seq));
    reset_peer(c);
}

/* no memory: SYNs are dropped, nothing breaks */
static void no_memory(void **state)
{
    (void)state;
    struct file *f;

    peer_listener = peer_listen(4);
    host_heap_left = 0;
    peer_send(SYN, NULL, 0);
    peer_expect_none();
    assert_int_equal(sock_create(AF_INET, SOCK_STREAM, 0, &f), -ENOMEM);
    host_heap_left = -1;
    host_pkt_budget = 0;
    peer_net.limits.n_socks = 3;
    host_pkt_budget = 4096;
    peer_send_at(peer_seq - 1, 0, SYN, NULL, 0);
    peer_expect(SYN | ACK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {T(we_close_first),
                                       T(peer_closes_first),
                                       T(simultaneous_close),
                                       T(fin_with_ack_of_fin),
                                       T(half_close),
                                       T(fin_follows_data),
                                       T(fin_is_retransmitted),
                                       T(time_wait_answers_fin),
                                       T(time_wait_is_reused),
                                       T(time_wait_is_bounded),
                                       T(unread_data_resets),
                                       T(linger_zero_resets),
                                       T(data_after_close_resets),
                                       T(fin_wait_2_ends),
                                       T(orphan_gives_up),
                                       T(orphans_are_bounded),
                                       T(reset_in_close_wait),
                                       T(reset_while_closing),
                                       T(listener_closes),
                                       T(reset_before_accept),
                                       T(close_in_syn_sent),
                                       T(early_fin),
                                       T(no_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
