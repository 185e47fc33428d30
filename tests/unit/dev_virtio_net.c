/* The network device (virtio 1.2 §5.1): frames both ways, back-pressure, and a device that lies. */
/* Still one thing: one driver, whose state is static, and one model in front of it. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/virtio/virtio.c runtime/dev/virtio/mmio.c */
/* sources: runtime/dev/reg.c tests/unit/dev_host.c tests/unit/dev_virtio_model.c */
/* sources: tests/unit/dev_virtio_bus.c */
#include "dev_virtio_bus.h"

#include <string.h>

#include "dev/pkt.c"
#include "dev/virtio/net.c"

#define F_LEGACY (BIT(NET_F_MAC) | BIT(VIRTIO_F_ANY_LAYOUT))
#define F_MODERN (BIT(NET_F_MAC) | BIT(NET_F_MRG_RXBUF) | BIT(VIRTIO_F_EVENT_IDX))
#define BUDGET   64 /* packets: 16 receive buffers */

static const u8 mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

/* ---- the seams net.c expects */

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    return device_id == VIRTIO_ID_NET ? &virtio_net_driver : NULL;
}

/* ---- the user */

static struct netdev *nd;
static struct pkt *got[256];
static unsigned n_got, n_borrowed, n_space;
static bool keeps, frees; /* everything; one of them while it borrows another */
static u32 takes;         /* for netdev_first() */

static void check_rx(struct netdev *from, struct pkt *p, void *user)
{
    assert_ptr_equal(from, nd);
    assert_ptr_equal(user, &n_got);
    assert_true(p->len_bytes >= 14 && p->data >= p->buf);
    assert_true(p->data + p->len_bytes <= p->buf + p->cap_bytes);
    if (p->next) {
        u32 sum = 0;

        assert_true(takes && (p->flags & BIT(PKT_CSUM_VALID)));
        for (const struct pkt *q = p; q; sum += q->len_bytes, q = q->next)
            for (u32 i = q == p ? 14 : 0; i < q->len_bytes; i++)
                assert_int_equal(q->data[i], 'x');
        assert_int_equal(sum, p->frame_bytes);
    }
}

static void on_rx(struct netdev *from, struct pkt *p, void *user)
{
    check_rx(from, p, user);
    if (keeps) {
        got[n_got] = p;
    } else {
        pkt_put_chain(p);
    }
    n_got++;
}

static void on_rx_borrowed(struct netdev *from, struct pkt *p, void *user)
{
    check_rx(from, p, user);
    pkt_put_chain(p);
    n_borrowed++;
    if (frees)
        pkt_put(got[--n_got]);
}

static void on_space(struct netdev *from, void *user)
{
    (void)from;
    (void)user;
    n_space++;
}

/* A device that the driver has not looked for yet, with which no page is in use. */
static void plug(bool is_legacy, u64 features, u32 budget)
{
    bus_reset();
    memset(&nic, 0, sizeof(nic));
    memset(&pool, 0, sizeof(pool));
    pkt_pool_init(budget);
    model_init(1, is_legacy, features);
    host_n_pages = 0;
}

static void open_net(bool is_legacy, u64 features, u32 budget)
{
    plug(is_legacy, features, budget);
    memcpy(model.config, mac, 6);
    n_got = n_borrowed = n_space = 0;
    keeps = frees = false;
    nd = netdev_first(takes);
    if (nd) {
        nd->rx = on_rx;
        nd->rx_borrowed = on_rx_borrowed;
        nd->tx_space = on_space;
        nd->user = &n_got;
    }
}

static int modern(void **state)
{
    takes = 0;
    (void)state;
    open_net(false, F_MODERN, BUDGET);
    return nd ? 0 : -1;
}

static int legacy(void **state)
{
    takes = 0;
    (void)state;
    open_net(true, F_LEGACY, BUDGET);
    return nd ? 0 : -1;
}

static bool poll_net(void)
{
    return host_poller->poll(host_poller);
}

/* The device receives a frame of @len bytes, all 'x', with header @h. False: no buffer. */
static bool deliver(u32 len, struct net_hdr h)
{
    struct model_chain c;
    u8 frame[2048];
    u32 at = 0;

    if (!model_take(QUEUE_RX, &c))
        return false;
    memset(frame, 'x', sizeof(frame));
    memcpy(frame, &h, nic.hdr_bytes);
    len += nic.hdr_bytes;
    for (unsigned i = 0; i < c.n; i++) {
        u32 n = MIN(c.seg[i].len, len - at);

        assert_true(c.seg[i].is_write);
        memcpy(c.seg[i].data, frame + at, n);
        at += n;
    }
    assert_int_equal(at, len);
    model_give(QUEUE_RX, c.head, len);
    return true;
}

static const struct net_hdr plain = {.num_buffers = 1};

static struct pkt *frame_new(u32 len)
{
    struct pkt *p = pkt_alloc(PKT_DRIVER_HEADROOM);

    assert_non_null(p);
    memset(p->data, 't', len);
    p->len_bytes = len;
    return p;
}

static unsigned n_inflight(void)
{
    return nic.rx.n_inflight + nic.tx.n_inflight;
}

