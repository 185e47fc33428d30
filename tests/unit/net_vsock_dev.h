/*
 * A vsock device whose other end is the test: it gives the stack any packet, takes those that are
 * sent, and has as much room as it is told.
 */
#pragma once

#include "dev/vsockdev.h"
#include "net_host.h"

#define VDEV_CID   42
#define VDEV_MAX   512  /* packets it may hold */
#define VDEV_BYTES 1000 /* payload of one */

extern struct vsockdev vdev;
extern bool vdev_exists;          /* else vsockdev_first() finds none */
extern unsigned vdev_cap, vdev_n; /* packets it has room for, and holds */

struct vdev_packet {
    struct vsock_hdr h;
    u8 data[VDEV_BYTES];
};

/* As new, empty, with room for VDEV_MAX. */
void vdev_reset(void);
/* Take the next packet that was sent. Returns false if there is none. */
bool vdev_take(struct vdev_packet *p);
/* Room for @cap from now on: who waits for it hears of it. */
void vdev_set_cap(unsigned cap);
/* A packet of @h->len_bytes arrives, all of them @fill. */
void vdev_give(const struct vsock_hdr *h, u8 fill);
/* It breaks. */
void vdev_die(void);
