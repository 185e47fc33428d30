/*
 * The network device (virtio 1.2 §5.1): one receive and one transmit queue, polled. Exits from the
 * guest (kicks, acknowledgements) happen per batch, never per packet.
 *
 * LIMIT: one device; lift when a service wants a second interface.
 * LIMIT: no jumbo frames: what is not segmented by the device fits one packet; lift with pkt.h.
 * LIMIT: the link status is not followed; lift when somebody above has a use for it.
 */
#include "dev/netdev.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "dev/dev.h"
#include "dev/virtio/virtio.h"
#include "sched/wait.h"

/* Feature bits (§5.1.3). */
#define NET_F_CSUM       0
#define NET_F_GUEST_CSUM 1
#define NET_F_MTU        3
#define NET_F_MAC        5
#define NET_F_GUEST_TSO4 7
#define NET_F_GUEST_TSO6 8
#define NET_F_GUEST_ECN  9
#define NET_F_HOST_TSO4  11
#define NET_F_HOST_TSO6  12
#define NET_F_HOST_ECN   13
#define NET_F_MRG_RXBUF  15

#define WANTED                                                                                     \
    (BIT(NET_F_CSUM) | BIT(NET_F_GUEST_CSUM) | BIT(NET_F_MTU) | BIT(NET_F_MAC) |                   \
     BIT(NET_F_HOST_TSO4) | BIT(NET_F_HOST_TSO6) | BIT(NET_F_HOST_ECN))
/* Only together: without mergeable buffers each would have to hold 64 KiB. */
#define WANTED_GUEST_TSO (BIT(NET_F_GUEST_TSO4) | BIT(NET_F_GUEST_TSO6) | BIT(NET_F_GUEST_ECN))
#define WANTED_CHAINS    (WANTED_GUEST_TSO | BIT(NET_F_MRG_RXBUF))

/* Configuration (§5.1.4). */
#define CONFIG_MAC       0
#define CONFIG_MTU       10

#define QUEUE_RX         0
#define QUEUE_TX         1

/* §5.1.6. num_buffers is there in modern devices or with MRG_RXBUF. */
struct net_hdr {
    u8 flags;
    u8 gso_type;
    u16 hdr_len_bytes;
    u16 gso_size;
    u16 csum_start;
    u16 csum_offset;
    u16 num_buffers;
} __attribute__((packed));

#define HDR_LEGACY_BYTES 10
#define HDR_F_NEEDS_CSUM 1
#define HDR_F_DATA_VALID 2

#define ETH_HDR_BYTES    14u
#define MTU_DEFAULT      1500
#define MTU_MIN          68 /* RFC 791 §3.2 */
#define FRAME_GSO_MAX    (65535 + ETH_HDR_BYTES)
#define FRAME_MAX        (PKT_STORAGE_BYTES - sizeof(struct pkt) - PKT_DRIVER_HEADROOM)

#define RX_START         64  /* at first: memory that is not touched makes the start quicker */
#define RX_MAX           256 /* more buffers only hold memory */
#define TX_MAX           256
#define RING_MIN         16
#define RX_BUDGET        64 /* frames per poll(), so that timers and threads get their turn */
#define RX_CHAIN_MAX     36 /* packets of one frame: FRAME_GSO_MAX / FRAME_MAX, and a few */
#define ACK_EVERY        8  /* idles without traffic until we acknowledge anyway */

static struct net_dev {
    struct netdev nd;
    struct poller poller;
    struct virtio_dev vd;
    struct vring rx, tx;
    u16 n_rx_max;    /* buffers the receive ring may come to hold */
    u16 n_rx;        /* buffers it should hold now … */
    u16 n_rx_refill; /* … refilled when this many are missing … */
    u16 n_rx_low;    /* … and below this, with the pool empty, nobody may keep a frame: … */
    u16 n_rx_floor;  /* … the longest must still fit */
    u16 n_more;      /* buffers to come that belong to a frame already begun, … */
    struct pkt *chain, *chain_tail; /* … this one; NULL: it is dropped */
    u16 acked_idx;                  /* sum of both used.idx at the last disarm() */
    u16 n_quiet;                    /* disarm()s without traffic */
    u8 hdr_bytes;
    u8 rx_csum_mask; /* header flags that mean "checksum is right" */
    u8 rx_gso_mask;  /* gso_types agreed on */
    bool has_mrg;
    bool is_hdr_apart; /* legacy without ANY_LAYOUT: the header needs its own descriptor */
    bool is_found, is_up, is_broken;
    bool is_tx_full;  /* somebody got -ENOSPC: tx_space() is due */
    bool is_pool_dry; /* nobody got a packet: tx_space() when the device returns some */
} nic;