static void expect_stopped(void)
{
    unsigned resets = model.n_resets;

    assert_false(poll_net());
    assert_int_equal(model.n_resets, resets + 1);
    assert_int_equal(host_n_logged, 1);
    assert_int_equal(pkt_pool_in_use(), 0);
    assert_false(poll_net());
    assert_false(host_poller->arm(host_poller));
    host_poller->disarm(host_poller);
    struct pkt *p = frame_new(60);
    assert_int_equal(netdev_tx(nd, p), -EIO);
    netdev_flush(nd);
    pkt_put(p);
    assert_int_equal(model.n_resets, resets + 1);
    assert_int_equal(host_n_logged, 1);
}

/* ---- start */

static void starts(void **state)
{
    (void)state;
    open_net(false, F_MODERN | BIT(NET_F_CSUM) | BIT(NET_F_HOST_TSO4) | BIT(NET_F_GUEST_CSUM),
             BUDGET);
    assert_non_null(nd);
    assert_memory_equal(nd->mac, mac, 6);
    assert_int_equal(nd->mtu_bytes, 1500);
    assert_int_equal(nd->offloads, BIT(NETDEV_CSUM_TX) | BIT(NETDEV_CSUM_RX) | BIT(NETDEV_TSO4));
    assert_int_equal(model.status, 15);
    assert_int_equal(model_n_avail(QUEUE_RX), BUDGET / 4);
    assert_int_equal(model.q[0].n_kicks, 1);
    assert_int_equal(host_routed_gsi, 24);
    assert_true(host_routed_level);
    assert_ptr_equal(netdev_first(takes), nd);
    assert_int_equal(model.n_resets, 1);
}

static void no_device(void **state)
{
    (void)state;
    bus_reset();
    memset(&nic, 0, sizeof(nic));
    model_init(0, false, 0);
    assert_null(netdev_first(takes));
    assert_int_equal(host_n_logged, 0);
}

static void odd_configuration(void **state)
{
    (void)state;
    open_net(false, F_MODERN & ~BIT(NET_F_MAC), BUDGET); /* none */
    assert_int_equal(nd->mac[0], 2);
    open_net(false, F_MODERN | BIT(NET_F_MTU), BUDGET); /* 0 */
    assert_int_equal(nd->mtu_bytes, 1500);
    for (unsigned mtu = 1; mtu < 65536; mtu = mtu * 3 + 1) {
        plug(false, F_MODERN | BIT(NET_F_MTU), BUDGET);
        memset(model.config, 0xff, 6); /* a broadcast address */
        memcpy(model.config + 10, &mtu, 2);
        model.is_config_restless = true;
        nd = netdev_first(takes);
        assert_non_null(nd);
        assert_false(nd->mac[0] & 1);
        assert_true(nd->mtu_bytes >= 68 && nd->mtu_bytes + 14u <= FRAME_MAX);
    }
}

static void refuses_to_start(void **state)
{
    (void)state;
    for (unsigned lie = 0; lie < 7; lie++) {
        plug(false, F_MODERN, BUDGET);
        switch (lie) {
        case 0:
            model.never_resets = true;
            model.status = 1;
            break;
        case 1:
            model.refuses_features = true;
            break;
        case 2:
            model.offered &= ~BIT(32);
            break;
        case 3:
            model.q[0].max = 0;
            break;
        case 4:
            model.q[1].max = 48; /* not a power of two */
            break;
        case 5:
            host_pages_left = 2; /* no packet */
            break;
        case 6:
            host_pages_left = 1; /* no second ring */
            break;
        }
        assert_null(netdev_first(takes));
        assert_true(host_n_logged >= 1);
        assert_int_equal(pkt_pool_in_use(), 0);
        assert_int_equal(host_n_pages, pool.n_made / PKTS_PER_PAGE); /* the rings went back */
        assert_null(netdev_first(takes));
    }
}

/* ---- receive */

static void receives(void **state)
{
    (void)state;
    keeps = true;
    for (u32 i = 0; i < 5; i++)
        assert_true(deliver(60 + i, plain));
    assert_true(poll_net());
    assert_int_equal(n_got, 5);
    for (u32 i = 0; i < 5; i++) {
        assert_int_equal(got[i]->len_bytes, 60 + i);
        assert_int_equal(got[i]->flags, 0);
        assert_int_equal(got[i]->data[0] + got[i]->data[59 + i], 2 * 'x');
        pkt_put(got[i]);
    }
    assert_int_equal(nd->stats.rx_packets, 5);
    assert_int_equal(nd->stats.rx_bytes, 310);
    assert_false(poll_net());
    assert_int_equal(pkt_pool_in_use(), n_inflight());
}

static void largest_frame(void **state)
{
    (void)state;
    assert_true(deliver(1514, plain));
    assert_true(deliver(FRAME_MAX, plain));
    poll_net();
    assert_int_equal(n_got, 2);
}

