/* Below TCP: Ethernet, ARP, IPv4, ICMP, UDP and the loopback. */
/* sources: tests/unit/net_peer.c tests/unit/net_host.c runtime/net */
#include "net_peer.h"

#include <sys/ioctl.h>

#include "net/csum.h"

static u8 out[2048]; /* the stack's last frame */
static size_t out_len;

static bool next_frame(void)
{
    out_len = host_dev_take(&peer_dev, out, sizeof(out));
    return out_len != 0;
}

static void drain(void)
{
    while (next_frame())
        ;
}

static struct arp_hdr *out_arp(void)
{
    return next_frame() && out[12] == 8 && out[13] == 6 ? (struct arp_hdr *)(out + 14) : NULL;
}

static void give_arp(u16 op, u32 sender, u32 target, u8 last_mac_byte)
{
    struct {
        struct eth_hdr eth;
        struct arp_hdr arp;
    } __attribute__((packed))
    f = {.eth = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, last_mac_byte}, be16(ETH_TYPE_ARP)},
         .arp = {be16(1),
                 be16(ETH_TYPE_IPV4),
                 6,
                 4,
                 be16(op),
                 {2, 0, 0, 0, 0, last_mac_byte},
                 sender,
                 {2, 0, 0, 0, 0, 1},
                 target}};
    peer_frame(&f, sizeof(f));
}

/* An IP packet from @src; @l4 is its payload, checksums of UDP and ICMP are made. */
static void give_ip(u32 src, u32 dst, u8 proto, const void *l4, u32 len)
{
    u8 f[2048] = {0};
    struct ip_out o = {ip_addr_v4(src), ip_addr_v4(dst), proto, 0, 0};
    u8 *p = f + 34;

    memcpy(f, peer_net.eth.mac, 6);
    memcpy(f + 6, "\2\0\0\0\0\2", 6);
    f[12] = 8;
    ip4_fill((struct ip4_hdr *)(f + 14), &o, 20 + len);
    memcpy(p, l4, len);
    if (proto == IP_PROTO_ICMP && len >= 4)
        ((struct icmp_hdr *)p)->csum = csum_finish(csum_add(p, len));
    peer_frame(f, 34 + len);
}

static void give_udp(u32 dst, u16 sport, u16 dport, const char *text)
{
    u8 d[1600];
    struct udp_hdr *u = (struct udp_hdr *)d;
    u32 len = 8 + (u32)strlen(text);
    struct ip_addr a = ip_addr_v4(PEER_IP), b = ip_addr_v4(dst);

    *u = (struct udp_hdr){be16(sport), be16(dport), be16(len), 0};
    memcpy(u + 1, text, len - 8);
    u->csum = csum_finish(csum_add(d, len) + be16(len) + ip_pseudo(&a, &b, IP_PROTO_UDP));
    give_ip(PEER_IP, dst, IP_PROTO_UDP, d, len);
}

static struct file *udp_bound(u16 port)
{
    struct file *f = peer_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(0, port);

    assert_int_equal(sock_bind(f, (struct sockaddr *)&a, sizeof(a)), 0);
    return f;
}

static ssize_t send_to(struct file *f, u32 ip, u16 port, const void *data, size_t len)
{
    struct sockaddr_in a = peer_addr(ip, port);
    struct iovec iov = {(void *)data, len};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1};

    return sock_sendmsg(f, &m, 0);
}

/* --- Ethernet, ARP --- */

/* frames for others, too short, of other types: dropped and counted */
static void strange_frames(void **state)
{
    (void)state;
    u8 f[60] = {2, 0, 0, 0, 0, 9};

    for (size_t n = 0; n < 14; n++)
        peer_frame(f, n);
    assert_int_equal(peer_net.stats.eth_short, 14);
    peer_frame(f, 60);
    assert_int_equal(peer_net.stats.eth_other_mac, 1);
    memset(f, 255, 6);
    f[12] = 0x86;
    peer_frame(f, 60);
    assert_int_equal(peer_net.stats.eth_type, 1);
}