static void tx_space(void)
{
    nic.is_tx_full = nic.is_pool_dry = false;
    if (nic.nd.tx_space)
        nic.nd.tx_space(&nic.nd, nic.nd.user);
}

/* Of @p the device reads one frame less. */
static void tx_release(struct pkt *p)
{
    p->n_in_device--;
    pkt_put(p);
}

static void tx_hold(struct pkt *p)
{
    pkt_get(p)->n_in_device++;
}

static __attribute__((noinline)) void tx_release_frags(struct pkt *p)
{
    for (unsigned i = 0; i < p->n_frags; i++)
        tx_release(pkt_frags(p)[i].pkt);
}

/* The frame of header packet @p is sent, or will never be. */
static inline void tx_done(struct pkt *p)
{
    if (unlikely(p->n_frags))
        tx_release_frags(p);
    tx_release(p);
}

/* The device broke the rules: stop it, and give everybody back what it held. */
static void stop(void)
{
    struct pkt *p;

    nic.is_broken = true;
    vring_stop(&nic.rx);
    vring_stop(&nic.tx);
    if (virtio_reset(&nic.vd))
        return; /* it may still write: what it has is lost */
    pkt_put_chain(nic.chain);
    while ((p = vring_drain(&nic.rx)))
        pkt_put(p);
    while ((p = vring_drain(&nic.tx)))
        tx_done(p);
    vring_fini(&nic.rx);
    vring_fini(&nic.tx);
    tx_space(); /* they shall see -EIO */
}

/* ---- receive ---- */

/* Hold @n buffers from the next refill on. */
static void rx_resize(u16 n)
{
    nic.n_rx = n;
    nic.n_rx_refill = n / 8 + 1;
    nic.n_rx_low = MAX(n / 4 + 1, nic.n_rx_floor + n / 8);
}

static __attribute__((noinline)) int rx_push_apart(struct pkt *p, u64 addr)
{
    struct sg sg[2] = {{addr, nic.hdr_bytes}, {addr + nic.hdr_bytes, FRAME_MAX}};

    return vring_push(&nic.rx, sg, 0, 2, p);
}

static int rx_push(struct pkt *p)
{
    u64 addr = (uintptr_t)p->buf + PKT_DRIVER_HEADROOM - nic.hdr_bytes;

    if (unlikely(nic.is_hdr_apart))
        return rx_push_apart(p, addr);
    return vring_push_one(&nic.rx, addr, nic.hdr_bytes + FRAME_MAX, VRING_DESC_WRITE, p);
}

static void rx_refill(void)
{
    while (nic.rx.n_inflight < nic.n_rx) {
        struct pkt *p = pkt_alloc(PKT_DRIVER_HEADROOM);

        if (!p)
            return;
        if (rx_push(p)) { /* broken */
            pkt_put(p);
            return;
        }
    }
}

/* Not for anybody: the device gets it back, with what was chained to it. */
static __attribute__((noinline)) void rx_recycle(struct pkt *p)
{
    while (p) {
        struct pkt *next = p->next;

        p->next = NULL;
        p->data = p->buf + PKT_DRIVER_HEADROOM;
        p->flags = p->gso_type = 0;
        if (rx_push(p)) /* broken by its num_buffers */
            pkt_put(p);
        p = next;
    }
}

static void rx_drop(struct pkt *p)
{
    nic.nd.stats.rx_dropped++;
    rx_recycle(p);
}

/* With the pool dry nobody may keep a frame, and each is still heard: what it acknowledges may be
 * what the pool lacks. */
