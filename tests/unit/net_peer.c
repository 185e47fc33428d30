#include "net_peer.h"

#include "net/csum.h"

struct net peer_net;
struct host_dev peer_dev;
struct file *peer_listener;
u16 peer_wnd = 65535;
u32 peer_seq, peer_ack;
static long pkts_before, heap_before, pages_before;

int peer_setup(void **state)
{
    struct net_config cfg = {.is_static = true, .addr = OUR_IP, .mask = be32(0xffffff00)};
    u8 frame[2048];

    (void)state;
    host_reset();
    pkts_before = host_n_pkts;
    heap_before = host_n_heap;
    pages_before = host_n_pages;
    host_dev_init(&peer_dev, 1, 0);
    net_init(&peer_net, &peer_dev.nd);
    net_self = &peer_net;
    net_configure(&peer_net, &cfg);
    while (host_dev_take(&peer_dev, frame, sizeof(frame)))
        ; /* the announcement */
    /* The peer asks for us first, so that its MAC is known. */
    struct {
        struct eth_hdr eth;
        struct arp_hdr arp;
    } __attribute__((packed)) ask = {
        .eth = {{255, 255, 255, 255, 255, 255}, {2, 0, 0, 0, 0, 2}, be16(ETH_TYPE_ARP)},
        .arp = {
            be16(1), be16(ETH_TYPE_IPV4), 6, 4, be16(1), {2, 0, 0, 0, 0, 2}, PEER_IP, {0}, OUR_IP}};
    host_dev_give(&peer_dev, &ask, sizeof(ask));
    while (host_dev_take(&peer_dev, frame, sizeof(frame)))
        ;
    peer_wnd = 65535;
    peer_seq = 1000;
    peer_ack = 0;
    peer_listener = NULL;
    return 0;
}

int peer_teardown(void **state)
{
    (void)state;
    if (peer_listener)
        file_put(peer_listener);
    peer_listener = NULL;
    host_net_free(&peer_net);
    assert_int_equal(host_n_pkts, pkts_before);
    assert_int_equal(host_n_heap, heap_before);
    assert_int_equal(host_n_pages, pages_before);
    return 0;
}

void peer_frame(const void *frame, size_t len)
{
    host_dev_give(&peer_dev, frame, len);
    host_poll();
}

void peer_send_seg(const struct seg *s)
{
    u8 f[2048] = {0};
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip4_hdr *ip = (struct ip4_hdr *)(eth + 1);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    u8 *o = (u8 *)(th + 1);
    u32 len, l4;

    memcpy(eth->dst, peer_net.eth.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV4);
    th->sport = be16(s->sport ? s->sport : PEER_PORT);
    th->dport = be16(s->dport ? s->dport : OUR_PORT);
    th->seq = be32(s->seq);
    th->ack = be32(s->ack);
    th->flags = s->flags;
    th->window = be16(s->wnd);
    if (s->mss) {
        *o++ = 2;
        *o++ = 4;
        *o++ = (u8)(s->mss >> 8);
        *o++ = (u8)s->mss;
    }
    if (s->has_ts) {
        u32 a = be32(s->ts_val), b = be32(s->ts_ecr);
        memcpy(o, "\1\1\x08\x0a", 4);
        memcpy(o + 4, &a, 4);
        memcpy(o + 8, &b, 4);
        o += 12;
    }
    if (s->wscale >= 0) {
        memcpy(o, "\1\3\3", 3);
        o[3] = (u8)s->wscale;
        o += 4;
    }
    th->offset = (u8)(((o - (u8 *)th) / 4) << 4);
    memcpy(o, s->data ? s->data : s->bytes, s->len);
    l4 = (u32)(o - (u8 *)th) + s->len;
    struct ip_out out = {ip_addr_v4(PEER_IP), ip_addr_v4(OUR_IP), IP_PROTO_TCP, 0, 0};
    ip4_fill(ip, &out, 20 + l4);
    th->csum = csum_finish(csum_add(th, l4) + be16(l4) + ip_pseudo(&out.src, &out.dst, 6));
    len = 34 + l4;
    peer_frame(f, MAX(len, 60)); /* padded, as on a wire */
}

void peer_send_at(u32 seq, u32 ack, u8 flags, const void *data, u32 len)
{
    struct seg s = {.seq = seq,
                    .ack = ack,
                    .flags = flags,
                    .wnd = peer_wnd,
                    .wscale = -1,
                    .data = data,
                    .len = len};

    peer_send_seg(&s);
}

void peer_send(u8 flags, const void *data, u32 len)
{
    u32 seq = peer_seq;

    peer_seq += len + !!(flags & SYN) + !!(flags & FIN);
    peer_send_at(seq, peer_ack, flags, data, len);
}

static void answer_arp(const struct arp_hdr *a)
{
    struct {
        struct eth_hdr eth;
        struct arp_hdr arp;
    } __attribute__((packed)) r = {
        .eth = {{0}, {2, 0, 0, 0, 0, 2}, be16(ETH_TYPE_ARP)},
        .arp = {
            be16(1), be16(ETH_TYPE_IPV4), 6, 4, be16(2), {2, 0, 0, 0, 0, 2}, PEER_IP, {0}, OUR_IP}};

    if (a->op != be16(1) || a->target_ip != PEER_IP)
        return;
    memcpy(r.eth.dst, a->sender_mac, 6);
    memcpy(r.arp.target_mac, a->sender_mac, 6);
    peer_frame(&r, sizeof(r));
}

