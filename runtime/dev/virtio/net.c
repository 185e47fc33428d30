/*
 * The network device (virtio 1.2 §5.1): one receive and one transmit queue, polled. Exits from the
 * guest (kicks, acknowledgements) happen per batch, never per packet.
 *
 * LIMIT: one device; lift when a service wants a second interface.
 * LIMIT: every frame fits one buffer (no guest TSO, no jumbo frames); lift together with pkt.h.
 * LIMIT: the link status is not followed; lift when somebody above has a use for it.
 */
#include "dev/netdev.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "dev/dev.h"
#include "dev/virtio/virtio.h"
#include "sched/clock.h"
#include "sched/wait.h"

/* Feature bits (§5.1.3). */
#define NET_F_CSUM       0
#define NET_F_GUEST_CSUM 1
#define NET_F_MTU        3
#define NET_F_MAC        5
#define NET_F_HOST_TSO4  11
#define NET_F_MRG_RXBUF  15

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
#define FRAME_MAX        (PKT_STORAGE_BYTES - sizeof(struct pkt) - PKT_DRIVER_HEADROOM)

#define RX_START         64  /* at first: memory that is not touched makes the start quicker */
#define RX_MAX           256 /* more buffers only hold memory */
#define TX_MAX           256
#define RING_MIN         16
#define RX_BUDGET        64  /* frames per poll(), so that timers and threads get their turn */
#define RX_SMALL_BYTES   128 /* an acknowledgement, not data */
#define ACK_EVERY        8   /* idles without traffic until we acknowledge anyway */

static struct net_dev {
    struct netdev nd;
    struct poller poller;
    struct virtio_dev vd;
    struct vring rx, tx;
    u16 n_rx_max;    /* buffers the receive ring may come to hold */
    u16 n_rx;        /* buffers it should hold now … */
    u16 n_rx_refill; /* … refilled when this many are missing … */
    u16 n_rx_low;    /* … and below this, with the pool empty, frames are dropped */
    u16 n_skip;      /* buffers to come that belong to a frame already dropped */
    u16 acked_idx;   /* sum of both used.idx at the last disarm() */
    u16 n_quiet;     /* disarm()s without traffic */
    u8 hdr_bytes;
    u8 rx_csum_mask; /* header flags that mean "checksum is right" */
    bool has_mrg;
    bool is_hdr_apart; /* legacy without ANY_LAYOUT: the header needs its own descriptor */
    bool is_found, is_up, is_broken;
    bool is_tx_full;  /* somebody got -ENOSPC: tx_space() is due */
    bool is_pool_dry; /* nobody got a packet: tx_space() when the device returns some */
} nic;

static int push(struct vring *vr, struct pkt *p, u32 len_bytes)
{
    bool is_rx = vr == &nic.rx;
    struct sg sg[2] = {{(uintptr_t)p->data - nic.hdr_bytes, nic.hdr_bytes + len_bytes}};
    unsigned n = 1;

    if (unlikely(nic.is_hdr_apart)) {
        sg[0].len_bytes = nic.hdr_bytes;
        sg[1] = (struct sg){(uintptr_t)p->data, len_bytes};
        n = 2;
    }
    return vring_push(vr, sg, is_rx ? 0 : n, is_rx ? n : 0, p);
}

static void tx_space(void)
{
    nic.is_tx_full = nic.is_pool_dry = false;
    if (nic.nd.tx_space)
        nic.nd.tx_space(&nic.nd, nic.nd.user);
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
    while ((p = vring_drain(&nic.rx)))
        pkt_put(p);
    while ((p = vring_drain(&nic.tx))) {
        p->flags &= (u8)~BIT(PKT_IN_DEVICE);
        pkt_put(p);
    }
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
    nic.n_rx_low = n / 4 + 1;
}

static void rx_refill(void)
{
    while (nic.rx.n_inflight < nic.n_rx) {
        struct pkt *p = pkt_alloc(PKT_DRIVER_HEADROOM);

        if (!p)
            return;
        if (push(&nic.rx, p, FRAME_MAX)) { /* broken */
            pkt_put(p);
            return;
        }
    }
}

/*
 * May this frame go up, though whoever gets it may keep its buffer? While the pool has others, yes.
 * When it is dry, the last buffers are for small frames, whose acknowledgements free memory, and
 * the very last one is for none.
 */
