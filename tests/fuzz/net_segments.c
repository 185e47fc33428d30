/* Sequences of segments against established connections: each input is a list of small records that
 * name sequence numbers by what they are near, so that mutation stays among plausible segments. */
/* libs: cmocka */
/* sources: tests/unit/net_rules.c tests/unit/net_host.c runtime/net */
#include "net_rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/csum.h"
#include "net/tcp.h"

/* One record. op: what happens; the rest are its arguments. */
struct record {
    u8 op, flags, seq_near, ack_near;
    s8 seq_off, ack_off;
    u8 len, win;
};

enum { OP_READ, OP_SEND, OP_PASS, OP_CLOSE, OP_CHAIN, OP_MARKED, OP_ECHO, OP_TOO_BIG };
#define OP(r)        ((r)->op % 16) /* what is not named is a segment */
#define OP_SACK2     0x10           /* with OP_SACK: two blocks */
#define OP_SACK      0x20
#define OP_NO_TS     0x40
#define OP_OLD_TS    0x80

/* The first byte of an input: what both have agreed on, and our machine. */
#define WITH_TS      0x01
#define WITH_SACK    0x02
#define WITH_ECN     0x04
#define WITH_TSO     0x08
#define WITH_MSS     0x10 /* 1,000 bytes instead of the 536 of peers that say nothing */
#define SMALL_RING   0x20
#define SMALL_MEMORY 0x40

static const u8 likely_flags[] = {0x10, 0x10, 0x18, 0x11, 0x04, 0x14, 0x02, 0x12, 0x30, 0x00, 0xd0};

static struct net net;
static struct host_dev dev;
static u32 peer_nxt, our_una, our_nxt; /* the peer's next; what the stack has sent */
static u32 our_iss, our_ts;            /* of what it has sent, the last timestamp */
static u32 n_read, n_written;          /* bytes the service has read, written: in order, once */
static u8 with;
static u32 mss;

static u8 byte_at(u32 at)
{
    return (u8)(at * 167 + (at >> 8) * 31 + 7);
}

static void wrong(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

/* A segment of the stack's: its sum is right, its text is what the service has written. */
static void look_at(const u8 *f, u32 n)
{
    const struct ip4_hdr *ip = (const struct ip4_hdr *)(f + 14);
    const struct tcp_hdr *th = (const struct tcp_hdr *)(ip + 1);
    struct ip_addr src = ip_addr_v4(ip->src), dst = ip_addr_v4(ip->dst);
    u32 seq = be32(th->seq), off = (th->offset >> 4) * 4u, len = n - 34 - off;
    u32 end = seq + len + !!(th->flags & TCP_F_SYN) + !!(th->flags & TCP_F_FIN);

    if (csum_finish(csum_add(th, n - 34) + be16(n - 34) + ip_pseudo(&src, &dst, IP_PROTO_TCP)))
        wrong("the stack sent a broken segment");
    if (th->flags & TCP_F_SYN) {
        our_iss = seq;
        our_una = our_nxt = seq + 1;
        return;
    }
    if (len && (SEQ_LT(seq, our_iss + 1) || seq - our_iss - 1 + len > n_written))
        wrong("the stack sent what nobody wrote");
    for (u32 i = 0; i < len; i++)
        if (f[34 + off + i] != byte_at(seq - our_iss - 1 + i))
            wrong("the stack sent other bytes");
    if (off >= 32 && memcmp(th + 1, "\1\1\x08\x0a", 4) == 0) {
        memcpy(&our_ts, (const u8 *)(th + 1) + 4, 4);
        our_ts = be32(our_ts);
    }
    if (!(th->flags & TCP_F_RST) && SEQ_GT(end, our_nxt))
        our_nxt = end;
}

static void look_at_output(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(f + 14);
        if (f[12] == 8 && f[13] == 0 && ip->proto == IP_PROTO_TCP)
            look_at(f, (u32)n);
        if (f[12] == 8 && f[13] == 6 && f[21] == 1) { /* asks */
            host_dev_introduce(&dev);
            host_poll();
        }
    }
}

static u8 *put32(u8 *o, u32 v)
{
    v = be32(v);
    memcpy(o, &v, 4);
    return o + 4;
}

/* Blocks, true or not: in full segments from what is unacknowledged. */
static u8 *put_sack(u8 *o, const struct record *r)
{
    u32 from = our_una + (r->seq_near >> 3) * mss, to = from + (1 + (r->ack_near >> 4)) * mss;
    u32 n = r->op & OP_SACK2 ? 2 : 1;

    o = put32(o, 0x01010500 | (2 + 8 * n));
    if (r->win % 8 == 7)
        to += 1;
    if (n == 2 && r->win % 4 == 3) /* what came twice is told first (RFC 2883) */
        o = put32(put32(o, our_una - mss), our_una);
    o = put32(put32(o, from), to);
    if (n == 2 && r->win % 4 != 3)
        o = put32(put32(o, to + (1 + r->win % 4) * mss), to + (2 + r->win % 16) * mss);
    return o;
}