static __attribute__((noinline)) void rx_up_when_low(struct pkt *p)
{
    struct netdev *nd = &nic.nd;

    rx_refill();
    if (nic.rx.n_inflight >= nic.n_rx_low) {
        nd->rx(nd, p, nd->user);
        return;
    }
    nd->rx_borrowed(nd, p, nd->user);
    rx_refill(); /* before anybody else gets what has come free */
}

static void rx_up(struct pkt *p, u32 len_bytes)
{
    struct netdev *nd = &nic.nd;

    nd->stats.rx_packets++;
    nd->stats.rx_bytes += len_bytes;
    if (unlikely(nic.rx.n_inflight < nic.n_rx_low))
        rx_up_when_low(p);
    else
        nd->rx(nd, p, nd->user);
}

/* Segments put together by the device: of a kind we agreed on? */
static bool rx_gso(struct pkt *p, const struct net_hdr *h)
{
    p->gso_type = h->gso_type & (u8)~PKT_GSO_ECN;
    p->gso_size = h->gso_size;
    return p->gso_size && !(h->gso_type & (u8)~nic.rx_gso_mask) &&
           (p->gso_type == PKT_GSO_TCPV4 || p->gso_type == PKT_GSO_TCPV6);
}

/* The first packet of a frame: @len bytes with the header. Returns whether it is good. */
static inline __attribute__((always_inline)) bool rx_begin(struct pkt *p, const struct net_hdr *h,
                                                           u32 len)
{
    if (unlikely(len < nic.hdr_bytes + ETH_HDR_BYTES)) /* not even its header can be trusted */
        return false;
    p->len_bytes = len - nic.hdr_bytes;
    if (h->flags & nic.rx_csum_mask)
        p->flags = BIT(PKT_CSUM_VALID);
    return likely(!h->gso_type) || rx_gso(p, h);
}

/* A packet of a frame that has several, or claims to. */
static void rx_piece(struct pkt *p, const struct net_hdr *h, u32 len)
{
    struct pkt *c = nic.chain;

    if (!nic.n_more) {
        u32 n = len < nic.hdr_bytes ? 0 : h->num_buffers;

        if (n > nic.rx.size)
            vring_break(&nic.rx, "num_buffers", n);
        if (n)
            nic.n_more = (u16)(n - 1);
        /* Nobody sums up a chain: the device must have. */
        if (n < 2 || n > RX_CHAIN_MAX || !rx_begin(p, h, len) || !p->flags) {
            rx_drop(p);
            return;
        }
        p->frame_bytes = p->len_bytes;
        nic.chain = nic.chain_tail = p;
        return;
    }
    nic.n_more--;
    if (!c) {
        rx_recycle(p);
        return;
    }
    p->data -= nic.hdr_bytes;
    p->len_bytes = len;
    nic.chain_tail->next = p;
    nic.chain_tail = p;
    c->frame_bytes += len;
    if (len && c->frame_bytes <= FRAME_GSO_MAX && nic.n_more)
        return;
    nic.chain = NULL;
    if (len && c->frame_bytes <= FRAME_GSO_MAX)
        rx_up(c, c->frame_bytes);
    else
        rx_drop(c);
}

/* Returns frames handled. */
static unsigned rx_poll(void)
{
    struct pkt *p;
    u32 len;
    unsigned n = 0;

    while (n < RX_BUDGET && (p = vring_take(&nic.rx, &len))) {
        const struct net_hdr *h = (const void *)(p->data - nic.hdr_bytes);

        n++;
        if (unlikely(nic.has_mrg) && unlikely(nic.n_more || h->num_buffers != 1))
            rx_piece(p, h, len);
        else if (likely(rx_begin(p, h, len)))
            rx_up(p, p->len_bytes);
        else
            rx_drop(p);
    }
    if (unlikely(n > nic.n_rx / 2) && nic.n_rx < nic.n_rx_max)
        rx_resize(
            (u16)MIN(2u * nic.n_rx, nic.n_rx_max)); /* half was gone at once: be ready for more */
    if ((u16)(nic.n_rx - nic.rx.n_inflight) >= nic.n_rx_refill)
        rx_refill();
    return n;
}