static bool rx_can_lend(u32 len_bytes)
{
    rx_refill();
    return nic.rx.n_inflight >= nic.n_rx_low ||
           (nic.rx.n_inflight > 0 && len_bytes <= RX_SMALL_BYTES);
}

/* Returns whether the frame in @p is whole and of a kind we agreed on. */
static bool rx_is_good(const struct net_hdr *h, u32 len_bytes)
{
    if (nic.n_skip) {
        nic.n_skip--;
        return false;
    }
    if (len_bytes < nic.hdr_bytes + ETH_HDR_BYTES) /* not even its header can be trusted */
        return false;
    if (nic.has_mrg && unlikely(h->num_buffers != 1)) {
        if (h->num_buffers > nic.rx.size)
            vring_break(&nic.rx, "num_buffers", h->num_buffers);
        else if (h->num_buffers)
            nic.n_skip = h->num_buffers - 1;
        return false;
    }
    return !h->gso_type;
}

/* Returns frames handled; negative if the device lied. */
static int rx_poll(void)
{
    struct netdev *nd = &nic.nd;
    void *cookie;
    u32 len;
    int n = 0, got = 0;

    while (n < RX_BUDGET && (got = vring_pop(&nic.rx, &cookie, &len)) > 0) {
        struct pkt *p = cookie;
        const struct net_hdr *h = (const void *)(p->data - nic.hdr_bytes);

        n++;
        if (unlikely(!rx_is_good(h, len)) ||
            (unlikely(nic.rx.n_inflight < nic.n_rx_low) && !rx_can_lend(len))) {
            nd->stats.rx_dropped++;
            if (push(&nic.rx, p, FRAME_MAX)) /* broken by its num_buffers */
                pkt_put(p);
            continue;
        }
        p->len_bytes = len - nic.hdr_bytes;
        if (h->flags & nic.rx_csum_mask)
            p->flags = BIT(PKT_CSUM_VALID);
        nd->stats.rx_packets++;
        nd->stats.rx_bytes += p->len_bytes;
        nd->rx(nd, p, nd->user);
    }
    if (unlikely(n > nic.n_rx / 2) && nic.n_rx < nic.n_rx_max)
        rx_resize(
            (u16)MIN(2u * nic.n_rx, nic.n_rx_max)); /* half was gone at once: be ready for more */
    if ((u16)(nic.n_rx - nic.rx.n_inflight) >= nic.n_rx_refill)
        rx_refill();
    return got < 0 ? got : n;
}

static void rx_ignore(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    (void)user;
    pkt_put(p);
}

/* ---- transmit ---- */

/* Take back what has been sent. Returns how many; negative if the device lied. */
static int tx_reap(void)
{
    void *cookie;
    u32 len;
    int n = 0, got;

    while ((got = vring_pop(&nic.tx, &cookie, &len)) > 0) {
        struct pkt *p = cookie;

        p->flags &= (u8)~BIT(PKT_IN_DEVICE);
        pkt_put(p);
        n++;
    }
    return got < 0 ? got : n;
}

