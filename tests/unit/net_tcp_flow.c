/* TCP moves data: windows, loss, order, timers (RFC 9293 §3.8, RFC 5681, RFC 6298). */
/* sources: tests/unit/net_peer.c tests/unit/net_host.c runtime/net */
#include "net_peer.h"

static char big[65536];

static void reset_peer(struct file *c)
{
    file_put(c);
    peer_drain();
    peer_send_at(peer_seq, 0, RST, NULL, 0);
}

/* An established connection with a peer whose MSS is 1460. */
static struct file *established(void)
{
    struct file *c;
    struct seg q = {.flags = SYN, .seq = peer_seq++, .wnd = peer_wnd, .mss = 1460, .wscale = -1};

    peer_listener = peer_listen(16);
    peer_send_seg(&q);
    peer_expect(SYN | ACK);
    peer_send(ACK, NULL, 0);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, SOCK_NONBLOCK, &c), 0);
    for (u32 i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 7 + (i >> 8));
    return c;
}

/* RFC 9293 §3.10.7.4: data in order is readable once, in one piece */
static void data_in_order(void **state)
{
    (void)state;
    struct file *c = established();
    char buf[16];

    peer_send(ACK | PSH, "abc", 3);
    peer_send(ACK | PSH, "def", 3);
    assert_true(events_of(c) & EPOLLIN);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), MSG_PEEK), 6);
    assert_int_equal(sock_recv(c, buf, 4, 0), 4);
    assert_int_equal(sock_recv(c, buf + 4, sizeof(buf), 0), 2);
    assert_memory_equal(buf, "abcdef", 6);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), -EAGAIN);
    reset_peer(c);
}

/* RFC 9293 §3.8.6.3: an ACK for every second full segment at once, else within half a second */
static void delayed_ack(void **state)
{
    (void)state;
    struct file *c = established();

    peer_send(ACK, "x", 1);
    peer_expect_none();
    host_pass(TCP_DELACK_NS + NSEC_PER_MSEC);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    peer_send(ACK, big, 1460);
    peer_expect_none();
    peer_send(ACK, big, 1460);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    reset_peer(c);
}

/* an answer carries the ACK: no segment of its own */
static void ack_rides_on_data(void **state)
{
    (void)state;
    struct file *c = established();

    peer_send(ACK, "GET", 3);
    sock_send(c, "OK", 2, 0);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    host_pass(100 * NSEC_PER_MSEC);
    peer_expect_none();
    reset_peer(c);
}

/* RFC 5681 §4.2: out of order data provokes duplicate ACKs, the filled gap one ACK for all */
static void out_of_order(void **state)
{
    (void)state;
    struct file *c = established();
    u32 start = peer_seq;
    char buf[64];

    peer_send_at(start + 20, peer_ack, ACK, big + 20, 10);
    assert_int_equal(peer_expect(ACK).ack, start);
    peer_send_at(start + 10, peer_ack, ACK, big + 10, 12); /* overlaps */
    assert_int_equal(peer_expect(ACK).ack, start);
    peer_send_at(start + 10, peer_ack, ACK, big + 10, 10); /* is there already */
    assert_int_equal(peer_expect(ACK).ack, start);
    peer_send_at(start, peer_ack, ACK, big, 15);
    assert_int_equal(peer_expect(ACK).ack, start + 30);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 30);
    assert_memory_equal(buf, big, 30);
    peer_seq = start + 30;
    reset_peer(c);
}

/* RFC 9293 §3.10.7.4: an old duplicate is acknowledged and not delivered again */
static void old_duplicate(void **state)
{
    (void)state;
    struct file *c = established();
    char buf[16];

    peer_send(ACK, "hello", 5);
    sock_recv(c, buf, sizeof(buf), 0);
    peer_send_at(peer_seq - 5, peer_ack, ACK, "hello", 5);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), -EAGAIN);
    peer_send_at(peer_seq - 2, peer_ack, ACK, "lo!", 3); /* old and new in one */
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 1);
    assert_int_equal(buf[0], '!');
    peer_seq++;
    reset_peer(c);
}