/* 70,000 frames: the indices wrap; one register access per batch, not per frame. */
static void receives_for_long(void **state)
{
    unsigned before;

    (void)state;
    for (unsigned n = 0; n < 70000; n += 10) {
        for (unsigned i = 0; i < 10; i++)
            assert_true(deliver(64, plain));
        before = host_n_accesses;
        poll_net();
        assert_true(host_n_accesses - before <= 1);
    }
    assert_int_equal(n_got, 70000);
    assert_int_equal(nd->stats.rx_dropped, 0);
    assert_int_equal(host_n_logged, 0);
}

static void legacy_split_header(void **state)
{
    (void)state;
    open_net(true, BIT(NET_F_MAC), BUDGET); /* no ANY_LAYOUT */
    assert_non_null(nd);
    assert_true(deliver(100, plain));
    poll_net();
    assert_int_equal(n_got, 1);
    struct pkt *p = frame_new(77);
    struct model_chain c;
    assert_int_equal(netdev_tx(nd, p), 0);
    netdev_flush(nd);
    assert_true(model_take(QUEUE_TX, &c));
    assert_int_equal(c.n, 2);
    assert_int_equal(c.seg[0].len, 10);
    assert_int_equal(c.seg[1].len, 77);
    assert_ptr_equal(c.seg[1].data, p->data);
    pkt_put(p);
}

static void checksum_flags(void **state)
{
    (void)state;
    for (unsigned offered = 0; offered < 2; offered++)
        for (u8 flags = 0; flags < 8; flags++) {
            open_net(false, F_MODERN | (offered ? BIT(NET_F_GUEST_CSUM) : 0), BUDGET);
            keeps = true;
            deliver(60, (struct net_hdr){.flags = flags, .num_buffers = 1});
            poll_net();
            assert_int_equal(n_got, 1);
            assert_int_equal(got[0]->flags, offered && (flags & 3) ? BIT(PKT_CSUM_VALID) : 0);
        }
}

static void short_frames_are_dropped(void **state)
{
    struct model_chain c;

    (void)state;
    for (u32 len = 0; len < 14; len++)
        assert_true(deliver(len, plain));
    poll_net();
    assert_true(model_take(QUEUE_RX, &c));
    model_give(QUEUE_RX, c.head, 0); /* not even a header */
    assert_true(deliver(14, plain));
    poll_net();
    assert_int_equal(n_got, 1);
    assert_int_equal(nd->stats.rx_dropped, 15);
    assert_int_equal(nic.rx.n_inflight, nic.n_rx - 1);
}

static void unagreed_gso_is_dropped(void **state)
{
    (void)state;
    deliver(1000, (struct net_hdr){.gso_type = 1, .gso_size = 1460, .num_buffers = 1});
    poll_net();
    assert_int_equal(n_got, 0);
    assert_int_equal(nd->stats.rx_dropped, 1);
}

/* ---- frames of several buffers */

#define F_CHAINS                                                                                   \
    (BIT(NET_F_MRG_RXBUF) | BIT(NET_F_GUEST_CSUM) | BIT(NET_F_GUEST_TSO4) | BIT(NET_F_GUEST_TSO6))
#define CHAIN_BUDGET 256 /* packets: 64 receive buffers */

static int chains(void **state)
{
    (void)state;
    takes = BIT(NETDEV_CHAINS);
    open_net(false, F_MODERN | F_CHAINS, CHAIN_BUDGET);
    return nd && nic.has_mrg ? 0 : -1;
}

static int chains_legacy(void **state)
{
    (void)state;
    takes = BIT(NETDEV_CHAINS);
    open_net(true, F_LEGACY | F_CHAINS | BIT(VIRTIO_F_EVENT_IDX), CHAIN_BUDGET);
    return nd && nic.has_mrg && nic.hdr_bytes == 12 ? 0 : -1;
}

static const struct net_hdr tso4 = {
    .flags = HDR_F_NEEDS_CSUM, .gso_type = PKT_GSO_TCPV4, .gso_size = 1448};

/* One buffer of a frame, @len bytes of it (header included if @h). */
static void give_piece(const struct net_hdr *h, u32 len)
{
    struct model_chain c;

    assert_true(model_take(QUEUE_RX, &c));
    assert_int_equal(c.n, 1);
    assert_true(len <= c.seg[0].len);
    memset(c.seg[0].data, 'x', len);
    if (h)
        memcpy(c.seg[0].data, h, MIN(len, sizeof(*h)));
    model_give(QUEUE_RX, c.head, len);
}

/* A frame of @len bytes over as many buffers as it takes; @lie is added to num_buffers. */
static void deliver_big(u32 len, struct net_hdr h, int lie)
{
    const u32 full = FRAME_MAX + sizeof(h);

    len += sizeof(h);
    h.num_buffers = (u16)((int)((len + full - 1) / full) + lie);
    for (const struct net_hdr *first = &h; len; first = NULL) {
        u32 n = MIN(len, full);

        give_piece(first, n);
        len -= n;
    }
}

static void expect_whole(void)
{
    assert_null(nic.chain);
    assert_int_equal(nic.n_more, 0);
    assert_int_equal(pkt_pool_in_use(), n_inflight());
    assert_int_equal(host_n_logged, 0);
}

