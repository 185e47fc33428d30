/*
 * A device that carries vsock packets between this machine and its host, for its user (the sockets
 * in net/vsock.c). Packets keep their order both ways, and none is lost: who has no room waits.
 */
#pragma once

#include "base/types.h"

/* In front of every packet (virtio 1.2 §5.10.6). Little endian, as we are. */
struct vsock_hdr {
    u64 src_cid, dst_cid; /* 32 bits are used, the rest is zero */
    u32 src_port, dst_port;
    u32 len_bytes; /* of the payload behind */
    u16 type;      /* VSOCK_STREAM */
    u16 op;        /* VSOCK_OP_… */
    u32 flags;     /* of VSOCK_OP_SHUTDOWN: VSOCK_SHUT_… */
    u32 buf_alloc; /* how much the sender has room for on this connection, in bytes … */
    u32 fwd_cnt;   /* … and how many of those sent to it ever, modulo 2^32, have left that room */
} __attribute__((packed, aligned(4)));

#define VSOCK_HDR_BYTES     44

#define VSOCK_STREAM        1 /* type */

#define VSOCK_OP_INVALID    0
#define VSOCK_OP_REQUEST    1
#define VSOCK_OP_RESPONSE   2
#define VSOCK_OP_RST        3
#define VSOCK_OP_SHUTDOWN   4
#define VSOCK_OP_RW         5
#define VSOCK_OP_CREDIT_UPD 6
#define VSOCK_OP_CREDIT_REQ 7

#define VSOCK_SHUT_RCV      1 /* the sender will receive no more, … */
#define VSOCK_SHUT_SEND     2 /* … send no more */

struct vsockdev {
    const struct vsockdev_ops *ops; /* the driver's */
    u32 cid;                        /* this machine's address on it */
    bool is_held;                   /* set by the user: rx() is not called while it is */
    /*
     * Set by the user. None of them sleeps.
     * rx(): @h and h->len_bytes at @data are the user's during the call only. A packet whose
     * lengths contradict each other comes without payload, as VSOCK_OP_INVALID.
     * tx_space(): there may be room again after -ENOSPC.
     * reset(): all connections are gone (the VM was moved, or the device broke); cid may be
     * another.
     */
    void (*rx)(struct vsockdev *vd, const struct vsock_hdr *h, const u8 *data);
    void (*tx_space)(struct vsockdev *vd);
    void (*reset)(struct vsockdev *vd);
    struct {
        u64 rx_packets, rx_bytes, rx_bad, tx_packets, tx_bytes, resets;
    } stats;
};

struct vsockdev_ops {
    int (*tx_begin)(struct vsockdev *vd, u32 *len_bytes, u8 **data);
    void (*tx_end)(struct vsockdev *vd, const struct vsock_hdr *h);
    bool (*is_idle)(struct vsockdev *vd);
};

/**
 * Room for one packet.
 *
 * @len_bytes  of payload: in, how much there is to send; out, how much of it this packet takes
 * @data       where the payload goes. Without vsockdev_tx() it stays free: nothing to undo
 * Returns  0; -ENOSPC not now: tx_space() will be called. The last places are for packets without
 *          payload: those that free others; -EIO the device broke and is off
 * Context  any thread; never sleeps; nothing else of the device is called before vsockdev_tx()
 */
static inline int vsockdev_tx_begin(struct vsockdev *vd, u32 *len_bytes, u8 **data)
{
    return vd->ops->tx_begin(vd, len_bytes, data);
}

/* Send the packet begun, of h->len_bytes: at most what vsockdev_tx_begin() said. The device hears
 * of it at the next poll. */
static inline void vsockdev_tx(struct vsockdev *vd, const struct vsock_hdr *h)
{
    vd->ops->tx_end(vd, h);
}

/* Has all that was sent left the machine? */
static inline bool vsockdev_is_idle(struct vsockdev *vd)
{
    return vd->ops->is_idle(vd);
}

/* The first working device, or NULL. The first call starts it. */
struct vsockdev *vsockdev_first(void);