/* RFC 826: who asks for us is answered; for others not */
static void arp_answers(void **state)
{
    (void)state;
    struct arp_hdr *a;

    give_arp(1, be32(0x0a000005), OUR_IP, 5);
    a = out_arp();
    assert_non_null(a);
    assert_int_equal(a->op, be16(2));
    assert_int_equal(a->target_ip, be32(0x0a000005));
    assert_memory_equal(a->sender_mac, peer_net.eth.mac, 6);
    give_arp(1, be32(0x0a000005), be32(0x0a000077), 5);
    assert_false(next_frame());
}

/* RFC 1122 §2.3.2: one request a second, three tries; the packets wait, the newest three of them */
static void arp_asks(void **state)
{
    (void)state;
    struct file *u = udp_bound(7);
    struct arp_hdr *a;

    for (int i = 0; i < 5; i++)
        assert_int_equal(send_to(u, be32(0x0a000009), 9, "12345" + i, 1), 1);
    a = out_arp();
    assert_non_null(a);
    assert_int_equal(a->target_ip, be32(0x0a000009));
    assert_false(next_frame());
    host_pass(NSEC_PER_SEC + NSEC_PER_MSEC);
    assert_non_null(out_arp());
    give_arp(2, be32(0x0a000009), OUR_IP, 9);
    for (int i = 2; i < 5; i++) {
        assert_true(next_frame());
        assert_int_equal(out[5], 9);
        assert_int_equal(out[42], '1' + i);
    }
    assert_false(next_frame());
    file_put(u);
}

/* the cache is bounded, and strangers do not push out whom we talk to */
static void arp_flood(void **state)
{
    (void)state;
    struct file *u = udp_bound(7);
    struct ip_addr peer = ip_addr_v4(PEER_IP);
    u8 mac[6];

    send_to(u, PEER_IP, 9, "x", 1); /* now it is ours */
    for (u32 i = 0; i < 1000; i++)
        give_arp(1, be32(0x0a000100 + i), OUR_IP, 3);
    drain();
    assert_int_equal(arp_resolve(&peer_net.eth, &peer, mac, NULL), 0);
    assert_int_equal(mac[5], 2);
    file_put(u);
}

/* RFC 1122 §2.3.2.1: after a minute the neighbour is asked, at its address, before it is believed
 */
static void arp_ages(void **state)
{
    (void)state;
    struct file *u = udp_bound(7);
    struct arp_hdr *a;

    host_pass(61 * NSEC_PER_SEC);
    assert_false(next_frame()); /* an idle VM stays idle */
    send_to(u, PEER_IP, 9, "x", 1);
    a = out_arp();
    assert_non_null(a);
    assert_int_equal(out[5], 2);
    assert_true(next_frame());
    give_arp(2, PEER_IP, OUR_IP, 4); /* it has moved */
    send_to(u, PEER_IP, 9, "x", 1);
    assert_true(next_frame());
    assert_int_equal(out[5], 4);
    file_put(u);
}

/* RFC 5227 §2.4 (c): somebody who claims our address is not believed, and told so, but not too
 * often
 */
static void arp_spoof_of_us(void **state)
{
    (void)state;
    give_arp(2, OUR_IP, OUR_IP, 6);
    give_arp(1, OUR_IP, OUR_IP, 6);
    assert_non_null(out_arp());
    assert_memory_equal(out + 28, "\x0a\0\0\1", 4);
    assert_memory_equal(out + 38, "\x0a\0\0\1", 4);
    assert_false(next_frame());
    assert_int_equal(peer_net.stats.arp_bad, 2);
    host_pass(11 * NSEC_PER_SEC);
    give_arp(2, OUR_IP, OUR_IP, 6);
    assert_true(next_frame());
    assert_false(next_frame());
}

/* --- IPv4, ICMP --- */