static void chain_arrives(void **state)
{
    (void)state;
    keeps = true;
    for (u32 len = 1000; len <= 65549; len += 9221) {
        n_got = 0;
        deliver_big(len, tso4, 0);
        deliver_big(60, (struct net_hdr){0}, 0);
        assert_true(poll_net());
        assert_int_equal(n_got, 2);
        assert_int_equal(got[0]->gso_type, PKT_GSO_TCPV4);
        assert_int_equal(got[0]->gso_size, 1448);
        assert_int_equal(got[0]->flags, BIT(PKT_CSUM_VALID));
        assert_int_equal(got[0]->next ? got[0]->frame_bytes : got[0]->len_bytes, len);
        assert_null(got[1]->next);
        assert_int_equal(got[1]->gso_type, 0);
        pkt_put_chain(got[0]);
        pkt_put(got[1]);
    }
    assert_int_equal(nd->stats.rx_dropped, 0);
    expect_whole();
}

/* Seen between two polls: the rest comes later. */
static void chain_in_two_polls(void **state)
{
    struct net_hdr h = tso4;

    (void)state;
    h.num_buffers = 3;
    give_piece(&h, 1000);
    give_piece(NULL, 10);
    poll_net();
    assert_int_equal(n_got, 0);
    assert_int_equal(pkt_pool_in_use(), n_inflight() + 2);
    give_piece(NULL, 1);
    poll_net();
    assert_int_equal(n_got, 1);
    assert_int_equal(nd->stats.rx_bytes, 1000 - 12 + 10 + 1);
    expect_whole();
}

static void chain_lies(void **state)
{
    (void)state;
    deliver_big(5000, tso4, 1); /* takes the next one with it */
    give_piece(NULL, 72);
    deliver_big(60, tso4, 0);
    poll_net();
    assert_int_equal(n_got, 2);
    assert_int_equal(nd->stats.rx_bytes, 5000 + 12 + 60 + 60);
    deliver_big(5000, tso4, -1); /* its last piece is taken for a header: 'xxxx' buffers */
    expect_stopped();
}

static void chain_too_short_or_long(void **state)
{
    struct net_hdr h = tso4;
    unsigned drops = 0;

    (void)state;
    h.num_buffers = 0; /* no such frame */
    give_piece(&h, 500);
    drops++;
    h.num_buffers = 2;
    give_piece(&h, 11); /* not even a header: its num_buffers is not there */
    drops++;
    give_piece(&h, 12 + 13); /* no Ethernet header: dropped with its second piece */
    give_piece(NULL, 100);
    drops++;
    give_piece(&h, 100); /* an empty piece */
    give_piece(NULL, 0);
    drops++;
    h.flags = 0; /* nobody vouches for its checksum */
    give_piece(&h, 100);
    give_piece(NULL, 100);
    drops++;
    poll_net();
    assert_int_equal(n_got, 0);
    assert_int_equal(nd->stats.rx_dropped, drops);
    deliver_big(65550, tso4, 0); /* a byte too long */
    poll_net();
    assert_int_equal(nd->stats.rx_dropped, ++drops);
    h = tso4;
    h.num_buffers = RX_CHAIN_MAX + 1;
    give_piece(&h, 100);
    for (unsigned i = 0; i < RX_CHAIN_MAX; i++)
        give_piece(NULL, 1);
    poll_net();
    assert_int_equal(nd->stats.rx_dropped, ++drops);
    assert_int_equal(n_got, 0);
    deliver_big(60, tso4, 0);
    poll_net();
    assert_int_equal(n_got, 1);
    expect_whole();
}

static void gso_of_no_kind(void **state)
{
    static const u8 bad[] = {2, 3, 5, 0x7f, 0x80, 0x81, 0xff};
    struct net_hdr h = tso4;

    (void)state;
    for (unsigned i = 0; i < sizeof(bad); i++) {
        h.gso_type = bad[i]; /* ECN is not agreed on, UDP is not known */
        deliver_big(i & 1 ? 100 : 5000, h, 0);
    }
    h.gso_type = PKT_GSO_TCPV6;
    h.gso_size = 0;
    deliver_big(100, h, 0);
    poll_net();
    assert_int_equal(n_got, 0);
    assert_int_equal(nd->stats.rx_dropped, sizeof(bad) + 1);
    h.gso_size = 1;
    deliver_big(100, h, 0);
    poll_net();
    assert_int_equal(n_got, 1);
    expect_whole();
}

static void more_buffers_than_there_are(void **state)
{
    struct net_hdr h = tso4;

    (void)state;
    h.num_buffers = 0xffff;
    give_piece(&h, 100);
    expect_stopped();
}

static void used_twice_within_a_chain(void **state)
{
    struct model_chain c;
    struct net_hdr h = tso4;

    (void)state;
    h.num_buffers = 3;
    give_piece(&h, 100);
    assert_true(model_take(QUEUE_RX, &c));
    model_give(QUEUE_RX, c.head, 100);
    model_give(QUEUE_RX, c.head, 100);
    expect_stopped();
    assert_int_equal(n_got, 0);
}

