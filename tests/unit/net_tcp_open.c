/* TCP opens: handshake, options, refusals, backlog (RFC 9293 §3.5, §3.10.7). */
/* sources: tests/unit/net_peer.c tests/unit/net_host.c runtime/net */
#include "net_peer.h"

static void send_syn(struct seg *s)
{
    s->flags = SYN;
    s->seq = peer_seq++;
    s->wnd = 65535;
    peer_send_seg(s);
}

/* RFC 9293 §3.5, figure 6: three-way handshake, passive */
static void passive_handshake(void **state)
{
    (void)state;
    struct file *c = peer_established();

    assert_int_equal(tcp_sock_of(c)->ep.state, TCP_ESTABLISHED);
    assert_int_equal(events_of(c) & (EPOLLIN | EPOLLOUT | EPOLLHUP), EPOLLOUT);
    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
}

/* RFC 9293 §3.5, figure 6: three-way handshake, active */
static void active_handshake(void **state)
{
    (void)state;
    struct file *c = peer_accept();

    assert_int_equal(tcp_sock_of(c)->ep.state, TCP_ESTABLISHED);
    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(FIN | ACK, NULL, 0);
    peer_expect(ACK);
}

/* RFC 9293 §3.5, figure 7: simultaneous open */
static void simultaneous_open(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT), me = peer_addr(0, OUR_PORT);

    sock_bind(f, (struct sockaddr *)&me, sizeof(me));
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    peer_expect(SYN | ECN);
    peer_send(SYN, NULL, 0);
    struct seg s = peer_expect(SYN | ACK);
    assert_int_equal(s.ack, peer_seq);
    peer_send_at(peer_seq - 1, peer_ack, SYN | ACK, NULL, 0);
    assert_int_equal(tcp_sock_of(f)->ep.state, TCP_ESTABLISHED);
    peer_drain();
    file_put(f);
    peer_expect(FIN | ACK);
    peer_send(RST | ACK, NULL, 0);
}

/* RFC 9293 §3.10.7.2: ACK to a listener is answered by <SEQ=SEG.ACK><CTL=RST> */
static void ack_to_listener_resets(void **state)
{
    (void)state;
    peer_listener = peer_listen(1);
    peer_send_at(500, 7777, ACK, NULL, 0);
    struct seg s = peer_expect(RST);
    assert_int_equal(s.seq, 7777);
}

/* RFC 9293 §3.10.7.2: RST to a listener is ignored; so is a segment with no SYN */
static void rst_to_listener_is_ignored(void **state)
{
    (void)state;
    peer_listener = peer_listen(1);
    peer_send_at(500, 0, RST, NULL, 0);
    peer_send_at(500, 0, FIN, NULL, 0);
    peer_send_at(500, 0, SYN | FIN, NULL, 0);
    peer_expect_none();
}

/* RFC 9293 §3.10.7.1: SYN to a closed port: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
static void closed_port_resets_syn(void **state)
{
    (void)state;
    peer_listener = peer_listen(1);
    struct seg q = {.seq = 4000, .flags = SYN, .wscale = -1, .dport = 81};
    peer_send_seg(&q);
    struct seg s = peer_expect(RST | ACK);
    assert_int_equal(s.seq, 0);
    assert_int_equal(s.ack, 4001);
}

/* RFC 9293 §3.10.7.1: ACK to a closed port: <SEQ=SEG.ACK><CTL=RST>; a RST is never answered */
static void closed_port_resets_ack(void **state)
{
    (void)state;
    peer_listener = peer_listen(1);
    struct seg q = {.seq = 4000, .ack = 99, .flags = ACK, .wscale = -1, .dport = 81};
    peer_send_seg(&q);
    struct seg s = peer_expect(RST);
    assert_int_equal(s.seq, 99);
    q.flags = RST | ACK;
    peer_send_seg(&q);
    peer_expect_none();
}

/* RFC 9293 §3.7.1: both sides tell their MSS; ours is what fits the MTU */
static void mss_is_told_and_obeyed(void **state)
{
    (void)state;
    char data[2000] = {0};
    struct file *c;

    peer_listener = peer_listen(4);
    struct seg q = {.wscale = -1, .mss = 600};
    send_syn(&q);
    struct seg s = peer_expect(SYN | ACK);
    assert_int_equal(s.mss, 1460);
    peer_send(ACK, NULL, 0);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
    assert_int_equal(sock_send(c, data, sizeof(data), 0), 2000);
    assert_int_equal(peer_expect(ACK).len, 600);
    assert_int_equal(peer_expect(ACK).len, 600);
    assert_int_equal(peer_expect(ACK).len, 600);
    file_put(c);
    peer_drain();
    peer_send_at(peer_seq, 0, RST, NULL, 0);
}