static void put_eth(u8 *f)
{
    struct eth_hdr *eth = (struct eth_hdr *)f;

    memcpy(eth->dst, dev.nd.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV4);
}

static void give(const struct record *r, u32 seq, u32 ack, u32 len)
{
    static u8 f[10000];
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(be32(0x0a000001)), IP_PROTO_TCP,
                         OP(r) == OP_MARKED ? 3 : 0, 0};
    u8 *o = (u8 *)(th + 1);

    memset(f, 0, 100);
    put_eth(f);
    th->sport = be16(5000);
    th->dport = be16(80);
    th->seq = be32(seq);
    th->ack = be32(ack);
    th->flags = r->flags & 0x80 ? r->flags : likely_flags[r->flags % sizeof(likely_flags)];
    if (OP(r) == OP_ECHO)
        th->flags |= r->flags & 0x40 ? TCP_F_CWR : TCP_F_ECE;
    th->window = be16(r->win & 0x80 ? 65535 : r->win * 40u);
    if (th->flags & TCP_F_SYN) {
        if (with & WITH_MSS)
            o = put32(o, 0x02040000 | 1000);
        if (with & WITH_SACK)
            o = put32(o, 0x01010402);
    }
    if (with & WITH_TS && !(r->op & OP_NO_TS)) {
        u32 now = 1000 + (u32)(host_now_ns / NSEC_PER_MSEC);
        o = put32(o, 0x0101080a);
        o = put32(o, now - (r->op & OP_OLD_TS ? 5000 : 0));
        o = put32(o, our_ts - (r->win % 3 == 2 ? 100 : 0));
    }
    if (r->op & OP_SACK && (u8 *)th + 40 >= o)
        o = put_sack(o, r);
    th->offset = (u8)(((o - (u8 *)th) / 4) << 4);
    for (u32 i = 0; i < len; i++)
        o[i] = byte_at(seq - 1001 + i);
    len += (u32)(o - (u8 *)th);
    ip4_fill(ip, &out, 20 + len);
    th->csum = csum_finish(csum_add(th, len) + be16(len) + ip_pseudo(&out.src, &out.dst, 6));
    if (OP(r) == OP_CHAIN)
        host_dev_give_chain(&dev, f, 34 + len, 40 + r->win * 7u);
    else
        host_dev_give(&dev, f, 34 + len);
    host_poll();
}

static void segment(const struct record *r)
{
    const u32 seqs[4] = {peer_nxt, peer_nxt, peer_nxt - 1, 1001};
    const u32 acks[4] = {our_nxt, our_una, our_nxt + 1, our_una + (our_nxt - our_una) / 2};
    u32 seq = seqs[r->seq_near & 3] + (u32)(s32)r->seq_off * (r->seq_near & 4 ? 600u : 0u);
    u32 ack = acks[r->ack_near & 3] + (u32)(s32)r->ack_off * (r->ack_near & 4 ? 100u : 0u);
    u32 len = r->len * (OP(r) == OP_CHAIN ? 35u : 5u);

    give(r, seq, ack, len);
    if (seq == peer_nxt)
        peer_nxt += len;
    if (SEQ_GT(ack, our_una) && SEQ_LEQ(ack, our_nxt))
        our_una = ack;
}

/* RFC 1191: a router finds the first segment in flight, or what is said to be one, too big. */
static void too_big(const struct record *r)
{
    u8 f[100] = {0};
    struct ip4_hdr *ip = (struct ip4_hdr *)(f + 14), *in = (struct ip4_hdr *)(f + 42);
    struct tcp_hdr *th = (struct tcp_hdr *)(in + 1);
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(be32(0x0a000001)), IP_PROTO_ICMP,
                         0, 0};
    struct ip_out of_ours = {out.dst, out.src, IP_PROTO_TCP, 0, 0};
    u16 sum;

    put_eth(f);
    f[34] = 3;
    f[35] = 4;
    f[40] = r->len >> 2;
    f[41] = r->win;
    ip4_fill(in, &of_ours, 60);
    th->sport = be16(80);
    th->dport = be16(5000);
    th->seq = be32(our_una + (u32)(s32)r->seq_off * 100);
    sum = csum_finish(csum_add(f + 34, 36));
    memcpy(f + 36, &sum, 2);
    ip4_fill(ip, &out, 20 + 36);
    host_dev_give(&dev, f, 70);
    host_poll();
}

static void write_some(struct file *c, size_t len, int flags)
{
    static u8 buf[256 * 60];
    ssize_t n;

    for (size_t i = 0; i < len; i++)
        buf[i] = byte_at(n_written + (u32)i);
    n = sock_send(c, buf, len, flags);
    if (n > 0)
        n_written += (u32)n;
}

