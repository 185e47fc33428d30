/*
 * A network device, for its user (the stack in net/). Drivers see netdev_driver.h.
 */
#pragma once

#include "dev/pkt.h"

struct netdev;

/* Offloads in force; bit numbers. */
#define NETDEV_CSUM_TX 0 /* accepts PKT_CSUM_PARTIAL */
#define NETDEV_CSUM_RX 1 /* marks PKT_CSUM_VALID where it knows */
#define NETDEV_TSO4    2 /* accepts gso_type TCPv4 */

struct netdev {
    const struct netdev_ops *ops; /* the driver's */
    u8 mac[6];
    u16 mtu_bytes; /* largest IP packet */
    u32 offloads;  /* BIT(NETDEV_…) */
    /* Set by the user. rx() owns the packet. tx_space(): room again after -ENOSPC, or packets came
     * back while the pool was dry: retry, and expect that it may still not do. */
    void (*rx)(struct netdev *nd, struct pkt *p, void *user);
    void (*tx_space)(struct netdev *nd, void *user);
    void *user;
    struct {
        u64 rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes;
    } stats;
};

struct netdev_ops {
    int (*tx)(struct netdev *nd, struct pkt *p);
    void (*flush)(struct netdev *nd);
};

/**
 * Queue one Ethernet frame (without FCS) for transmission.
 *
 * Needs PKT_DRIVER_HEADROOM bytes of headroom. Takes its own reference on @p until the device has
 * sent it, and sets PKT_IN_DEVICE for that time; the caller keeps the reference it has.
 * Returns  0; -ENOSPC ring full (nothing taken: tx_space() will be called); -EMSGSIZE;
 *          -EIO the device broke and is off
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

/* The first working network device, or NULL. Set by dev/ at probe. */
struct netdev *netdev_first(void);