static int net_tx(struct netdev *nd, struct pkt *p)
{
    struct net_hdr *h = (struct net_hdr *)(p->data - nic.hdr_bytes);
    int err;

    if (unlikely(p->len_bytes < ETH_HDR_BYTES || pkt_headroom(p) < nic.hdr_bytes ||
                 (!p->gso_type && p->len_bytes > nd->mtu_bytes + ETH_HDR_BYTES)))
        return -EMSGSIZE;
    err = push(&nic.tx, p, p->len_bytes);
    if (unlikely(err == -ENOSPC) && tx_reap() > 0)
        err = push(&nic.tx, p, p->len_bytes);
    if (unlikely(err)) {
        nic.is_tx_full |= err == -ENOSPC;
        return err;
    }
    /* The device sees nothing of this before the next kick. */
    memset(h, 0, HDR_LEGACY_BYTES);
    if (nic.hdr_bytes > HDR_LEGACY_BYTES)
        h->num_buffers = 0;
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
    pkt_get(p)->flags |= BIT(PKT_IN_DEVICE);
    nd->stats.tx_packets++;
    nd->stats.tx_bytes += p->len_bytes;
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
    int n_tx, n_rx;

    (void)poller;
    if (unlikely(nic.is_broken))
        return false;
    n_tx = tx_reap();
    if (n_tx > 0 && unlikely(nic.is_tx_full || nic.is_pool_dry))
        tx_space();
    n_rx = rx_poll();
    if (unlikely(n_tx < 0 || n_rx < 0)) {
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

static const struct netdev_ops net_ops = {net_tx, net_flush};

static void read_config(void)
{
    struct netdev *nd = &nic.nd;
    u16 mtu = 0;

    if (!(nic.vd.features & BIT(NET_F_MAC)) ||
        virtio_config(&nic.vd, CONFIG_MAC, nd->mac, sizeof(nd->mac), 1) || (nd->mac[0] & 1)) {
        u64 now = clock_wall_ns(); /* no address, or a group's: a locally administered one */

        memcpy(nd->mac, &now, sizeof(nd->mac));
        nd->mac[0] = 0x02;
    }
    if (nic.vd.features & BIT(NET_F_MTU))
        virtio_config(&nic.vd, CONFIG_MTU, &mtu, sizeof(mtu), sizeof(mtu));
    nd->mtu_bytes = mtu < MTU_MIN ? MTU_DEFAULT : (u16)MIN(mtu, FRAME_MAX - ETH_HDR_BYTES);
}

static int net_up(void)
{
    struct virtio_dev *vd = &nic.vd;
    struct netdev *nd = &nic.nd;
    u32 budget = pkt_pool_budget();
    u32 n_rx = MIN(MAX(budget / 4, RING_MIN), RX_MAX);
    u32 n_tx = MIN(MAX(budget / 2, RING_MIN), TX_MAX);
    int err = virtio_start(vd, BIT(NET_F_CSUM) | BIT(NET_F_GUEST_CSUM) | BIT(NET_F_MTU) |
                                   BIT(NET_F_MAC) | BIT(NET_F_HOST_TSO4) | BIT(NET_F_MRG_RXBUF));

    if (err)
        return err;
    nic.has_mrg = vd->features & BIT(NET_F_MRG_RXBUF);
    nic.hdr_bytes = vd->is_legacy && !nic.has_mrg ? HDR_LEGACY_BYTES : sizeof(struct net_hdr);
    nic.is_hdr_apart = vd->is_legacy && !(vd->features & BIT(VIRTIO_F_ANY_LAYOUT));
    if (vd->features & BIT(NET_F_CSUM))
        nd->offloads |= BIT(NETDEV_CSUM_TX);
    if ((vd->features & BIT(NET_F_CSUM)) && (vd->features & BIT(NET_F_HOST_TSO4)))
        nd->offloads |= BIT(NETDEV_TSO4);
    if (vd->features & BIT(NET_F_GUEST_CSUM)) {
        nd->offloads |= BIT(NETDEV_CSUM_RX);
        nic.rx_csum_mask = HDR_F_NEEDS_CSUM | HDR_F_DATA_VALID;
    }
    err = virtio_irq_enable(vd);
    if (err)
        goto stop;
    err = virtio_queue(vd, QUEUE_RX, 2 * n_rx - 1, &nic.rx); /* next power of two, or above */
    if (!err)
        err = virtio_queue(vd, QUEUE_TX, n_tx, &nic.tx);
    if (err)
        goto stop;
    read_config();
    nic.n_rx_max = (u16)MIN(n_rx, nic.is_hdr_apart ? nic.rx.size / 2u : nic.rx.size);
    rx_resize((u16)MIN(nic.n_rx_max, RX_START));
    rx_refill();
    err = nic.rx.n_inflight < nic.n_rx_low ? -ENOMEM : 0;
    if (err)
        goto stop;
    nd->ops = &net_ops;
    nd->rx = rx_ignore;
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

struct netdev *netdev_first(void)
{
    if (!nic.is_up && !nic.is_broken) {
        int err;

        dev_probe();
        if (!nic.is_found)
            return NULL;
        err = net_up();
        nic.is_up = !err;
        if (err)
            log_err("virtio-net", "the device cannot be used: error %d", -err);
    }
    return nic.is_up ? &nic.nd : NULL;
}
