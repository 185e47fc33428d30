/*
 * The socket device's other side, outside QEMU: a vhost-user backend (QEMU's docs/interop/
 * vhost-user.rst) for one guest. Written from the specifications alone; nothing of runtime/ is
 * used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* virtio 1.2 §5.10.6 */
struct pkt_hdr {
    uint64_t src_cid, dst_cid;
    uint32_t src_port, dst_port, len;
    uint16_t type, op;
    uint32_t flags, buf_alloc, fwd_cnt;
} __attribute__((packed));

#define PKT_MAX 65536 /* payload of one packet */

/* Wait at @path for QEMU, and give the guest the address @cid. Ends the program if it cannot. */
void vhost_listen(const char *path, uint64_t cid);

/* Serve the control socket, and wait up to @ms for the guest. False: QEMU has gone. */
bool vhost_poll(int ms);

/* Take the next packet of the guest. Returns its payload's bytes; -1 if there is none. Not while
 * the queue is held by vhost_hold(). */
int vhost_take(struct pkt_hdr *h, uint8_t data[PKT_MAX]);
void vhost_hold(bool is_held);

/* How much payload the guest's next buffer has room for; -1: it has none. */
long vhost_room(void);

/* Give the guest a packet of @len bytes; the device says that it wrote @used, 0: what it did. */
void vhost_give(const struct pkt_hdr *h, const void *data, size_t len, uint32_t used);

/* Claim that @n more buffers than there are have been used. */
void vhost_claim(unsigned n);
