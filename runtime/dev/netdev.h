/*
 * A network device, for its user (the stack in net/). Drivers see netdev_driver.h.
 */
#pragma once

#include "dev/pkt.h"

struct netdev;

/* Offloads in force; bit numbers. */
#define NETDEV_CSUM_TX 0 /* accepts PKT_CSUM_PARTIAL */
#define NETDEV_CSUM_RX 1 /* marks PKT_CSUM_VALID where it knows */
#define NETDEV_TSO4    2 /* accepts PKT_GSO_TCPV4, and fragments with it */
#define NETDEV_TSO6    3 /* accepts PKT_GSO_TCPV6, and fragments with it */
#define NETDEV_TSO_ECN 4 /* accepts PKT_GSO_ECN with either */

/* What a user can take; bit numbers. */
#define NETDEV_CHAINS  0 /* received frames of several packets, up to 64 KiB, see rx() */

struct netdev {
    const struct netdev_ops *ops; /* the driver's */
    u8 mac[6];
    u16 mtu_bytes;   /* largest IP packet */
    u32 offloads;    /* BIT(NETDEV_…) */
    u16 n_frags_max; /* fragments a frame may have: PKT_FRAGS_MAX, less if the ring is small */
    /*
     * Set by the user. rx() owns the packet. Only if it asked for NETDEV_CHAINS:
     * - a frame may span packets, chained by p->next; p->frame_bytes is the length of all, valid
     *   only if p->next. At least the Ethernet header is in the first, no packet is empty, every
     * one has PKT_STORAGE_BYTES, and the first has PKT_CSUM_VALID.
     * - p->gso_type may be PKT_GSO_TCPV4 or _TCPV6, one packet or more: segments of p->gso_size
     *   bytes (not 0) that were put together.
     * rx_borrowed(): as rx(), while the pool is dry: the packets must be put before it returns, but
     * for what netdev_tx() holds of them. A user that keeps them all the same hears nothing more.
     * tx_space(): room again after -ENOSPC, or packets came back while the pool was dry: retry, and
     * expect that it may still not do.
     */
    void (*rx)(struct netdev *nd, struct pkt *p, void *user);
    void (*rx_borrowed)(struct netdev *nd, struct pkt *p, void *user);
    void (*tx_space)(struct netdev *nd, void *user);
    void *user;
    struct {
        u64 rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes;
    } stats;
};

struct netdev_ops {
    int (*tx)(struct netdev *nd, struct pkt *p);
    void (*flush)(struct netdev *nd);
    u32 (*n_unsent)(struct netdev *nd);
};

/**
 * Queue one Ethernet frame (without FCS) for transmission.
 *
 * Needs PKT_DRIVER_HEADROOM bytes of headroom. Takes its own reference on @p until the device has
 * sent it, and counts p->n_in_device up for that time; the caller keeps the reference it has.
 *
 * With gso_type (and PKT_CSUM_PARTIAL, as virtio 1.2 §5.1.6.2 wants it) @p may be followed by
 * pkt_frags(): then @p is the header, a reference on each fragment's packet is held as well, and
 * its n_in_device counts as well. One packet may be in several frames at once. The frame is 65,535
 * bytes of IP at most. Returns  0; -ENOSPC ring full (nothing taken: tx_space() will be called);
 * -EMSGSIZE too short, too long, more than n_frags_max fragments, an empty one; -EIO the device
 * broke and is off
 */
static inline int netdev_tx(struct netdev *nd, struct pkt *p)
{
    return nd->ops->tx(nd, p);
}

/* Tell the device about queued frames (one kick for many). The driver's poll() does it as well, so
 * a user calls it only when it stops before polling again. */
static inline void netdev_flush(struct netdev *nd)
{
    nd->ops->flush(nd);
}

/* Frames queued that the device is not done with. */
static inline u32 netdev_n_unsent(struct netdev *nd)
{
    return nd->ops->n_unsent(nd);
}

/**
 * The first working network device, or NULL. The first call starts it.
 *
 * @takes  BIT(NETDEV_CHAINS) if the user of the device can take them: decides what is negotiated,
 *         at the first call
 */
struct netdev *netdev_first(u32 takes);