/* It breaks while a chain is half here: what was held goes back. */
static void breaks_within_a_chain(void **state)
{
    struct net_hdr h = tso4;

    (void)state;
    h.num_buffers = 5;
    give_piece(&h, 100);
    give_piece(NULL, 100);
    poll_net();
    assert_int_equal(pkt_pool_in_use(), n_inflight() + 2);
    model_give(QUEUE_RX, 0xffff, 1);
    expect_stopped();
}

/* The user keeps everything: the ring always has room for one more frame of 64 KiB. */
static void chains_till_dry(void **state)
{
    (void)state;
    keeps = true;
    for (unsigned i = 0; i < 300 && n_got < ARRAY_SIZE(got); i++) {
        assert_true(model_n_avail(QUEUE_RX) >= 34);
        if (i % 3)
            deliver_big(60, tso4, 0);
        else
            deliver_big(65000, tso4, 0);
        poll_net();
    }
    assert_true(n_borrowed > 0);
    assert_int_equal(nd->stats.rx_dropped, 0);
    while (n_got)
        pkt_put_chain(got[--n_got]);
    expect_whole();
}

/* What is not agreed on: with a user that takes no chains; with a device or memory for small rings.
 */
static void chains_only_if_all_can(void **state)
{
    const u64 gso = BIT(NET_F_GUEST_TSO4) | BIT(NET_F_GUEST_TSO6);

    (void)state;
    takes = 0;
    open_net(false, F_MODERN | F_CHAINS, CHAIN_BUDGET);
    assert_int_equal(model.accepted & (gso | BIT(NET_F_MRG_RXBUF)), 0);
    takes = BIT(NETDEV_CHAINS);
    open_net(false, F_MODERN | F_CHAINS, CHAIN_BUDGET);
    assert_int_equal(model.accepted & gso, gso);
    open_net(false, F_MODERN | F_CHAINS, BUDGET);
    assert_int_equal(model.accepted & (gso | BIT(NET_F_MRG_RXBUF)), 0);
    open_net(false, (F_MODERN | F_CHAINS) & ~BIT(NET_F_MRG_RXBUF), CHAIN_BUDGET);
    assert_non_null(nd);
    assert_int_equal(model.accepted & gso, 0);
    takes = 0;
}

/* ---- fragments */

static int tso(void **state)
{
    (void)state;
    takes = 0;
    open_net(false, F_MODERN | BIT(NET_F_CSUM) | BIT(NET_F_HOST_TSO4) | BIT(NET_F_HOST_TSO6),
             CHAIN_BUDGET);
    return nd && nd->n_frags_max == PKT_FRAGS_MAX ? 0 : -1;
}

static struct pkt *header_new(void)
{
    struct pkt *p = frame_new(54);

    p->flags = BIT(PKT_CSUM_PARTIAL);
    p->gso_type = PKT_GSO_TCPV4;
    p->gso_size = 1380;
    p->hdr_len_bytes = 54;
    return p;
}

static void frag_add(struct pkt *p, struct pkt *q, u32 at, u32 len)
{
    pkt_frags(p)[p->n_frags++] = (struct pkt_frag){q, q->data + at, len};
}

static void fragments_leave(void **state)
{
    struct pkt *p = header_new(), *q = frame_new(1380), *r = frame_new(1000);
    struct model_chain c;

    (void)state;
    assert_int_equal(nd->offloads, BIT(NETDEV_CSUM_TX) | BIT(NETDEV_TSO4) | BIT(NETDEV_TSO6));
    frag_add(p, q, 0, 1380);
    frag_add(p, r, 10, 900);
    frag_add(p, q, 5, 7); /* the same packet once more */
    assert_int_equal(netdev_tx(nd, p), 0);
    assert_int_equal(p->refs, 2);
    assert_int_equal(q->refs, 3);
    assert_int_equal(r->refs, 2);
    assert_true(q->n_in_device && r->n_in_device && p->n_in_device);
    assert_int_equal(nd->stats.tx_bytes, 54 + 1380 + 900 + 7);
    pkt_put(p);
    poll_net();
    assert_true(model_take(QUEUE_TX, &c));
    assert_int_equal(c.n, 4);
    assert_int_equal(c.seg[0].len, 12 + 54);
    assert_int_equal(c.seg[0].data[1], PKT_GSO_TCPV4);
    assert_ptr_equal(c.seg[1].data, q->data);
    assert_int_equal(c.seg[1].len, 1380);
    assert_ptr_equal(c.seg[2].data, r->data + 10);
    assert_int_equal(c.seg[2].len, 900);
    assert_int_equal(c.seg[3].len, 7);
    model_give(QUEUE_TX, c.head, 0);
    poll_net();
    assert_int_equal(q->refs + r->refs, 2);
    assert_int_equal(q->n_in_device | r->n_in_device, 0);
    pkt_put(q);
    pkt_put(r);
    assert_int_equal(pkt_pool_in_use(), n_inflight());
    assert_int_equal(nic.tx.n_free, nic.tx.size);
}