/* RFC 9293 §3.10.7.4: data beyond the window is not taken; the answer is an ACK */
static void beyond_the_window(void **state)
{
    (void)state;
    struct file *c = established();

    peer_send_at(peer_seq + (1 << 20), peer_ack, ACK, "x", 1);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    assert_null(tcp_sock_of(c)->ooo);
    reset_peer(c);
}

/* RFC 6298 §5: the first unacknowledged segment is sent again, each time after twice the wait */
static void timeout_doubles(void **state)
{
    (void)state;
    struct file *c = established();
    u64 rto = tcp_rto_us(tcp_sock_of(c)) * 1000ull, at = host_now_ns;
    struct seg s;

    sock_send(c, "data", 4, 0);
    peer_expect(ACK);
    for (int i = 0; i < 4; i++, rto *= 2) {
        host_pass(rto - 2 * NSEC_PER_MSEC);
        assert_false(peer_recv(&s));
        host_pass(2 * NSEC_PER_MSEC);
        assert_true(peer_recv(&s));
        assert_int_equal(s.seq + s.len, peer_ack);
        assert_memory_equal(s.bytes, "data", 4);
    }
    assert_true(host_now_ns > at);
    assert_int_equal(tcp_sock_of(c)->cwnd, tcp_sock_of(c)->mss); /* RFC 5681 §3.1 */
    peer_send(ACK, NULL, 0);
    host_pass(100 * NSEC_PER_SEC);
    peer_expect_none();
    reset_peer(c);
}

/* RFC 9293 §3.8.3: no answer for long enough: ETIMEDOUT, told once, then EPIPE */
static void gives_up(void **state)
{
    (void)state;
    struct file *c = established();
    char b;

    sock_setopt(c, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){5000}, sizeof(int)); /* RFC 5482 */
    sock_send(c, "data", 4, 0);
    host_pass(20 * NSEC_PER_SEC);
    assert_true(events_of(c) & EPOLLERR);
    assert_int_equal(sock_recv(c, &b, 1, 0), -ETIMEDOUT);
    assert_int_equal(sock_recv(c, &b, 1, 0), 0);
    assert_int_equal(sock_send(c, "x", 1, 0), -EPIPE);
    peer_drain();
    file_put(c);
}

/* RFC 5681 §3.2: three duplicate ACKs repeat the segment at once; RFC 3042: new data for the first
 */
