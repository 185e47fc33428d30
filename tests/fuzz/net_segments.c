/* Sequences of segments against established connections: each input is a list of small records that
 * name sequence numbers by what they are near, so that mutation stays among plausible segments. */
/* libs: cmocka */
/* sources: tests/unit/net_host.c runtime/net */
#include "net_host.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/tcp.h"

/* One record. op: what happens; the rest are its arguments. */
struct record {
    u8 op, flags, seq_near, ack_near;
    s8 seq_off, ack_off;
    u8 len, win;
};

static const u8 likely_flags[] = {0x10, 0x10, 0x18, 0x11, 0x04, 0x14, 0x02, 0x12, 0x30, 0x00, 0xd0};

static struct net net;
static struct host_dev dev;
static u32 peer_nxt, our_una, our_nxt; /* the peer's next; what the stack has sent */
static u32 n_read;                     /* bytes the service has read: in order, once */
static bool has_ts;

static u8 byte_at(u32 at)
{
    return (u8)(at * 167 + (at >> 8) * 31 + 7);
}

static void look_at_output(void)
{
    u8 f[2048];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(f + 14);
        const struct tcp_hdr *th = (const struct tcp_hdr *)(ip + 1);
        if (f[12] != 8 || f[13] != 0 || ip->proto != IP_PROTO_TCP)
            continue;
        u32 end = be32(th->seq) + (u32)n - 34 - (th->offset >> 4) * 4u + !!(th->flags & TCP_F_SYN) +
                  !!(th->flags & TCP_F_FIN);
        if (th->flags & TCP_F_SYN)
            our_una = our_nxt = be32(th->seq) + 1;
        else if (!(th->flags & TCP_F_RST) && SEQ_GT(end, our_nxt))
            our_nxt = end;
    }
}

static void give(const struct record *r, u32 seq, u32 ack, u32 len)
{
    u8 f[2048] = {0};
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip4_hdr *ip = (struct ip4_hdr *)(eth + 1);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    struct ip_out out = {ip_addr_v4(be32(0x0a000002)), ip_addr_v4(be32(0x0a000001)), IP_PROTO_TCP,
                         0, 0};
    u8 *o = (u8 *)(th + 1);

    memcpy(eth->dst, dev.nd.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV4);
    th->sport = be16(5000);
    th->dport = be16(80);
    th->seq = be32(seq);
    th->ack = be32(ack);
    th->flags = r->flags & 0x80 ? r->flags : likely_flags[r->flags % sizeof(likely_flags)];
    th->window = be16(r->win & 0x80 ? 65535 : r->win * 40u);
    if (has_ts && !(r->op & 0x40)) {
        u32 val = be32(1000 + (u32)(host_now_ns / NSEC_PER_MSEC) - (r->op & 0x80 ? 5000 : 0));
        memcpy(o, "\1\1\x08\x0a", 4);
        memcpy(o + 4, &val, 4);
        o += 12;
    }
    if (r->op & 0x20) { /* a SACK block, true or not */
        u32 edge[2] = {be32(our_una + r->seq_near * 100u), be32(our_una + r->ack_near * 200u)};
        memcpy(o, "\1\1\5\x0a", 4);
        memcpy(o + 4, edge, 8);
        o += 12;
    }
    th->offset = (u8)(((o - (u8 *)th) / 4) << 4);
    for (u32 i = 0; i < len; i++)
        o[i] = byte_at(seq - 1001 + i);
    len += (u32)(o - (u8 *)th);
    ip4_fill(ip, &out, 20 + len);
    th->csum = csum_finish(csum_add(th, len) + be16(len) + ip_pseudo(&out.src, &out.dst, 6));
    host_dev_give(&dev, f, 34 + len);
    host_poll();
}

static void segment(const struct record *r)
{
    const u32 seqs[4] = {peer_nxt, peer_nxt, peer_nxt - 1, 1001};
    const u32 acks[4] = {our_nxt, our_una, our_nxt + 1, our_una + (our_nxt - our_una) / 2};
    u32 seq = seqs[r->seq_near & 3] + (u32)(s32)r->seq_off * (r->seq_near & 4 ? 600u : 0u);
    u32 ack = acks[r->ack_near & 3] + (u32)(s32)r->ack_off * (r->ack_near & 4 ? 100u : 0u);
    u32 len = r->len * 5u;

    give(r, seq, ack, len);
    if (seq == peer_nxt)
        peer_nxt += len;
    if (SEQ_GT(ack, our_una) && SEQ_LEQ(ack, our_nxt))
        our_una = ack;
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
    static const struct {
        struct eth_hdr eth;
        struct arp_hdr arp;
    } __attribute__((packed))
    ask = {.eth = {{255, 255, 255, 255, 255, 255}, {2, 0, 0, 0, 0, 2}, be16(ETH_TYPE_ARP)},
           .arp = {be16(1),
                   be16(ETH_TYPE_IPV4),
                   6,
                   4,
                   be16(1),
                   {2, 0, 0, 0, 0, 2},
                   be32(0x0a000002),
                   {0},
                   be32(0x0a000001)}};
    struct net_config cfg = {.is_static = true, .addr = be32(0x0a000001), .mask = be32(0xffffff00)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(80)};
    long pkts = host_n_pkts, heap = host_n_heap, pages = host_n_pages;
    struct file *l, *c = NULL;
    u8 buf[5000] = {0};
    struct record r = {.win = 0xff};

    if (size < 1)
        return 0;
    has_ts = data[0] & 1;
    host_reset();
    host_seed = 1;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    host_dev_give(&dev, &ask, sizeof(ask));
    sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &l);
    sock_bind(l, (struct sockaddr *)&a, sizeof(a));
    sock_listen(l, 3);
    r.flags = 0x80 | TCP_F_SYN; /* the top bit says "exactly these" */
    give(&r, 1000, 0, 0);
    look_at_output();
    r.flags = 0;
    peer_nxt = 1001;
    n_read = 0;
    give(&r, peer_nxt, our_nxt, 0);
    if (sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &c) != 0)
        abort();
    for (data++, size--; size >= sizeof(r); data += sizeof(r), size -= sizeof(r)) {
        memcpy(&r, data, sizeof(r));
        switch (r.op % 16) {
        case 0:
            if (c)
                read_some(c, r.len * 20u);
            break;
        case 1:
            if (c)
                sock_send(c, buf, r.len * 19u, r.flags & 1 ? MSG_MORE : 0);
            break;
        case 2:
            host_pass((u64)r.len * r.win * NSEC_PER_MSEC);
            break;
        case 3:
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
