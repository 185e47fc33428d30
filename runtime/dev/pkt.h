/*
 * Packet buffers: one frame each, in memory a device can reach, from a pool sized from RAM. The
 * struct sits in front of its own storage, so a pool entry is one 2 KiB piece of a page.
 *
 *      | struct pkt | headroom … | data … len | tailroom |
 *      buf                        data
 */
#pragma once

#include "base/types.h"

/* Room in front of a frame for the headers a driver adds (virtio-net: 12 bytes at most). */
#define PKT_DRIVER_HEADROOM 16

struct pkt {
    struct pkt *next;  /* queue link; belongs to whoever holds the packet */
    u8 *data;          /* first valid byte */
    u32 len_bytes;     /* valid bytes from data */
    u32 cap_bytes;     /* storage behind the struct */
    u16 refs;          /* pkt_put() frees at 0 */
    u8 flags;          /* BIT(PKT_…) */
    u8 gso_type;       /* virtio_net_hdr gso_type; 0 = none */
    u16 csum_start;    /* with PKT_CSUM_PARTIAL: from data, where summing starts */
    u16 csum_offset;   /* … and from csum_start, where the device stores the result */
    u16 gso_size;      /* payload bytes per segment when gso_type != 0 */
    u16 hdr_len_bytes; /* with gso_type: Ethernet to TCP header, together */
    u8 scratch[24];    /* the holder's own: the stack keeps segment state here */
    u8 buf[] __attribute__((aligned(16)));
};

#define PKT_CSUM_PARTIAL  0 /* transmit: device completes the checksum (only if it offered to) */
#define PKT_CSUM_VALID    1 /* receive: the device has verified the checksum */
#define PKT_IN_DEVICE     2 /* transmit: queued in a ring; storage must not be changed */

/* Most frames fit; bigger ones need their own design (LIMIT: lift with jumbo frames). */
#define PKT_STORAGE_BYTES 2048

/**
 * Take a packet of PKT_STORAGE_BYTES (struct included) from the pool.
 *
 * Returns  refs = 1, data = buf + @headroom, len 0, flags 0; NULL when the pool's budget is used up
 */
struct pkt *pkt_alloc(u32 headroom_bytes);
void pkt_put(struct pkt *p);
static inline struct pkt *pkt_get(struct pkt *p)
{
    p->refs++;
    return p;
}
static inline u32 pkt_tailroom(const struct pkt *p)
{
    return (u32)(p->buf + p->cap_bytes - (p->data + p->len_bytes));
}
static inline u32 pkt_headroom(const struct pkt *p)
{
    return (u32)(p->data - p->buf);
}

u32 pkt_pool_budget(void); /* packets the pool may ever hand out at once, from RAM size */
u32 pkt_pool_in_use(void);
bool pkt_pool_is_dry(void); /* pkt_alloc() has failed, and nothing has come back since */

/* Called by boot before the first device; @n_max packets at most, pages taken as needed. */
void pkt_pool_init(u32 n_max);