static void rx_ignore(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    (void)user;
    pkt_put(p);
}

/* ---- transmit ---- */

/* Take back what has been sent. Returns how many. */
static unsigned tx_reap(void)
{
    struct pkt *p;
    u32 len;
    unsigned n = 0;

    while ((p = vring_take(&nic.tx, &len))) {
        tx_done(p);
        n++;
    }
    return n;
}

/* A frame of more than one segment. */
static __attribute__((noinline)) int tx_push_many(struct pkt *p, u64 addr)
{
    struct sg sg[2 + PKT_FRAGS_MAX];
    struct pkt_frag *f = pkt_frags(p);
    u32 n = 0, total = p->len_bytes;
    int err;

    if (p->n_frags > nic.nd.n_frags_max || (p->n_frags && !p->gso_type))
        return -EMSGSIZE;
    sg[0] = (struct sg){addr, nic.hdr_bytes + p->len_bytes};
    if (nic.is_hdr_apart) {
        sg[0].len_bytes = nic.hdr_bytes;
        sg[++n] = (struct sg){(uintptr_t)p->data, p->len_bytes};
    }
    for (unsigned i = 0; i < p->n_frags; i++, f++) {
        if (!f->len_bytes || f->len_bytes > FRAME_GSO_MAX - total)
            return -EMSGSIZE;
        total += f->len_bytes;
        sg[++n] = (struct sg){(uintptr_t)f->data, f->len_bytes};
    }
    err = vring_push(&nic.tx, sg, n + 1, 0, p);
    for (unsigned i = 0; !err && i < p->n_frags; i++)
        tx_hold(pkt_frags(p)[i].pkt);
    nic.nd.stats.tx_bytes += err ? 0 : total - p->len_bytes;
    return err;
}

static int tx_push(struct pkt *p)
{
    u64 addr = (uintptr_t)p->data - nic.hdr_bytes;

    if (unlikely(p->n_frags || nic.is_hdr_apart))
        return tx_push_many(p, addr);
    return vring_push_one(&nic.tx, addr, nic.hdr_bytes + p->len_bytes, 0, p);
}

static int net_tx(struct netdev *nd, struct pkt *p);

static __attribute__((noinline)) int tx_failed(struct pkt *p, int err)
{
    if (err == -ENOSPC) {
        if (tx_reap())
            return net_tx(&nic.nd, p);
        nic.is_tx_full = true;
    }
    return err;
}

/* There is one device, so @nd is not needed: a register less to save. */
static int net_tx(struct netdev *nd, struct pkt *p)
{
    struct net_hdr *h;
    struct zeros {
        u64 low;
        u32 high;
    } __attribute__((packed)) * zeros;
    int err;

    (void)nd;
    _Static_assert(sizeof(*zeros) == sizeof(*h), "all of a header");
    /* Both ends of the length at once. */
    if (unlikely(p->len_bytes - ETH_HDR_BYTES > nic.nd.mtu_bytes) &&
        (!p->gso_type || p->len_bytes < ETH_HDR_BYTES))
        return -EMSGSIZE;
    if (unlikely(pkt_headroom(p) < sizeof(*h)))
        return -EMSGSIZE;
    err = tx_push(p);
    if (unlikely(err))
        return tx_failed(p, err);
    /* The device sees nothing of this before the next kick. The longer header also where it has the
     * shorter one: there is headroom. */
    zeros = (struct zeros *)(p->data - sizeof(*h));
    zeros->low = 0;
    zeros->high = 0;
    h = (struct net_hdr *)(p->data - nic.hdr_bytes);
    if (p->flags & BIT(PKT_CSUM_PARTIAL)) {
        h->flags = HDR_F_NEEDS_CSUM;
        h->csum_start = p->csum_start;
        h->csum_offset = p->csum_offset;
        if (p->gso_type) {
            h->gso_type = p->gso_type;
            h->gso_size = p->gso_size;
            h->hdr_len_bytes = p->hdr_len_bytes;
        }
    }
    nic.nd.stats.tx_packets++;
    nic.nd.stats.tx_bytes += p->len_bytes;
    tx_hold(p);
    return 0;
}