/* RFC 9293 §3.7.1: without the option 536 is assumed */
static void mss_defaults_to_536(void **state)
{
    (void)state;
    char data[600] = {0};
    struct file *c = peer_established();

    assert_int_equal(sock_send(c, data, sizeof(data), 0), 600);
    assert_int_equal(peer_expect(ACK).len, 536);
    file_put(c);
    peer_drain();
    peer_send_at(peer_seq, 0, RST, NULL, 0);
}

/* RFC 7323 §2.2: the window scale option comes only in answer to one, and SYNs are not scaled */
static void window_scale_is_negotiated(void **state)
{
    (void)state;
    struct seg q = {.wscale = 7, .mss = 1460};
    struct seg s;

    peer_net.limits.rcvbuf_bytes = 1 << 20;
    peer_listener = peer_listen(4);
    send_syn(&q);
    s = peer_expect(SYN | ACK);
    assert_int_equal(s.wscale, 5);
    assert_int_equal(s.wnd, 65535);
    q.sport = 5001;
    q.wscale = -1;
    q.seq = 0;
    q.flags = SYN;
    peer_send_seg(&q);
    s = peer_expect(SYN | ACK);
    assert_int_equal(s.wscale, -1);
}

/* RFC 7323 §3.2: timestamps when the SYN has them, then in every segment, echoing the peer's */
static void timestamps_are_negotiated(void **state)
{
    (void)state;
    struct file *c;
    struct seg q = {.wscale = -1, .mss = 1460, .has_ts = true, .ts_val = 1000};

    peer_listener = peer_listen(4);
    send_syn(&q);
    struct seg s = peer_expect(SYN | ACK);
    assert_true(s.has_ts);
    assert_int_equal(s.ts_ecr, 1000);
    q = (struct seg){.flags = ACK,
                     .seq = peer_seq,
                     .ack = peer_ack,
                     .wnd = 1000,
                     .wscale = -1,
                     .has_ts = true,
                     .ts_val = 1010,
                     .ts_ecr = s.ts_val};
    peer_send_seg(&q);
    sock_accept(peer_listener, NULL, NULL, 0, &c);
    sock_send(c, "x", 1, 0);
    s = peer_expect(ACK);
    assert_true(s.has_ts);
    assert_int_equal(s.ts_ecr, 1010);
    file_put(c);
    peer_drain();
    peer_send_at(peer_seq, 0, RST, NULL, 0);
}

/* RFC 9293 §3.10.7.3: a wrong ACK in SYN-SENT is answered by RST, and the attempt goes on */
static void wrong_ack_in_syn_sent(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT), me = peer_addr(0, OUR_PORT);

    sock_bind(f, (struct sockaddr *)&me, sizeof(me));
    sock_connect(f, (struct sockaddr *)&a, sizeof(a));
    peer_expect(SYN | ECN);
    peer_send_at(1, peer_ack + 5, SYN | ACK, NULL, 0);
    struct seg s = peer_expect(RST);
    assert_int_equal(s.seq, peer_ack + 5);
    assert_int_equal(tcp_sock_of(f)->ep.state, TCP_SYN_SENT);
    file_put(f);
}

/* RFC 9293 §3.10.7.3: RST without a valid ACK is ignored in SYN-SENT, with one it is a refusal */
static void reset_in_syn_sent(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT), me = peer_addr(0, OUR_PORT);

    sock_bind(f, (struct sockaddr *)&me, sizeof(me));
    sock_connect(f, (struct sockaddr *)&a, sizeof(a));
    peer_expect(SYN | ECN);
    peer_send_at(1, 0, RST, NULL, 0);
    peer_send_at(1, peer_ack + 1, RST | ACK, NULL, 0);
    assert_int_equal(tcp_sock_of(f)->ep.state, TCP_SYN_SENT);
    peer_send_at(0, peer_ack, RST | ACK, NULL, 0);
    assert_true(events_of(f) & EPOLLERR);
    assert_true(events_of(f) & EPOLLHUP);
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -ECONNREFUSED);
    /* as Linux: the socket may try again */
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    peer_expect(SYN | ECN);
    file_put(f);
}

