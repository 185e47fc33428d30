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
    struct pkt *next; /* queue link; belongs to whoever holds the packet */
    u8 *data;         /* first valid byte */
    u32 len_bytes;    /* valid bytes from data */
    u32 cap_bytes;    /* storage behind the struct */
    u16 refs;         /* pkt_put() frees at 0 */
    u8 flags;         /* BIT(PKT_…) */
    u8 gso_type;      /* PKT_GSO_…; 0 = none */
    u16 n_in_device;  /* frames in a ring that read this storage: not to be changed if not 0 */
    u16 n_frags;      /* transmit: fragments in pkt_frags() */
    union {
        struct {             /* transmit, with PKT_CSUM_PARTIAL */
            u16 csum_start;  /* from data, where summing starts */
            u16 csum_offset; /* from csum_start, where the device stores the result */
        };
        u32 frame_bytes; /* receive, in the first packet of a chain: the bytes of all of them */
    };
    u16 gso_size;      /* payload bytes per segment when gso_type != 0 */
    u16 hdr_len_bytes; /* transmit, with gso_type: Ethernet to TCP header, together */
    /* The holder's own: the stack keeps segments' state here. */
    u8 scratch[24] __attribute__((aligned(4)));
    u8 buf[] __attribute__((aligned(16)));
};

#define PKT_CSUM_PARTIAL  0 /* transmit: device completes the checksum (only if it offered to) */
#define PKT_CSUM_VALID    1 /* receive: the device has verified the checksum, or vouches for it */
#define PKT_REASSEMBLED   2 /* receive: it came in IP fragments */
#define PKT_BORROWED      3 /* receive, on the loopback: as rx_borrowed() of netdev.h */

#define PKT_GSO_TCPV4     1 /* gso_type, as in virtio 1.2 §5.1.6 */
#define PKT_GSO_TCPV6     4
#define PKT_GSO_ECN       0x80 /* transmit, added: the first segment has CWR (needs NETDEV_TSO_ECN) */

/* Most frames fit. Bigger ones are chains when received, and have fragments when sent. IP packets
 * of which frames are made, or which were made of frames, may be larger: pkt_alloc_large(). */
#define PKT_STORAGE_BYTES 2048

/* Payload that a frame sends out of another packet's storage. */
struct pkt_frag {
    struct pkt *pkt; /* in whose storage it is */
    const u8 *data;
    u32 len_bytes; /* not 0 */
};

#define PKT_FRAGS_MAX 48 /* 64 KiB in segments of 1,380 bytes */
/* Where, in the header packet's storage, they are; the header must end before. */
#define PKT_FRAGS_AT  (PKT_STORAGE_BYTES - PKT_FRAGS_MAX * sizeof(struct pkt_frag))

/* The fragments of @p: p->n_frags of them, PKT_FRAGS_MAX at most. */
static inline struct pkt_frag *pkt_frags(struct pkt *p)
{
    return (struct pkt_frag *)(void *)((u8 *)p + PKT_FRAGS_AT);
}

/**
 * Take a packet of PKT_STORAGE_BYTES (struct included) from the pool.
 *
 * Returns  refs = 1, data = buf + @headroom, len 0, flags 0; NULL when the pool's budget is used up
 */
struct pkt *pkt_alloc(u32 headroom_bytes);
/**
 * Take a packet for @len_bytes behind the headroom: from the pool, or, if that is dry or it is more
 * than one of those holds, from whole pages.
 *
 * Returns  as pkt_alloc(), but with cap_bytes as large as it takes; NULL without memory
 */
struct pkt *pkt_alloc_large(u32 headroom_bytes, u32 len_bytes);
/* As pkt_alloc_large() for what a packet of the pool holds, and from a few pages kept back when RAM
 * is short: for what is soon gone, without which nothing would come back. */
struct pkt *pkt_alloc_spare(u32 headroom_bytes);
void pkt_put(struct pkt *p);
/* pkt_put() of @p and of all that follow by p->next. */
void pkt_put_chain(struct pkt *p);
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