static void net_flush(struct netdev *nd)
{
    (void)nd;
    vring_kick(&nic.tx);
}

/* ---- polling ---- */

static bool net_poll(struct poller *poller)
{
    unsigned n_tx, n_rx;

    (void)poller;
    if (unlikely(nic.is_broken))
        return false;
    n_tx = tx_reap();
    if (n_tx && unlikely(nic.is_tx_full || nic.is_pool_dry))
        tx_space();
    n_rx = rx_poll();
    if (unlikely(nic.tx.is_broken || nic.rx.is_broken)) {
        stop();
        return false;
    }
    vring_kick(&nic.rx);
    vring_kick(&nic.tx);
    return n_tx | n_rx;
}

static bool net_arm(struct poller *poller)
{
    bool has_work;

    (void)poller;
    if (nic.is_broken)
        return false;
    nic.is_pool_dry |= pkt_pool_is_dry();
    has_work = vring_arm(&nic.rx);
    if ((nic.is_tx_full || nic.is_pool_dry) && nic.tx.n_inflight)
        has_work |= vring_arm(&nic.tx);
    return has_work;
}

static void net_disarm(struct poller *poller)
{
    u16 idx;

    (void)poller;
    if (nic.is_broken)
        return;
    vring_disarm(&nic.rx);
    vring_disarm(&nic.tx);
    /* An acknowledgement is an exit, and only an interrupt that was ours needs one. If the rings
     * stand still it was the timer or another device, or else a change of configuration: that one
     * keeps the line up and the idle short, until ACK_EVERY. */
    idx = (u16)(nic.rx.used->idx + nic.tx.used->idx);
    if (idx != nic.acked_idx || ++nic.n_quiet == ACK_EVERY) {
        nic.acked_idx = idx;
        nic.n_quiet = 0;
        virtio_ack(&nic.vd);
    }
}

/* ---- start ---- */

static u32 net_n_unsent(struct netdev *nd)
{
    (void)nd;
    return nic.is_broken ? 0 : nic.tx.n_inflight;
}

static const struct netdev_ops net_ops = {net_tx, net_flush, net_n_unsent};

static void read_config(void)
{
    struct netdev *nd = &nic.nd;
    u16 mtu = 0;

    if (!(nic.vd.features & BIT(NET_F_MAC)) ||
        virtio_config(&nic.vd, CONFIG_MAC, nd->mac, sizeof(nd->mac), 1) || (nd->mac[0] & 1)) {
        random_bytes(nd->mac, sizeof(nd->mac)); /* none, or a group's: a locally administered one */
        nd->mac[0] = 0x02;
    }
    if (nic.vd.features & BIT(NET_F_MTU))
        virtio_config(&nic.vd, CONFIG_MTU, &mtu, sizeof(mtu), sizeof(mtu));
    nd->mtu_bytes = mtu < MTU_MIN ? MTU_DEFAULT : (u16)MIN(mtu, FRAME_MAX - ETH_HDR_BYTES);
}

_Static_assert(NET_F_HOST_TSO6 - NET_F_HOST_TSO4 == NETDEV_TSO6 - NETDEV_TSO4 &&
                   NET_F_HOST_ECN - NET_F_HOST_TSO4 == NETDEV_TSO_ECN - NETDEV_TSO4,
               "shifted together");

/* What the negotiated features mean for the user. */
static void set_offloads(struct netdev *nd, u64 features)
{
    nd->offloads = (features & BIT(NET_F_CSUM) ? (u32)BIT(NETDEV_CSUM_TX) : 0) |
                   (features & BIT(NET_F_GUEST_CSUM) ? (u32)BIT(NETDEV_CSUM_RX) : 0) |
                   (u32)(features >> NET_F_HOST_TSO4 & 7) << NETDEV_TSO4;
    if (!(features & BIT(NET_F_CSUM))) /* §5.1.3.1: segmentation needs it */
        nd->offloads &= (u32)BIT(NETDEV_CSUM_RX);
    nic.rx_csum_mask = features & BIT(NET_F_GUEST_CSUM) ? HDR_F_NEEDS_CSUM | HDR_F_DATA_VALID : 0;
    nic.rx_gso_mask = (features & BIT(NET_F_GUEST_TSO4) ? PKT_GSO_TCPV4 : 0) |
                      (features & BIT(NET_F_GUEST_TSO6) ? PKT_GSO_TCPV6 : 0) |
                      (features & BIT(NET_F_GUEST_ECN) ? PKT_GSO_ECN : 0);
}