/* In two frames at once: in the device until both are done. */
static void fragment_in_two_frames(void **state)
{
    struct pkt *q = frame_new(1000);
    struct model_chain c;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct pkt *p = header_new();

        frag_add(p, q, 0, 1000);
        assert_int_equal(netdev_tx(nd, p), 0);
        pkt_put(p);
    }
    poll_net();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_not_equal(q->n_in_device, 0);
        assert_true(model_take(QUEUE_TX, &c));
        model_give(QUEUE_TX, c.head, 0);
        poll_net();
    }
    assert_int_equal(q->n_in_device, 0);
    assert_int_equal(q->refs, 1);
    pkt_put(q);
}

static void fragments_beyond_bounds(void **state)
{
    struct pkt *p = header_new(), *q = frame_new(1900);

    (void)state;
    for (unsigned i = 0; i < 34; i++)
        frag_add(p, q, 0, 1900);
    frag_add(p, q, 0, 65549 - 54 - 34 * 1900);
    assert_int_equal(netdev_tx(nd, p), 0); /* the longest there is */
    pkt_frags(p)[34].len_bytes++;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    pkt_frags(p)[34].len_bytes = 0;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    pkt_frags(p)[34].len_bytes = UINT32_MAX;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    p->n_frags = PKT_FRAGS_MAX + 1;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    p->n_frags = 1;
    p->gso_type = 0;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    assert_int_equal(p->refs, 2);
    assert_int_equal(q->refs, 36);
}

static void nearly_full_ring_takes_nothing(void **state)
{
    struct pkt *p = header_new(), *q = frame_new(60);
    struct model_chain c;
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        frag_add(p, q, 0, 60);
    while (nic.tx.n_free > 10) {
        assert_int_equal(netdev_tx(nd, q), 0);
        n++;
    }
    assert_int_equal(netdev_tx(nd, p), -ENOSPC);
    assert_int_equal(p->refs, 1);
    assert_int_equal(p->n_in_device, 0);
    assert_int_equal(q->refs, 1 + n);
    assert_int_equal(nic.tx.n_free, 10);
    assert_int_equal(nd->stats.tx_packets, n);
    poll_net();
    assert_int_equal(n_space, 0);
    model_take(QUEUE_TX, &c);
    model_give(QUEUE_TX, c.head, 0);
    poll_net();
    assert_int_equal(n_space, 1);
    assert_int_equal(netdev_tx(nd, p), 0);
    assert_int_equal(nic.tx.n_free, 0);
}

static void breaks_with_fragments(void **state)
{
    struct pkt *p = header_new(), *q = frame_new(1000);

    (void)state;
    frag_add(p, q, 0, 1000);
    assert_int_equal(netdev_tx(nd, p), 0);
    pkt_put(p);
    pkt_put(q);
    poll_net();
    model_give(QUEUE_TX, 1, 0); /* the middle of the chain is no chain */
    expect_stopped();
}

static void no_fragments_without_tso(void **state)
{
    struct pkt *p = header_new(), *q = frame_new(1000);

    (void)state;
    frag_add(p, q, 0, 1000);
    assert_int_equal(nd->n_frags_max, 0);
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
}

/* A user that keeps everything: frames are its own until the pool is dry, then it only borrows
 * them, not one is lost and the ring never runs empty; all is well when the packets come back. */
static void pool_runs_dry(void **state)
{
    unsigned n_kept;

    (void)state;
    keeps = true;
    for (unsigned i = 0; i < 200; i++) {
        assert_true(deliver(i < 100 ? 1000 : 64, plain));
        poll_net();
    }
    n_kept = n_got;
    assert_true(n_kept >= BUDGET - BUDGET / 4 && n_kept < BUDGET);
    assert_int_equal(n_kept + n_borrowed, 200);
    assert_int_equal(nd->stats.rx_dropped, 0);
    assert_int_equal(nic.rx.n_inflight, BUDGET - n_kept);
    keeps = false;
    for (unsigned i = 0; i < n_kept; i++)
        pkt_put(got[i]);
    n_got = n_borrowed = 0;
    for (unsigned i = 0; i < 100; i++) {
        assert_true(deliver(1000, plain));
        poll_net();
    }
    assert_int_equal(n_got, 100);
    poll_net();
    assert_true(nic.rx.n_inflight >= nic.n_rx - nic.n_rx_refill);
}

/* A frame that is borrowed frees another packet, as an acknowledgement does: the ring gets it,
 * before anybody else. */
static void ring_is_filled_first(void **state)
{
    unsigned n_before;

    (void)state;
    keeps = true;
    while (!n_borrowed) {
        assert_true(deliver(1000, plain));
        poll_net();
    }
    n_before = nic.rx.n_inflight;
    frees = true;
    assert_true(deliver(60, plain));
    poll_net();
    assert_int_equal(nic.rx.n_inflight, n_before + 1);
    assert_null(pkt_alloc(0));
}

/* With the pool dry, a user that keeps nothing loses nothing. */
static void dry_but_not_kept(void **state)
{
    struct pkt *p;
    unsigned n = 0;

    (void)state;
    while ((p = pkt_alloc(0)))
        got[n++] = p;
    for (unsigned i = 0; i < 100; i++) {
        assert_true(deliver(1000, plain));
        poll_net();
    }
    assert_int_equal(n_got, 100);
}