/* RFC 9293 §3.8.1, RFC 6298 §5: the SYN is sent again with growing gaps, then ETIMEDOUT */
static void syn_is_retransmitted(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT);
    struct seg s;
    u64 gap = NSEC_PER_SEC;
    int err = 0;
    socklen_t len = sizeof(err);

    sock_connect(f, (struct sockaddr *)&a, sizeof(a));
    assert_true(peer_recv(&s));
    for (int i = 0; i < 6; i++, gap *= 2) {
        host_pass(gap - 2 * NSEC_PER_MSEC);
        assert_false(peer_recv(&s));
        host_pass(2 * NSEC_PER_MSEC);
        assert_true(peer_recv(&s));
        assert_int_equal(s.flags, SYN); /* without ECN now: RFC 3168 §6.1.1.1 */
    }
    host_pass(gap);
    peer_expect_none();
    sock_getopt(f, SOL_SOCKET, SO_ERROR, &err, &len);
    assert_int_equal(err, ETIMEDOUT);
    file_put(f);
}

/* RFC 9293 §3.10.7.4: a repeated SYN means our SYN,ACK was lost */
static void syn_ack_is_sent_again(void **state)
{
    (void)state;
    peer_listener = peer_listen(4);
    peer_send(SYN, NULL, 0);
    struct seg s = peer_expect(SYN | ACK);
    host_pass(NSEC_PER_SEC / 2);
    peer_send_at(peer_seq - 1, 0, SYN, NULL, 0);
    struct seg r = peer_expect(SYN | ACK);
    assert_int_equal(r.seq, s.seq);
    host_pass(70 * NSEC_PER_SEC); /* half-open connections go away */
    assert_true(peer_drain() >= 3);
    assert_int_equal(peer_net.n_socks, 1);
}

/* RFC 9293 §3.10.7.4: RST in SYN-RECEIVED from LISTEN returns quietly to LISTEN */
static void reset_of_half_open(void **state)
{
    (void)state;
    peer_listener = peer_listen(4);
    peer_send(SYN, NULL, 0);
    peer_expect(SYN | ACK);
    peer_send(RST, NULL, 0);
    assert_int_equal(peer_net.n_socks, 1);
    assert_int_equal(events_of(peer_listener), 0);
}

/* RFC 9293 §3.10.7.4: an unacceptable ACK in SYN-RECEIVED is answered by RST */
static void wrong_ack_in_syn_received(void **state)
{
    (void)state;
    peer_listener = peer_listen(4);
    peer_send(SYN, NULL, 0);
    peer_expect(SYN | ACK);
    peer_send_at(peer_seq, peer_ack + 1, ACK, NULL, 0);
    struct seg s = peer_expect(RST);
    assert_int_equal(s.seq, peer_ack + 1);
}

/* RFC 9293 §3.10.7.4: text with the last ACK of the handshake is not lost */
static void data_with_handshake_ack(void **state)
{
    (void)state;
    struct file *c;
    char buf[8];

    peer_listener = peer_listen(4);
    peer_send(SYN, NULL, 0);
    peer_expect(SYN | ACK);
    peer_send(ACK | PSH, "hello", 5);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 5);
    file_put(c);
    peer_expect(FIN | ACK);
    peer_send(RST | ACK, NULL, 0);
}

/* listen(2): beyond the backlog connections wait for room, and SYNs are dropped, not refused */
static void backlog_is_honoured(void **state)
{
    (void)state;
    struct seg q = {.wscale = -1, .wnd = 1000}, s;
    struct file *c;

    peer_listener = peer_listen(1);
    for (u16 i = 0; i < 3; i++) {
        q.sport = (u16)(6000 + i);
        q.flags = SYN;
        q.seq = 100;
        peer_send_seg(&q);
        if (i == 2) {
            peer_expect_none();
            break;
        }
        assert_true(peer_recv(&s));
        q.flags = ACK;
        q.seq = 101;
        q.ack = s.seq + 1;
        peer_send_seg(&q);
    }
    assert_int_equal(peer_net.stats.tcp_listen_full, 1);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        assert_int_equal(sock_accept(peer_listener, (struct sockaddr *)&from, &len, 0, &c), 0);
        assert_int_equal(be16(from.sin_port), 6000 + i);
        file_put(c);
    }
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), -EAGAIN);
    peer_drain();
}

/* a flood of SYNs is bounded, and whoever answers gets in, however slowly: with cookies (RFC 4987
 * §3.6) all of 20 clients, where recycling the oldest half-open connection served none */