static int net_up(u32 takes)
{
    struct virtio_dev *vd = &nic.vd;
    struct netdev *nd = &nic.nd;
    u32 budget = pkt_pool_budget();
    u32 n_rx = MIN(MAX(budget / 4, RING_MIN), RX_MAX);
    u32 n_tx = MIN(MAX(budget / 2, RING_MIN), TX_MAX);
    bool want_chains = (takes & BIT(NETDEV_CHAINS)) && n_rx >= RX_START;
    int err;

again:
    err = virtio_start(vd, want_chains ? WANTED | WANTED_CHAINS : WANTED);
    if (err)
        return err;
    nic.has_mrg = vd->features & BIT(NET_F_MRG_RXBUF);
    if ((vd->features & WANTED_GUEST_TSO) && !nic.has_mrg) {
        want_chains = false;
        goto again;
    }
    nic.hdr_bytes = vd->is_legacy && !nic.has_mrg ? HDR_LEGACY_BYTES : sizeof(struct net_hdr);
    nic.is_hdr_apart = vd->is_legacy && !(vd->features & BIT(VIRTIO_F_ANY_LAYOUT));
    set_offloads(nd, vd->features);
    err = virtio_irq_enable(vd);
    if (err)
        goto stop;
    err = virtio_queue(vd, QUEUE_RX, 2 * n_rx - 1, &nic.rx); /* next power of two, or above */
    /* If a frame of 64 KiB would not fit, the device would wait for ever. */
    if (!err && nic.has_mrg && (nic.is_hdr_apart || nic.rx.size < RX_START)) {
        want_chains = false;
        err = virtio_reset(vd);
        if (err)
            goto stop;
        vring_fini(&nic.rx);
        goto again;
    }
    if (!err)
        err = virtio_queue(vd, QUEUE_TX, n_tx, &nic.tx);
    if (err)
        goto stop;
    nd->n_frags_max = nd->offloads & (BIT(NETDEV_TSO4) | BIT(NETDEV_TSO6))
                          ? (u16)MIN(nic.tx.size / 2u, PKT_FRAGS_MAX)
                          : 0;
    read_config();
    nic.n_rx_max = (u16)MIN(n_rx, nic.is_hdr_apart ? nic.rx.size / 2u : nic.rx.size);
    nic.n_rx_floor = nic.has_mrg ? RX_CHAIN_MAX : 0;
    rx_resize((u16)MIN(nic.n_rx_max, RX_START));
    rx_refill();
    err = nic.rx.n_inflight < nic.n_rx_low ? -ENOMEM : 0;
    if (err)
        goto stop;
    nd->ops = &net_ops;
    nd->rx = nd->rx_borrowed = rx_ignore;
    nic.poller = (struct poller){.poll = net_poll, .arm = net_arm, .disarm = net_disarm};
    poller_add(&nic.poller);
    virtio_ready(vd);
    vring_kick(&nic.rx);
    return 0;
stop:
    stop();
    return err;
}
static void net_found(const struct virtio_dev *vd)
{
    if (!nic.is_found)
        nic.vd = *vd;
    nic.is_found = true;
}

VIRTIO_DRIVER(virtio_net_driver) = {VIRTIO_ID_NET, net_found};

struct netdev *netdev_first(u32 takes)
{
    if (!nic.is_up && !nic.is_broken) {
        int err;

        dev_probe();
        if (!nic.is_found)
            return NULL;
        err = net_up(takes);
        nic.is_up = !err;
        if (err)
            log_err("virtio-net", "the device cannot be used: error %d", -err);
    }
    return nic.is_up ? &nic.nd : NULL;
}