/* ---- transmit */

static void transmits(void **state)
{
    struct pkt *p = frame_new(60);
    struct model_chain c;

    (void)state;
    memset(p->buf, 0xee, PKT_DRIVER_HEADROOM);
    assert_int_equal(netdev_tx(nd, p), 0);
    assert_int_equal(p->refs, 2);
    assert_int_equal(p->flags, 0);
    assert_int_equal(model_n_avail(QUEUE_TX), 0);
    netdev_flush(nd);
    assert_int_equal(model.q[1].n_kicks, 1);
    assert_true(model_take(QUEUE_TX, &c));
    assert_int_equal(c.n, 1);
    assert_false(c.seg[0].is_write);
    assert_int_equal(c.seg[0].len, nic.hdr_bytes + 60);
    for (unsigned i = 0; i < nic.hdr_bytes; i++)
        assert_int_equal(c.seg[0].data[i], 0);
    assert_ptr_equal(c.seg[0].data + nic.hdr_bytes, p->data);
    assert_int_equal(p->data[0] + p->data[59], 2 * 't');
    model_give(QUEUE_TX, c.head, 0);
    assert_true(poll_net());
    assert_int_equal(p->refs, 1);
    assert_int_equal(p->flags, 0);
    assert_int_equal(nd->stats.tx_packets, 1);
    assert_int_equal(nd->stats.tx_bytes, 60);
    pkt_put(p);
}

static void offload_header(void **state)
{
    static const u8 want[12] = {1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 0, 0};
    struct model_chain c;
    struct pkt *p;

    (void)state;
    open_net(false, F_MODERN | BIT(NET_F_CSUM) | BIT(NET_F_HOST_TSO4), BUDGET);
    p = frame_new(1900);
    p->flags = BIT(PKT_CSUM_PARTIAL);
    p->csum_start = 34;
    p->csum_offset = 16;
    p->gso_type = 1;
    p->gso_size = 1460;
    p->hdr_len_bytes = 54;
    assert_int_equal(netdev_tx(nd, p), 0);
    poll_net();
    assert_true(model_take(QUEUE_TX, &c));
    assert_memory_equal(c.seg[0].data, want, 12);
    pkt_put(p);
}

static void bad_sizes(void **state)
{
    struct pkt *p = frame_new(1514);

    (void)state;
    assert_int_equal(netdev_tx(nd, p), 0);
    p->len_bytes = 1515;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    p->len_bytes = 13;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    p->len_bytes = 60;
    p->data = p->buf + nic.hdr_bytes - 1;
    assert_int_equal(netdev_tx(nd, p), -EMSGSIZE);
    assert_int_equal(p->refs, 2);
}

static void full_ring_is_back_pressure(void **state)
{
    struct pkt *p = frame_new(60);
    struct model_chain c;
    unsigned n = 0;

    (void)state;
    while (!netdev_tx(nd, p))
        n++;
    assert_int_equal(n, nic.tx.size);
    assert_int_equal(netdev_tx(nd, p), -ENOSPC);
    assert_int_equal(p->refs, n + 1);
    poll_net();
    assert_int_equal(model.q[1].n_kicks, 1);
    assert_int_equal(n_space, 0);
    /* About to idle: the device must say when it is done. */
    assert_false(host_poller->arm(host_poller));
    model_take(QUEUE_TX, &c);
    model_give(QUEUE_TX, c.head, 0);
    assert_true(model_may_interrupt(QUEUE_TX, 0));
    host_poller->disarm(host_poller);
    assert_true(poll_net());
    assert_int_equal(n_space, 1);
    assert_int_equal(netdev_tx(nd, p), 0);
    poll_net();
    assert_int_equal(n_space, 1);
    /* Room is also found without a poll. */
    model_take(QUEUE_TX, &c);
    model_give(QUEUE_TX, c.head, 0);
    assert_int_equal(netdev_tx(nd, p), 0);
}

static void sent_packets_need_no_interrupt(void **state)
{
    struct pkt *p = frame_new(60);
    struct model_chain c;

    (void)state;
    netdev_tx(nd, p);
    poll_net();
    assert_false(host_poller->arm(host_poller));
    model_take(QUEUE_TX, &c);
    model_give(QUEUE_TX, c.head, 0);
    assert_false(model_may_interrupt(QUEUE_TX, 0));
    host_poller->disarm(host_poller);
    pkt_put(p);
}

/* ---- idle */

static void interrupt_only_while_armed(void **state)
{
    (void)state;
    deliver(60, plain);
    assert_false(model_may_interrupt(QUEUE_RX, 0));
    assert_true(host_poller->arm(host_poller)); /* slipped in */
    host_poller->disarm(host_poller);
    poll_net();
    assert_false(host_poller->arm(host_poller));
    deliver(60, plain);
    assert_true(model_may_interrupt(QUEUE_RX, 1));
    host_poller->disarm(host_poller);
    poll_net();
    deliver(60, plain);
    assert_false(model_may_interrupt(QUEUE_RX, 2));
}