static void syn_flood_is_bounded(void **state)
{
    (void)state;
    struct seg q = {.wscale = -1, .wnd = 1000, .flags = SYN}, s;
    u32 iss[20];
    struct file *c;

    peer_listener = peer_listen(4096);
    for (u16 i = 0; i < 4000; i++) {
        q.sport = (u16)(10000 + i);
        q.seq = i;
        peer_send_seg(&q);
        assert_true(peer_recv(&s));
        if (i >= 2000 && i < 2000 + ARRAY_SIZE(iss))
            iss[i - 2000] = s.seq;
    }
    assert_true(peer_net.n_socks <= peer_net.limits.n_syn + 1);
    assert_true(peer_net.stats.tcp_cookies_sent > 0);
    q.flags = ACK;
    for (u16 i = 0; i < ARRAY_SIZE(iss); i++) {
        q.sport = (u16)(12000 + i);
        q.seq = 2000u + i + 1;
        q.ack = iss[i] + 1;
        peer_send_seg(&q);
        assert_int_equal(sock_accept(peer_listener, NULL, NULL, 0, &c), 0);
        file_put(c);
    }
    peer_drain();
}

/* RFC 6528 §3: initial sequence numbers of two flows have nothing to do with each other, those of
 * one flow move with the clock */
static void sequence_numbers_are_hidden(void **state)
{
    (void)state;
    struct ip_flow a = {ip_addr_v4(1), ip_addr_v4(2), 3, 4}, b = a;
    u32 first = tcp_iss((peer_listener = peer_listen(1), &peer_net), &a);

    b.rport = 5;
    assert_true((tcp_iss(&peer_net, &b) ^ first) >> 16 != 0);
    peer_net.now_ns += NSEC_PER_SEC;
    u32 moved = tcp_iss(&peer_net, &a) - first;
    assert_in_range(moved, 240000, 260000);
}

/* connect(2) on a blocking socket waits for the handshake */
static struct seg idle_seg;
static void idle_answer(void)
{
    if (!peer_recv(&idle_seg) || !(idle_seg.flags & SYN))
        return;
    peer_ack = idle_seg.seq + 1;
    struct seg q = {.flags = SYN | ACK,
                    .seq = peer_seq++,
                    .ack = peer_ack,
                    .wnd = 1000,
                    .wscale = -1,
                    .dport = idle_seg.sport,
                    .sport = idle_seg.dport};
    peer_send_seg(&q);
}

static void blocking_connect(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT), me;
    socklen_t len = sizeof(me);

    host_idle = idle_answer;
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), 0);
    host_idle = NULL;
    assert_int_equal(sock_getname(f, (struct sockaddr *)&me, &len, false), 0);
    assert_int_equal(me.sin_addr.s_addr, OUR_IP);
    assert_in_range(be16(me.sin_port), PORT_FIRST, PORT_LAST); /* RFC 6056 §3.2 */
    file_put(f);
    peer_drain();
}

/* an unanswered ARP request ends connect() with EHOSTUNREACH (RFC 1122 §2.3.2.2) */
static void connect_to_nobody(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(be32(0x0a000063), 1);
    u64 start = host_now_ns;

    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EHOSTUNREACH);
    assert_true(host_now_ns - start < 10 * NSEC_PER_SEC);
    file_put(f);
    peer_drain();
}

/* no route at all: ENETUNREACH at once */
static void connect_without_route(void **state)
{
    (void)state;
    struct file *f = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(be32(0x08080808), 1);

    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -ENETUNREACH);
    file_put(f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        T(passive_handshake),           T(active_handshake),
        T(simultaneous_open),           T(ack_to_listener_resets),
        T(rst_to_listener_is_ignored),  T(closed_port_resets_syn),
        T(closed_port_resets_ack),      T(mss_is_told_and_obeyed),
        T(mss_defaults_to_536),         T(window_scale_is_negotiated),
        T(timestamps_are_negotiated),   T(wrong_ack_in_syn_sent),
        T(reset_in_syn_sent),           T(syn_is_retransmitted),
        T(syn_ack_is_sent_again),       T(reset_of_half_open),
        T(wrong_ack_in_syn_received),   T(data_with_handshake_ack),
        T(backlog_is_honoured),         T(syn_flood_is_bounded),
        T(sequence_numbers_are_hidden), T(blocking_connect),
        T(connect_to_nobody),           T(connect_without_route)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