/* RFC 791: header length, total length, version, checksum, fragments, other hosts' packets */
static void bad_ip(void **state)
{
    (void)state;
    u8 f[60] = {0};
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    struct ip_out o = {ip_addr_v4(PEER_IP), ip_addr_v4(OUR_IP), 99, 0, 0};
    struct net_stats *st = &peer_net.stats;

    memcpy(f, peer_net.eth.mac, 6);
    f[12] = 8;
    ip4_fill(ip, &o, 60); /* longer than the frame */
    peer_frame(f, 60);
    ip4_fill(ip, &o, 19);
    peer_frame(f, 60);
    ip4_fill(ip, &o, 40);
    ip->version_ihl = 0x44;
    peer_frame(f, 60);
    ip->version_ihl = 0x65;
    peer_frame(f, 60);
    ip->version_ihl = 0x4f; /* options beyond the total length */
    peer_frame(f, 60);
    assert_int_equal(st->ip_bad[0], 5);
    ip4_fill(ip, &o, 40);
    ip->csum ^= 1;
    peer_frame(f, 60);
    assert_int_equal(st->ip_bad[0], 6);
    o.dst.v4 = be32(0x0a000007);
    ip4_fill(ip, &o, 40);
    peer_frame(f, 60);
    assert_int_equal(st->ip_not_ours[0], 1);
    o.dst.v4 = OUR_IP;
    ip4_fill(ip, &o, 40);
    ip->frag = be16(IP4_MF);
    ip->csum = 0;
    ip->csum = csum_finish(csum_add(ip, 20));
    peer_frame(f, 60);
    assert_int_equal(st->ip_reasm_fails, 1); /* not a multiple of eight */
    o.src.v4 = be32(0x7f000001);             /* RFC 1122 §3.2.1.3: never on a wire */
    ip4_fill(ip, &o, 40);
    peer_frame(f, 60);
    o.src.v4 = be32(0xe0000001);
    ip4_fill(ip, &o, 40);
    peer_frame(f, 60);
    assert_int_equal(st->ip_bad[0], 8);
    assert_false(next_frame());
}

/* RFC 792: echo */
static void ping(void **state)
{
    (void)state;
    u8 m[64] = {ICMP4_ECHO, 0, 0, 0, 1, 2, 3, 4, 'd', 'a', 't', 'a'};

    give_ip(PEER_IP, OUR_IP, IP_PROTO_ICMP, m, 64);
    assert_true(next_frame());
    assert_int_equal(out[34], ICMP4_ECHO_REPLY);
    assert_memory_equal(out + 38, m + 4, 60);
    assert_int_equal(csum_finish(csum_add(out + 34, 64)), 0);
    give_ip(PEER_IP, be32(0x0a0000ff), IP_PROTO_ICMP, m, 64); /* RFC 1122 §3.2.2.6: no smurf */
    assert_false(next_frame());
}

/* RFC 1122 §3.2.2.1, §4.1.3.1: nobody there: unreachable, but not too often */
static void port_unreachable(void **state)
{
    (void)state;
    int n = 0;

    give_udp(OUR_IP, 1, 2, "x");
    assert_true(next_frame());
    assert_int_equal(out[34], ICMP4_UNREACHABLE);
    assert_int_equal(out[35], ICMP4_CODE_PORT);
    assert_memory_equal(out + 42 + 20, "\0\1\0\2", 4); /* it quotes the ports */
    for (int i = 0; i < 1000; i++)
        give_udp(OUR_IP, 1, 2, "x");
    while (next_frame())
        n++;
    assert_in_range(n, 1, 25);
    assert_true(peer_net.stats.icmp_limited > 900);
    u8 unknown[8] = {0};
    host_pass(NSEC_PER_SEC);
    give_ip(PEER_IP, OUR_IP, 99, unknown, 8);
    assert_true(next_frame());
    assert_int_equal(out[35], ICMP4_CODE_PROTO);
}