/* What the service reads is the peer's stream: every byte in its place. */
static void read_some(struct file *c, size_t max)
{
    u8 buf[4096];
    ssize_t n = sock_recv(c, buf, MIN(max, sizeof(buf)), 0);

    for (ssize_t i = 0; i < n; i++)
        if (buf[i] != byte_at(n_read++))
            abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(80)};
    long pkts = host_n_pkts, heap = host_n_heap, pages = host_n_pages;
    struct file *l, *c = NULL;
    struct record r = {.op = 15, .win = 0xff};
    const char *rule;

    if (size < 1)
        return 0;
    with = data[0];
    mss = (with & WITH_MSS ? 1000 : 536) - (with & WITH_TS ? 12 : 0);
    host_reset();
    host_seed = 1;
    host_dev_init(&dev, 1, with & WITH_TSO ? BIT(NETDEV_CSUM_TX) | BIT(NETDEV_TSO4) : 0);
    if (with & SMALL_RING)
        dev.cap = with & WITH_TSO ? 64 : 4; /* a frame of all segments must fit */
    net_init(&net, &dev.nd);
    net_self = &net;
    if (with & SMALL_MEMORY) {
        net.limits.tx_pkts = 8;
        net.limits.rx_pkts = 4;
        net.limits.rx_compact_bytes = 8192;
        net.limits.rcvbuf_bytes = net.limits.sndbuf_bytes = 6000;
    }
    net_configure(&net, &cfg);
    host_dev_introduce(&dev);
    sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &l);
    sock_bind(l, (struct sockaddr *)&a, sizeof(a));
    sock_listen(l, 3);
    /* the top bit, which is CWR, says "exactly these" */
    r.flags = 0x80 | TCP_F_SYN | (with & WITH_ECN ? TCP_F_ECE : 0);
    give(&r, 1000, 0, 0);
    look_at_output();
    r.flags = 0;
    peer_nxt = 1001;
    n_read = n_written = 0;
    give(&r, peer_nxt, our_nxt, 0);
    if (sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &c) != 0)
        abort();
    for (data++, size--; size >= sizeof(r); data += sizeof(r), size -= sizeof(r)) {
        memcpy(&r, data, sizeof(r));
        switch (OP(&r)) {
        case OP_READ:
            if (c)
                read_some(c, r.len * 20u);
            break;
        case OP_SEND:
            if (c)
                write_some(c, r.len * (r.flags & 2 ? 60u : 19u), r.flags & 1 ? MSG_MORE : 0);
            break;
        case OP_PASS:
            host_pass((u64)r.len * r.win * NSEC_PER_MSEC);
            break;
        case OP_TOO_BIG:
            too_big(&r);
            break;
        case OP_CLOSE:
            if (c && r.flags > 0xf0) {
                file_put(c);
                c = NULL;
            } else if (c && r.flags > 0xe0) {
                sock_shutdown(c, r.len % 3);
            }
            break;
        default:
            segment(&r);
        }
        look_at_output();
        if ((rule = net_rule_broken(&net)))
            wrong(rule);
    }
    if (c)
        file_put(c);
    file_put(l);
    host_net_free(&net);
    if (host_n_pkts != pkts || host_n_heap != heap || host_n_pages != pages)
        abort();
    return 0;
}

/* Mutation by record: change one field, double, drop or swap whole records. */
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
    const size_t one = sizeof(struct record);
    size_t n = size > 1 ? (size - 1) / one : 0, at;
    u8 *first = data + 1;

    srand(seed);
    if (rand() % 8 == 0 || size < 1)
        return LLVMFuzzerMutate(data, size, max_size);
    at = n ? (size_t)rand() % n : 0;
    switch (n ? rand() % 5 : 0) {
    case 0: /* a new record */
        if (1 + (n + 1) * one > max_size)
            break;
        memmove(first + (at + 1) * one, first + at * one, (n - at) * one);
        for (size_t i = 0; i < one; i++)
            first[at * one + i] = (u8)rand();
        n++;
        break;
    case 1: /* once more */
        if (1 + (n + 1) * one > max_size)
            break;
        memmove(first + (at + 1) * one, first + at * one, (n - at) * one);
        n++;
        break;
    case 2: /* without it */
        memmove(first + at * one, first + (at + 1) * one, (n - at - 1) * one);
        n--;
        break;
    case 3: { /* in another order */
        struct record x, y;
        size_t other = (size_t)rand() % n;
        memcpy(&x, first + at * one, one);
        memcpy(&y, first + other * one, one);
        memcpy(first + at * one, &y, one);
        memcpy(first + other * one, &x, one);
        break;
    }
    default: /* one field */
        first[at * one + (size_t)rand() % one] = (u8)rand();
    }
    return 1 + n * one;
}