/* Traffic is acknowledged at once; a line held up for something else (a change of configuration, a
 * storm) is after a few idles; an idle that ends by a timer costs no exit. */
static void acknowledges(void **state)
{
    unsigned before, idles = 0;

    (void)state;
    host_poller->arm(host_poller);
    deliver(60, plain);
    model.isr = 1;
    host_poller->disarm(host_poller);
    assert_int_equal(model.isr, 0);
    poll_net();
    before = host_n_accesses;
    host_poller->arm(host_poller);
    host_poller->disarm(host_poller);
    assert_int_equal(host_n_accesses, before);
    model.isr = 2;
    while (model.isr && idles++ < 100) {
        host_poller->arm(host_poller);
        host_poller->disarm(host_poller);
    }
    assert_int_equal(model.isr, 0);
    assert_true(idles <= ACK_EVERY);
}

/* ---- lies in the rings */

static void lie_rx_id(void **state)
{
    (void)state;
    deliver(60, plain);
    model_give(QUEUE_RX, 0xffff, 60);
    expect_stopped();
    assert_int_equal(n_got, 1);
}

static void lie_rx_len(void **state)
{
    struct model_chain c;

    (void)state;
    model_take(QUEUE_RX, &c);
    model_give(QUEUE_RX, c.head, c.seg[0].len + 1);
    expect_stopped();
    assert_int_equal(n_got, 0);
}

static void lie_rx_idx(void **state)
{
    (void)state;
    model_set_used_idx(QUEUE_RX, 0x8000);
    expect_stopped();
}

static void lie_tx_id(void **state)
{
    struct pkt *p = frame_new(60);

    (void)state;
    netdev_tx(nd, p);
    pkt_put(p);
    netdev_flush(nd);
    model_give(QUEUE_TX, 5, 0);
    expect_stopped();
}

/* Seen from within netdev_tx(), with senders waiting: they are told to look again. */
static void lie_while_full(void **state)
{
    struct pkt *p = frame_new(60);

    (void)state;
    while (!netdev_tx(nd, p))
        ;
    pkt_put(p);
    netdev_flush(nd);
    model_set_used_idx(QUEUE_TX, 0x4000);
    assert_int_equal(netdev_tx(nd, p), -ENOSPC);
    expect_stopped();
    assert_int_equal(n_space, 1);
}

/* It lies and then does not even stop: what it may still write to is never used again. */
static void lie_and_no_reset(void **state)
{
    unsigned lost = n_inflight();

    (void)state;
    model.never_resets = true;
    model_give(QUEUE_RX, 0xffff, 60);
    assert_false(poll_net());
    assert_int_equal(host_n_logged, 2);
    lost = nic.n_rx;
    assert_int_equal(pkt_pool_in_use(), lost);
}

#define CHAINS(f)                                                                                  \
    {#f ", modern", f, chains, NULL, NULL},                                                        \
    {                                                                                              \
#f ", legacy", f, chains_legacy, NULL, NULL                                                \
    }
#define BOTH(f)                                                                                    \
    {#f ", modern", f, modern, NULL, NULL},                                                        \
    {                                                                                              \
#f ", legacy", f, legacy, NULL, NULL                                                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts),
        cmocka_unit_test(no_device),
        cmocka_unit_test(odd_configuration),
        cmocka_unit_test(refuses_to_start),
        BOTH(receives),
        BOTH(largest_frame),
        BOTH(receives_for_long),
        cmocka_unit_test(legacy_split_header),
        cmocka_unit_test(checksum_flags),
        BOTH(short_frames_are_dropped),
        BOTH(unagreed_gso_is_dropped),
        CHAINS(chain_arrives),
        CHAINS(chain_in_two_polls),
        CHAINS(chain_lies),
        CHAINS(chain_too_short_or_long),
        CHAINS(gso_of_no_kind),
        CHAINS(more_buffers_than_there_are),
        CHAINS(used_twice_within_a_chain),
        CHAINS(breaks_within_a_chain),
        CHAINS(chains_till_dry),
        cmocka_unit_test(chains_only_if_all_can),
        cmocka_unit_test_setup(fragments_leave, tso),
        cmocka_unit_test_setup(fragment_in_two_frames, tso),
        cmocka_unit_test_setup(fragments_beyond_bounds, tso),
        cmocka_unit_test_setup(nearly_full_ring_takes_nothing, tso),
        cmocka_unit_test_setup(breaks_with_fragments, tso),
        BOTH(no_fragments_without_tso),
        BOTH(pool_runs_dry),
        BOTH(ring_is_filled_first),
        BOTH(dry_but_not_kept),
        BOTH(transmits),
        cmocka_unit_test(offload_header),
        BOTH(bad_sizes),
        BOTH(full_ring_is_back_pressure),
        BOTH(sent_packets_need_no_interrupt),
        BOTH(interrupt_only_while_armed),
        BOTH(acknowledges),
        BOTH(lie_rx_id),
        BOTH(lie_rx_len),
        BOTH(lie_rx_idx),
        BOTH(lie_tx_id),
        BOTH(lie_while_full),
        BOTH(lie_and_no_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