static void fast_retransmit(void **state)
{
    (void)state;
    struct file *c = established();
    struct tcp_sock *t = tcp_sock_of(c);
    u32 first = peer_ack;
    struct seg s;

    assert_true(sock_send(c, big, sizeof(big), 0) > 20000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(peer_expect(ACK).len, 1460); /* RFC 6928: ten segments at first */
    peer_expect_none();
    for (int i = 0; i < 2; i++) {
        peer_send_at(peer_seq, first, ACK, NULL, 0);
        assert_true(peer_recv(&s));
        assert_int_equal(s.seq, peer_ack);
        peer_ack += s.len;
    }
    peer_send_at(peer_seq, first, ACK, NULL, 0);
    assert_true(peer_recv(&s));
    assert_int_equal(s.seq, first);
    assert_int_equal(t->ca_state, TCP_CA_Recovery);
    /* RFC 6582 §3.2: a partial ACK repeats the next one */
    peer_send_at(peer_seq, first + 1460, ACK, NULL, 0);
    assert_true(peer_recv(&s));
    assert_int_equal(s.seq, first + 1460);
    peer_drain();
    peer_ack = t->snd_nxt;
    peer_send_at(peer_seq, peer_ack, ACK, NULL, 0);
    assert_int_equal(t->ca_state, TCP_CA_Open);
    assert_true(t->cwnd <= t->ssthresh);
    reset_peer(c);
}

/* RFC 9293 §3.8.6.1: a window of zero is probed, and data flows when it opens */
static void zero_window(void **state)
{
    (void)state;
    struct file *c;
    struct seg s;

    peer_wnd = 0;
    c = established();
    assert_int_equal(sock_send(c, "data", 4, 0), 4);
    peer_expect_none();
    for (int i = 0; i < 3; i++) {
        host_pass((10 * NSEC_PER_SEC) << i); /* ever more slowly */
        assert_true(peer_recv(&s));
        assert_int_equal(s.len, 0);
        assert_int_equal(s.seq, peer_ack - 1);
        peer_drain();
        peer_send(ACK, NULL, 0); /* still closed */
    }
    peer_wnd = 100;
    peer_send(ACK, NULL, 0);
    assert_int_equal(peer_expect(ACK).len, 4);
    reset_peer(c);
}

/* RFC 9293 §3.8.6.2.1: no tiny segments into a small window while data is in flight */
static void silly_window_sender(void **state)
{
    (void)state;
    struct file *c;

    peer_wnd = 3000;
    c = established();
    sock_send(c, big, 6000, 0);
    assert_int_equal(peer_expect(ACK).len, 1460);
    assert_int_equal(peer_expect(ACK).len, 1460);
    peer_expect_none(); /* 80 bytes would fit */
    reset_peer(c);
}

/* RFC 9293 §3.8.6.2.2: the window closes as data piles up, and reading opens it by a good piece */
static void window_update_on_read(void **state)
{
    (void)state;
    struct file *c;
    struct seg s;
    u32 wnd;

    peer_net.limits.rcvbuf_bytes = 8192;
    c = established();
    for (wnd = 8192; wnd > 1460;) {
        peer_send(ACK, big, 1460);
        host_pass(TCP_DELACK_NS * 2);
        s = peer_expect(ACK);
        assert_true(s.wnd < wnd);
        wnd = s.wnd;
    }
    peer_send(ACK, big, wnd);
    host_pass(TCP_DELACK_NS * 2);
    assert_int_equal(peer_expect(ACK).wnd, 0);
    assert_int_equal(sock_recv(c, big, 100, 0), 100);
    peer_expect_none();
    assert_int_equal(sock_recv(c, big, 8192, 0), 8092);
    assert_int_equal(peer_expect(ACK).wnd, 8192);
    reset_peer(c);
}

/* RFC 9293 §3.7.4 (Nagle): one small segment in flight; TCP_NODELAY lifts it */
static void nagle(void **state)
{
    (void)state;
    struct file *c = established();

    sock_send(c, "a", 1, 0);
    sock_send(c, "b", 1, 0);
    sock_send(c, "c", 1, 0);
    assert_int_equal(peer_expect(ACK).len, 1);
    peer_expect_none();
    peer_send(ACK, NULL, 0);
    assert_int_equal(peer_expect(ACK).len, 2);
    sock_setopt(c, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    sock_send(c, "d", 1, 0);
    assert_int_equal(peer_expect(ACK).len, 1);
    reset_peer(c);
}

/* tcp(7): TCP_CORK and MSG_MORE hold back what is not full, for 200 ms at most */
static void cork(void **state)
{
    (void)state;
    struct file *c = established();

    sock_setopt(c, IPPROTO_TCP, TCP_CORK, &(int){1}, sizeof(int));
    sock_send(c, "a", 1, 0);
    peer_expect_none();
    sock_setopt(c, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
    assert_int_equal(peer_expect(ACK).len, 1);
    peer_send(ACK, NULL, 0);
    sock_send(c, "b", 1, MSG_MORE);
    peer_expect_none();
    sock_send(c, "c", 1, 0);
    assert_int_equal(peer_expect(ACK).len, 2);
    peer_send(ACK, NULL, 0);
    sock_send(c, "d", 1, MSG_MORE);
    host_pass(2 * NSEC_PER_SEC);
    assert_int_equal(peer_expect(ACK).len, 1);
    reset_peer(c);
}

/* RFC 9293 §3.8.4: keep-alives after the idle time, then ETIMEDOUT; any answer starts over */
static void keepalive(void **state)
{
    (void)state;
    struct file *c = established();
    struct seg s;
    char b;

    sock_setopt(c, IPPROTO_TCP, TCP_KEEPIDLE, &(int){10}, sizeof(int));
    sock_setopt(c, IPPROTO_TCP, TCP_KEEPINTVL, &(int){2}, sizeof(int));
    sock_setopt(c, IPPROTO_TCP, TCP_KEEPCNT, &(int){3}, sizeof(int));
    sock_setopt(c, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    host_pass(11 * NSEC_PER_SEC);
    assert_true(peer_recv(&s));
    assert_int_equal(s.seq, peer_ack - 1);
    peer_send(ACK, NULL, 0);
    host_pass(9 * NSEC_PER_SEC);
    peer_expect_none();
    host_pass(30 * NSEC_PER_SEC);
    assert_int_equal(peer_drain(), 4); /* three probes and a reset */
    assert_int_equal(sock_recv(c, &b, 1, 0), -ETIMEDOUT);
    file_put(c);
}

/* a keep-alive from the peer is answered (RFC 9293 §3.8.4) */
static void keepalive_of_the_peer(void **state)
{
    (void)state;
    struct file *c = established();

    for (int i = 0; i < 3; i++) {
        peer_send_at(peer_seq - 1, peer_ack, ACK, NULL, 0);
        assert_int_equal(peer_expect(ACK).ack, peer_seq);
    }
    reset_peer(c);
}

/* RFC 5961 §3: only an exact RST resets; one within the window is challenged, others are ignored */
static void reset_rules(void **state)
{
    (void)state;
    struct file *c = established();
    char b;

    peer_send_at(peer_seq + 100, peer_ack, RST, NULL, 0);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    peer_send_at(peer_seq - 1, peer_ack, RST, NULL, 0);
    peer_send_at(peer_seq + (1 << 20), peer_ack, RST, NULL, 0);
    peer_expect_none();
    assert_int_equal(tcp_sock_of(c)->ep.state, TCP_ESTABLISHED);
    peer_send_at(peer_seq, peer_ack, RST, NULL, 0);
    assert_int_equal(sock_recv(c, &b, 1, 0), -ECONNRESET);
    assert_int_equal(sock_send(c, "x", 1, 0), -EPIPE);
    file_put(c);
    peer_expect_none();
}

/* RFC 5961 §4: a SYN within the window is challenged; §7: not more than twice a second */
static void syn_is_challenged(void **state)
{
    (void)state;
    struct file *c = established();

    for (int i = 0; i < 10; i++)
        peer_send_at(peer_seq, peer_ack, SYN, NULL, 0);
    assert_int_equal(peer_drain(), 1);
    host_pass(NSEC_PER_SEC);
    peer_send_at(peer_seq, peer_ack, SYN, NULL, 0);
    assert_int_equal(peer_drain(), 1);
    reset_peer(c);
}

/* RFC 5961 §5: an ACK of what was never sent changes nothing */
static void ack_of_the_future(void **state)
{
    (void)state;
    struct file *c = established();

    sock_send(c, "data", 4, 0);
    peer_expect(ACK);
    peer_send_at(peer_seq, peer_ack + 1000, ACK, NULL, 0);
    assert_int_equal(tcp_sock_of(c)->snd_una, peer_ack - 4);
    peer_drain();
    reset_peer(c);
}

/* RFC 7323 §5: PAWS drops what is older than the last timestamp, and says so with an ACK */
static void paws(void **state)
{
    (void)state;
    struct file *c;
    struct seg q = {.flags = SYN,
                    .seq = peer_seq++,
                    .wnd = 65535,
                    .mss = 1460,
                    .wscale = -1,
                    .has_ts = true,
                    .ts_val = 1000};

    peer_listener = peer_listen(1);
    peer_send_seg(&q);
    peer_expect(SYN | ACK);
    q = (struct seg){.flags = ACK,
                     .seq = peer_seq,
                     .ack = peer_ack,
                     .wnd = 65535,
                     .wscale = -1,
                     .has_ts = true,
                     .ts_val = 1001,
                     .len = 3};
    peer_send_seg(&q);
    assert_int_equal(sock_accept(peer_listener, NULL, NULL, SOCK_NONBLOCK, &c), 0);
    peer_seq += 3;
    q.seq = peer_seq;
    q.ts_val = 900;
    peer_send_seg(&q);
    assert_int_equal(peer_net.stats.tcp_paws, 1);
    assert_int_equal(peer_expect(ACK).ack, peer_seq);
    assert_int_equal(tcp_sock_of(c)->rcv_bytes, 3);
    reset_peer(c);
}

/* RFC 9293 §3.1: wrong checksum, short header, impossible data offset: dropped and counted */
static void bad_segments(void **state)
{
    (void)state;
    struct file *c = established();
    u8 f[60] = {0};
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    struct ip_out out = {ip_addr_v4(PEER_IP), ip_addr_v4(OUR_IP), IP_PROTO_TCP, 0, 0};

    memcpy(f, peer_net.eth.mac, 6);
    f[12] = 8;
    for (u32 len = 0; len < 20; len++) {
        ip4_fill(ip, &out, 20 + len);
        peer_frame(f, sizeof(f));
    }
    assert_int_equal(peer_net.stats.tcp_bad, 20);
    ip4_fill(ip, &out, 40);
    for (u32 off = 0; off < 16; off++) {
        th->offset = (u8)(off << 4);
        peer_frame(f, sizeof(f));
    }
    assert_int_equal(peer_net.stats.tcp_bad, 35);
    assert_int_equal(peer_net.stats.tcp_csum, 1);
    peer_expect_none();
    reset_peer(c);
}

/* options that lie about their length end the options, not us (RFC 9293 §3.1) */
static void bad_options(void **state)
{
    (void)state;
    u8 f[80] = {0};
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    struct ip_out out = {ip_addr_v4(PEER_IP), ip_addr_v4(OUR_IP), IP_PROTO_TCP, 0, 0};
    struct net *n = &peer_net;

    peer_listener = peer_listen(100);
    memcpy(f, n->eth.mac, 6);
    f[12] = 8;
    n->eth.offloads = 0;
    for (u32 kind = 0; kind < 32; kind++) {
        for (u32 len = 0; len < 12; len++) {
            u32 total = 28;
            u64 sum = 0;
            memset(th, 0, 40);
            th->sport = be16(2000 + kind * 12 + len);
            th->dport = be16(OUR_PORT);
            th->offset = 7 << 4;
            th->flags = SYN;
            ((u8 *)(th + 1))[0] = (u8)kind;
            ((u8 *)(th + 1))[1] = (u8)len;
            ip4_fill(ip, &out, 20 + total);
            for (u32 i = 0; i < total; i += 2)
                sum += (u32)(((u8 *)th)[i] | ((u8 *)th)[i + 1] << 8);
            sum += be16(total) + ip_pseudo(&out.src, &out.dst, IP_PROTO_TCP);
            while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
            th->csum = (u16)~sum;
            peer_frame(f, sizeof(f));
        }
    }
    assert_int_equal(n->stats.tcp_csum, 0);
    assert_true(n->stats.tcp_passive_opens + n->stats.tcp_cookies_sent > 300);
    peer_drain();
}

/* a reader that never reads cannot take the packets of others, and gets everything in the end */
static void slow_reader(void **state)
{
    (void)state;
    struct file *c;
    u32 total = 0;
    ssize_t r;

    peer_net.limits.rx_pkts = 4;
    c = established();
    for (int i = 0; i < 12; i++) {
        peer_send(ACK, big + total, 1460);
        total += 1460;
    }
    assert_true(peer_net.stats.tcp_rx_compacted >= 8);
    assert_true(host_n_pkts < 12);
    for (u32 got = 0; got < total; got += (u32)r) {
        char buf[999];
        r = sock_recv(c, buf, sizeof(buf), 0);
        assert_true(r > 0);
        assert_memory_equal(buf, big + got, r);
    }
    reset_peer(c);
}

/* Others have not read theirs, and hold all there is: one piece comes through at a time, from the
 * pool, or from the heap if that is dry; and who has read it all hears of a window. */
static void others_do_not_read(void **state)
{
    (void)state;
    struct file *c = established();
    struct tcp_table *t = peer_net.tcp_table;
    u32 held = peer_net.limits.rx_compact_bytes, n_rx = peer_net.limits.rx_pkts;
    char buf[3000];

    t->rx_compact_bytes += held;
    t->n_rx += n_rx;
    for (int i = 0; i < 4; i++) {
        peer_dev.is_dry = i % 2;
        peer_send(ACK, big + i * 1460, 1460);
        assert_int_equal(tcp_sock_of(c)->rcv_nxt, peer_seq);
        peer_send_at(peer_seq, peer_ack, ACK, big, 1460); /* not a second one */
        assert_int_equal(tcp_sock_of(c)->rcv_nxt, peer_seq);
        assert_int_equal(peer_net.stats.tcp_rx_dropped, i + 1);
        peer_drain();
        assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 1460);
        assert_memory_equal(buf, big + i * 1460, 1460);
        peer_drain();
    }
    tcp_sock_of(c)->rcv_adv = tcp_sock_of(c)->rcv_nxt; /* the window is used up */
    assert_int_equal(tcp_window_gain(tcp_sock_of(c)), 2 * tcp_sock_of(c)->mss);
    t->rx_compact_bytes -= held;
    t->n_rx -= n_rx;
    reset_peer(c);
}

/* With the pool dry no packet is kept: text is copied to the heap if there is room, else dropped to
 * come again, what comes too early as well; what is acknowledged with it counts. */
static void pool_is_dry(void **state)
{
    (void)state;
    struct file *c = established();
    struct tcp_sock *s = tcp_sock_of(c);
    char buf[3000];

    assert_int_equal(sock_send(c, "answer", 6, 0), 6);
    peer_drain();
    peer_dev.is_dry = true;
    peer_ack += 6;
    peer_send_at(peer_seq + 1000, peer_ack, ACK, big + 1000, 1000);
    assert_null(s->tx_head);
    assert_int_equal(peer_net.stats.tcp_rx_compacted, 1);
    peer_net.limits.rx_compact_bytes = 1024;
    peer_send_at(peer_seq, peer_ack, ACK, big, 1000); /* the early one makes room for it */
    assert_int_equal(peer_net.stats.tcp_ooo_pruned, 1);
    peer_seq += 1000;
    peer_send_at(peer_seq, peer_ack, ACK, big + 1000, 1000);
    assert_int_equal(s->rcv_nxt, peer_seq);
    peer_dev.is_dry = false;
    peer_send(ACK, big + 1000, 1000);
    peer_drain();
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 2000);
    assert_memory_equal(buf, big, 2000);
    reset_peer(c);
}

/* single bytes do not hold a packet each */
static void single_bytes(void **state)
{
    (void)state;
    struct file *c = established();
    long before = host_n_pkts;
    char buf[600];

    for (int i = 0; i < 500; i++)
        peer_send(ACK, big + i, 1);
    peer_drain();
    assert_true(host_n_pkts - before <= 2);
    assert_int_equal(sock_recv(c, buf, sizeof(buf), 0), 500);
    assert_memory_equal(buf, big, 500);
    reset_peer(c);
}

/* text that came too early leaves memory for others: at most a quarter of what all share */
static void early_text_is_bounded(void **state)
{
    (void)state;
    struct tcp_table *t;
    struct file *c;
    u32 start;
    char buf[8];

    peer_net.limits.rx_pkts = 64;
    peer_net.limits.rx_compact_bytes = 65536;
    peer_net.limits.rcvbuf_bytes = 1 << 20;
    c = established();
    t = peer_net.tcp_table;
    start = peer_seq;
    for (u32 i = 0; i < 200; i++) {
        peer_send_at(start + 1 + 2 * i, peer_ack, ACK, big, 1);
        peer_drain();
    }
    assert_true(t->n_rx * PKT_STORAGE_BYTES + t->rx_compact_bytes <= (64 * 2048 + 65536) / 4);
    assert_true(peer_net.stats.tcp_ooo_dropped >= 100);
    /* Nearer text displaces it … */
    peer_send_at(start + 1 + 2 * 7, peer_ack, ACK, big, 2);
    assert_int_equal(rx_seg(tcp_sock_of(c)->ooo)->seq, start + 1);
    /* … and what it all waits for is taken even where there is no room. */
    peer_net.limits.rx_pkts = t->n_rx;
    peer_net.limits.rx_compact_bytes = 0;
    peer_send_at(start, peer_ack, ACK, "x", 1);
    peer_drain();
    assert_int_equal(sock_recv(c, buf, 2, 0), 2);
    assert_int_equal(buf[0], 'x');
    assert_true(peer_net.stats.tcp_ooo_pruned > 0);
    peer_seq = tcp_sock_of(c)->rcv_nxt;
    reset_peer(c);
}

/* a full send buffer: EAGAIN, no EPOLLOUT, and EPOLLOUT again when a third is free */
static void send_buffer_full(void **state)
{
    (void)state;
    struct file *c;
    ssize_t total = 0, r;

    peer_net.limits.sndbuf_bytes = 14000;
    peer_wnd = 20000;
    c = established();
    while ((r = sock_send(c, big, 3000, 0)) > 0)
        total += r;
    assert_int_equal(r, -EAGAIN);
    assert_false(events_of(c) & EPOLLOUT);
    for (int i = 0; i < 30; i++) {
        peer_drain();
        peer_ack = tcp_sock_of(c)->snd_nxt;
        peer_send(ACK, NULL, 0);
    }
    assert_true(events_of(c) & EPOLLOUT);
    reset_peer(c);
}

/* RFC 1191 §6.5, RFC 5927 §5: "fragmentation needed" about data in flight makes segments smaller */
static void path_mtu(void **state)
{
    (void)state;
    struct file *c = established();
    struct tcp_sock *t = tcp_sock_of(c);
    struct ip_error e = {.flow = t->sk.flow, .err = EMSGSIZE, .mtu_bytes = 1000};
    u32 first = peer_ack;
    struct seg s;

    sock_send(c, big, 4000, 0);
    peer_drain();
    e.seq = first - 5; /* not in flight: not believed */
    peer_net.tcp->error(&peer_net, &e);
    assert_int_equal(t->mss, 1460);
    e.seq = first;
    peer_net.tcp->error(&peer_net, &e);
    assert_int_equal(t->mss, 960);
    for (u32 got = 0; got < 4000; got += s.len) {
        assert_true(peer_recv(&s));
        assert_true(s.len <= 960);
        assert_int_equal(s.seq, first + got);
        assert_memory_equal(s.bytes, big + got, s.len);
    }
    reset_peer(c);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {T(data_in_order),
                                       T(delayed_ack),
                                       T(ack_rides_on_data),
                                       T(out_of_order),
                                       T(old_duplicate),
                                       T(beyond_the_window),
                                       T(timeout_doubles),
                                       T(gives_up),
                                       T(fast_retransmit),
                                       T(zero_window),
                                       T(silly_window_sender),
                                       T(window_update_on_read),
                                       T(nagle),
                                       T(cork),
                                       T(keepalive),
                                       T(keepalive_of_the_peer),
                                       T(reset_rules),
                                       T(syn_is_challenged),
                                       T(ack_of_the_future),
                                       T(paws),
                                       T(bad_segments),
                                       T(bad_options),
                                       T(slow_reader),
                                       T(pool_is_dry),
                                       T(others_do_not_read),
                                       T(single_bytes),
                                       T(early_text_is_bounded),
                                       T(send_buffer_full),
                                       T(path_mtu)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