/* icmp(7): an unreachable port becomes ECONNREFUSED on the connected socket, once */
static void udp_refused(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    struct sockaddr_in a = peer_addr(PEER_IP, 9);
    u8 m[36] = {ICMP4_UNREACHABLE, ICMP4_CODE_PORT};
    char b;

    assert_int_equal(sock_connect(u, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_send(u, "x", 1, 0), 1);
    assert_true(next_frame());
    memcpy(m + 8, out + 14, 28);
    give_ip(PEER_IP, OUR_IP, IP_PROTO_ICMP, m, 36);
    assert_true(events_of(u) & EPOLLERR);
    assert_int_equal(sock_recv(u, &b, 1, 0), -ECONNREFUSED);
    assert_int_equal(sock_recv(u, &b, 1, 0), -EAGAIN);
    for (u32 n = 0; n < 36; n++) /* cut short anywhere: no harm */
        give_ip(PEER_IP, OUR_IP, IP_PROTO_ICMP, m, n);
    file_put(u);
}

/* --- UDP --- */

/* udp(7): datagrams keep their borders and their sender; what does not fit is cut */
static void udp_receive(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    struct sockaddr_in from;
    char buf[4];
    struct iovec iov = {buf, sizeof(buf)};
    struct msghdr m = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
    int n = 0;

    give_udp(OUR_IP, 53, 700, "abc");
    give_udp(OUR_IP, 54, 700, "defghi");
    give_udp(OUR_IP, 55, 700, "");
    assert_int_equal(u->ops->ioctl(u, FIONREAD, &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(sock_recvmsg(u, &m, 0), 3);
    assert_int_equal(be16(from.sin_port), 53);
    assert_int_equal(from.sin_addr.s_addr, PEER_IP);
    assert_int_equal(sock_recvmsg(u, &m, MSG_TRUNC | MSG_PEEK), 6);
    assert_int_equal(sock_recvmsg(u, &m, 0), 4);
    assert_true(m.msg_flags & MSG_TRUNC);
    assert_int_equal(sock_recv(u, buf, 4, 0), 0); /* an empty datagram */
    assert_int_equal(sock_recv(u, buf, 4, 0), -EAGAIN);
    file_put(u);
}

/* With the pool dry not even an empty queue keeps a datagram; it is counted. */
static void udp_dry(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    char buf[4];

    peer_dev.is_dry = true;
    give_udp(OUR_IP, 53, 700, "abc");
    assert_int_equal(sock_recv(u, buf, 4, 0), -EAGAIN);
    assert_int_equal(peer_net.stats.udp_queue_full[0], 1);
    peer_dev.is_dry = false;
    give_udp(OUR_IP, 53, 700, "abc");
    assert_int_equal(sock_recv(u, buf, 4, 0), 3);
    file_put(u);
}

/* RFC 768: a wrong checksum or length drops; the queue is bounded */
static void udp_hostile(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    u8 d[20] = {0, 1, 0x02, 0xbc, 0, 20, 0x12, 0x34};

    give_ip(PEER_IP, OUR_IP, IP_PROTO_UDP, d, 20);
    d[5] = 21;
    give_ip(PEER_IP, OUR_IP, IP_PROTO_UDP, d, 20);
    d[5] = 7;
    give_ip(PEER_IP, OUR_IP, IP_PROTO_UDP, d, 20);
    give_ip(PEER_IP, OUR_IP, IP_PROTO_UDP, d, 7);
    assert_int_equal(peer_net.stats.udp_bad[0], 3);
    assert_int_equal(peer_net.stats.udp_csum[0], 1);
    for (int i = 0; i < 1000; i++)
        give_udp(OUR_IP, 1, 700, "flood");
    assert_true(peer_net.stats.udp_queue_full[0] >= 900);
    assert_true(host_n_pkts < 100);
    file_put(u);
}

/* bind(2), socket(7): SO_REUSEADDR, wildcard and specific addresses, the best match wins */
static void udp_binding(void **state)
{
    (void)state;
    struct file *any = udp_bound(700), *mine = peer_socket(SOCK_DGRAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(OUR_IP, 700), other = peer_addr(be32(0x0a000044), 700);
    char buf[8];

    assert_int_equal(sock_bind(mine, (struct sockaddr *)&other, sizeof(a)), -EADDRNOTAVAIL);
    assert_int_equal(sock_bind(mine, (struct sockaddr *)&a, sizeof(a)), -EADDRINUSE);
    sock_setopt(any, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    sock_setopt(mine, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    assert_int_equal(sock_bind(mine, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_bind(mine, (struct sockaddr *)&a, sizeof(a)), -EINVAL);
    give_udp(OUR_IP, 1, 700, "x");
    assert_int_equal(sock_recv(any, buf, 8, 0), -EAGAIN);
    assert_int_equal(sock_recv(mine, buf, 8, 0), 1);
    file_put(any);
    file_put(mine);
}

/* socket(7), SO_BROADCAST: EACCES without it; with it, to everybody */
static void udp_broadcast(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    char buf[8];

    assert_int_equal(send_to(u, 0xffffffff, 9, "x", 1), -EACCES);
    assert_int_equal(send_to(u, be32(0x0a0000ff), 9, "x", 1), -EACCES);
    sock_setopt(u, SOL_SOCKET, SO_BROADCAST, &(int){1}, sizeof(int));
    assert_int_equal(send_to(u, be32(0x0a0000ff), 9, "x", 1), 1);
    assert_true(next_frame());
    assert_memory_equal(out, "\xff\xff\xff\xff\xff\xff", 6);
    give_udp(be32(0x0a0000ff), 1, 700, "x");
    assert_int_equal(sock_recv(u, buf, 8, 0), 1);
    file_put(u);
}

/* send(2): too big is EMSGSIZE, no address EDESTADDRREQ, no route ENETUNREACH */
static void udp_send_errors(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    static char big[70000];

    assert_int_equal(sock_send(u, "x", 1, 0), -EDESTADDRREQ);
    assert_int_equal(send_to(u, be32(0x08080808), 1, "x", 1), -ENETUNREACH);
    assert_int_equal(send_to(u, PEER_IP, 1, big, 1472), 1472);
    assert_int_equal(send_to(u, PEER_IP, 1, big, 65508), -EMSGSIZE);
    assert_int_equal(send_to(u, PEER_IP, 1, big, sizeof(big)), -EMSGSIZE);
    assert_int_equal(send_to(u, PEER_IP, 0, "x", 1), -EINVAL);
    drain();
    file_put(u);
}

/* a full ring makes senders wait, and loses nothing */
static void udp_back_pressure(void **state)
{
    (void)state;
    struct file *u = udp_bound(700);
    int n_sent = 0, n_out = 0;

    peer_dev.cap = 4;
    send_to(u, PEER_IP, 1, "x", 1);
    while (send_to(u, PEER_IP, 1, "x", 1) == 1)
        n_sent++;
    n_sent++;
    assert_false(events_of(u) & EPOLLOUT);
    while (next_frame())
        n_out++;
    assert_int_equal(n_out, n_sent);
    assert_int_equal(peer_net.stats.tx_dropped, 0);
    assert_true(events_of(u) & EPOLLOUT);
    file_put(u);
}

/* --- loopback --- */

/* 127.0.0.1 and our own address stay inside, with or without a device */
static void loopback(void **state)
{
    (void)state;
    struct file *u = udp_bound(700), *l = peer_listen(4), *c, *s;
    struct sockaddr_in a = peer_addr(be32(0x7f000001), OUR_PORT);
    char buf[16];

    assert_int_equal(send_to(u, be32(0x7f000001), 700, "self", 4), 4);
    assert_int_equal(send_to(u, OUR_IP, 700, "self", 4), 4);
    host_poll();
    assert_int_equal(sock_recv(u, buf, 16, 0), 4);
    assert_int_equal(sock_recv(u, buf, 16, 0), 4);
    c = peer_socket(SOCK_STREAM);
    assert_int_equal(sock_connect(c, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_accept(l, NULL, NULL, 0, &s), 0);
    assert_int_equal(sock_send(c, "hello", 5, 0), 5);
    assert_int_equal(sock_recv(s, buf, 16, 0), 5);
    file_put(c);
    assert_int_equal(sock_recv(s, buf, 16, 0), 0);
    file_put(s);
    a.sin_port = be16(81);
    c = peer_socket(SOCK_STREAM);
    assert_int_equal(sock_connect(c, (struct sockaddr *)&a, sizeof(a)), -ECONNREFUSED);
    file_put(c);
    file_put(u);
    file_put(l);
    assert_false(next_frame());
}

/* a socket connected to itself is a simultaneous open (RFC 9293 §3.5) */
static void self_connect(void **state)
{
    (void)state;
    struct file *c = peer_socket(SOCK_STREAM);
    struct sockaddr_in a = peer_addr(be32(0x7f000001), 4444);
    char buf[4];

    sock_bind(c, (struct sockaddr *)&a, sizeof(a));
    assert_int_equal(sock_connect(c, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_send(c, "me", 2, 0), 2);
    assert_int_equal(sock_recv(c, buf, 4, 0), 2);
    file_put(c);
}

/* setsockopt(2): known ones are kept, unknown ones ENOPROTOOPT */
static void options(void **state)
{
    (void)state;
    static const int plain[] = {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST};
    struct file *f = peer_socket(SOCK_STREAM);
    struct timeval tv = {1, 500000}, got;
    socklen_t len = sizeof(got);
    int v;

    for (u32 i = 0; i < ARRAY_SIZE(plain); i++) {
        len = sizeof(v);
        assert_int_equal(sock_setopt(f, SOL_SOCKET, plain[i], &(int){7}, sizeof(int)), 0);
        assert_int_equal(sock_getopt(f, SOL_SOCKET, plain[i], &v, &len), 0);
        assert_int_equal(v, 1);
    }
    len = sizeof(v);
    sock_getopt(f, SOL_SOCKET, SO_TYPE, &v, &len);
    assert_int_equal(v, SOCK_STREAM);
    assert_int_equal(sock_setopt(f, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
    len = sizeof(got);
    sock_getopt(f, SOL_SOCKET, SO_RCVTIMEO, &got, &len);
    assert_int_equal(got.tv_usec, 500000);
    assert_int_equal(sock_setopt(f, SOL_SOCKET, 9999, &v, sizeof(v)), -ENOPROTOOPT);
    assert_int_equal(sock_setopt(f, IPPROTO_TCP, 9999, &v, sizeof(v)), -ENOPROTOOPT);
    assert_int_equal(sock_setopt(f, IPPROTO_IP, 9999, &v, sizeof(v)), -ENOPROTOOPT);
    assert_int_equal(sock_setopt(f, IPPROTO_TCP, TCP_NODELAY, &v, 2), -EINVAL);
    struct tcp_info ti;
    len = sizeof(ti);
    assert_int_equal(sock_getopt(f, IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
    assert_int_equal(ti.tcpi_state, TCP_CLOSE);
    file_put(f);
}

/* socket(2): what there is not, and what it says */
static void kinds(void **state)
{
    (void)state;
    struct file *f;

    assert_int_equal(sock_create(AF_INET6, SOCK_STREAM, 0, &f), -EAFNOSUPPORT);
    assert_int_equal(sock_create(AF_INET, SOCK_RAW, 1, &f), -EPROTONOSUPPORT);
    assert_int_equal(sock_create(AF_INET, SOCK_STREAM, IPPROTO_UDP, &f), -EPROTONOSUPPORT);
    assert_int_equal(sock_create(AF_INET, 77, 0, &f), -ESOCKTNOSUPPORT);
}

/* recv(2) with SO_RCVTIMEO ends with EAGAIN, a signal with EINTR */
static void blocking_ends(void **state)
{
    (void)state;
    struct file *u = peer_socket(SOCK_DGRAM);
    struct timeval tv = {2, 0};
    u64 start = host_now_ns;
    char b;

    sock_setopt(u, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    assert_int_equal(sock_recv(u, &b, 1, 0), -EAGAIN);
    assert_int_equal(host_now_ns - start, 2 * NSEC_PER_SEC);
    host_signal = true;
    assert_int_equal(sock_recv(u, &b, 1, 0), -EINTR);
    host_signal = false;
    file_put(u);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {T(strange_frames),
                                       T(arp_answers),
                                       T(arp_asks),
                                       T(arp_flood),
                                       T(arp_ages),
                                       T(arp_spoof_of_us),
                                       T(bad_ip),
                                       T(ping),
                                       T(port_unreachable),
                                       T(udp_refused),
                                       T(udp_receive),
                                       T(udp_dry),
                                       T(udp_hostile),
                                       T(udp_binding),
                                       T(udp_broadcast),
                                       T(udp_send_errors),
                                       T(udp_back_pressure),
                                       T(loopback),
                                       T(self_connect),
                                       T(options),
                                       T(kinds),
                                       T(blocking_ends)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