bool peer_recv(struct seg *s)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&peer_dev, f, sizeof(f))) != 0) {
        const struct eth_hdr *eth = (const struct eth_hdr *)f;
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(eth + 1);
        const struct tcp_hdr *th = (const struct tcp_hdr *)(ip + 1);
        if (eth->type == be16(ETH_TYPE_ARP)) {
            answer_arp((const struct arp_hdr *)(eth + 1));
            continue;
        }
        assert_int_equal(csum_finish(csum_add(ip, 20)), 0);
        if (ip->proto != IP_PROTO_TCP)
            continue;
        u32 l4 = be16(ip->total_len) - 20u, off = (th->offset >> 4) * 4u;
        struct ip_addr src = ip_addr_v4(ip->src), dst = ip_addr_v4(ip->dst);
        assert_int_equal(34 + l4, n);
        assert_true(off >= 20 && off <= l4);
        assert_int_equal(csum_finish(csum_add(th, l4) + be16(l4) + ip_pseudo(&src, &dst, 6)), 0);
        memset(s, 0, sizeof(*s));
        s->seq = be32(th->seq);
        s->ack = be32(th->ack);
        s->flags = th->flags;
        s->wnd = be16(th->window);
        s->sport = be16(th->sport);
        s->dport = be16(th->dport);
        s->wscale = -1;
        s->len = l4 - off;
        memcpy(s->bytes, (const u8 *)th + off, s->len);
        for (const u8 *o = (const u8 *)(th + 1), *end = (const u8 *)th + off; o < end && *o;) {
            if (*o == 1) {
                o++;
                continue;
            }
            if (*o == 2)
                s->mss = (u16)(o[2] << 8 | o[3]);
            if (*o == 3)
                s->wscale = o[2];
            if (*o == 8) {
                memcpy(&s->ts_val, o + 2, 4);
                memcpy(&s->ts_ecr, o + 6, 4);
                s->ts_val = be32(s->ts_val);
                s->ts_ecr = be32(s->ts_ecr);
                s->has_ts = true;
            }
            o += o[1];
        }
        return true;
    }
    return false;
}

struct seg peer_expect(u8 flags)
{
    struct seg s;

    assert_true(peer_recv(&s));
    assert_int_equal(s.flags & ~PSH, flags & ~PSH);
    if (!(flags & (SYN | RST)))
        assert_int_equal(s.seq, peer_ack);
    if (!(flags & RST))
        peer_ack = s.seq + s.len + !!(flags & SYN) + !!(flags & FIN);
    return s;
}

void peer_expect_none(void)
{
    struct seg s;

    if (peer_recv(&s))
        fail_msg("unexpected segment: flags %02x seq %u ack %u len %u", s.flags, s.seq, s.ack,
                 s.len);
}

unsigned peer_drain(void)
{
    struct seg s;
    unsigned n = 0;

    while (peer_recv(&s))
        n++;
    return n;
}

struct sockaddr_in peer_addr(u32 ip, u16 port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(port)};

    a.sin_addr.s_addr = ip;
    return a;
}

struct file *peer_socket(int type)
{
    struct file *f = NULL;

    assert_int_equal(sock_create(AF_INET, type, 0, &f), 0);
    return f;
}

void set_nonblock(struct file *f)
{
    f->flags |= O_NONBLOCK;
}

struct file *peer_listen(int backlog)
{
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(0, OUR_PORT);

    assert_int_equal(sock_bind(f, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(sock_listen(f, backlog), 0);
    return f;
}

struct file *peer_connect(struct file *listener)
{
    struct file *f = NULL;
    struct seg s;

    peer_send(SYN, NULL, 0);
    s = peer_expect(SYN | ACK);
    assert_int_equal(s.ack, peer_seq);
    peer_send(ACK, NULL, 0);
    assert_int_equal(sock_accept(listener, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    return f;
}

struct file *peer_established(void)
{
    peer_listener = peer_listen(16);
    return peer_connect(peer_listener);
}

struct file *peer_accept(void)
{
    struct file *f = peer_socket(SOCK_STREAM | SOCK_NONBLOCK);
    struct sockaddr_in a = peer_addr(PEER_IP, PEER_PORT), me = peer_addr(0, OUR_PORT);

    assert_int_equal(sock_bind(f, (struct sockaddr *)&me, sizeof(me)), 0);
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
    peer_expect(SYN | ECN);
    peer_send(SYN | ACK, NULL, 0);
    peer_expect(ACK);
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), 0); /* once, as Linux */
    assert_int_equal(sock_connect(f, (struct sockaddr *)&a, sizeof(a)), -EISCONN);
    return f;
}

struct tcp_sock *tcp_sock_of(struct file *f)
{
    return tcp_of(CONTAINER_OF(f, struct sock, file));
}

u32 events_of(struct file *f)
{
    return f->ops->poll(f);
}
