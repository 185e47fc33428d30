/*
 * One split virtqueue, driver side (virtio 1.2 §2.7). We write desc and avail, the device writes
 * used; vring_pop() checks every index, id and length found there, and what it needs to know about
 * a chain is kept in slots of its own, never read back from the descriptors. All fields are little
 * endian, as we are. No lock: one owner, named at init.
 */
#pragma once

#include <errno.h>

#include "dev/reg.h"

/* LIMIT: largest queue; lift when a device does better with more. Legacy PCI devices set the size
 * themselves: one that wants more is refused. */
#define VRING_MAX        1024

#define VRING_DESC_NEXT  1 /* flags of a descriptor (masks, as in the spec) */
#define VRING_DESC_WRITE 2

struct vring_desc {
    u64 addr; /* physical */
    u32 len_bytes;
    u16 flags;
    u16 next;
};

struct vring_avail {
    u16 flags; /* 1: no interrupts, please */
    u16 idx;
    u16 ring[]; /* then, with EVENT_IDX, used_event */
};

struct vring_used {
    u16 flags; /* 1: no kicks, please */
    u16 idx;
    struct {
        u32 id;
        u32 len_bytes;
    } ring[]; /* then, with EVENT_IDX, avail_event */
};

/* What we know about a descriptor. */
struct vring_slot {
    void *cookie; /* of the chain that starts here, while the device has it; else NULL */
    u32 in_bytes; /* what the device may write into that chain; if nothing, all ones: what it says
                   * about those is often wrong and never used (virtio 1.2 §2.7.8.1) */
    u16 n_descs;  /* in that chain */
    u16 next;     /* in the chain, or in the free list */
};

struct vring {
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    struct vring_slot *slots;
    u16 size; /* descriptors, a power of two; mask is one less */
    u16 mask;
    u16 n_free;
    u16 free_head;
    u16 n_inflight; /* chains the device has or will have at the next kick */
    u16 avail_idx;  /* next to fill */
    u16 kicked_idx; /* what the device has been shown */
    u16 used_idx;   /* next to pop */
    u16 seen_idx;   /* used->idx as last checked: up to here entries may be popped */
    bool has_event_idx;
    bool is_broken;
    u8 notify_width;
    u16 index; /* of the queue in the device: what a kick writes */
    u16 n_pages;
    reg_at notify_at;
};

/* A segment of a chain. */
struct sg {
    u64 addr; /* physical */
    u32 len_bytes;
};

/**
 * Set up an empty ring in fresh pages, interrupts off.
 *
 * @size       a power of two, at most VRING_MAX
 * @is_legacy  used ring on a page of its own (virtio 1.2 §2.7.2), else as compact as it gets
 * Returns  0; -ENOMEM
 * Owns     the caller; vring_fini() once the device is reset
 */
int vring_init(struct vring *vr, u16 size, bool is_legacy, bool has_event_idx);
void vring_fini(struct vring *vr);

/**
 * Offer the device one chain of buffers; it learns of it at the next vring_kick().
 *
 * @sg      n_out readable, then n_in writable segments: physical address, length in bytes
 * @cookie  comes back from vring_pop(), never dereferenced, not NULL
 * Returns  0; -ENOSPC if fewer than n_out + n_in descriptors are free; -EIO broken
 * Context  any thread; never sleeps
 * Owns     segments are the device's until vring_pop() returns the cookie
 * Spec     virtio 1.2 §2.7.13
 */
int vring_push(struct vring *vr, const struct sg *sg, unsigned n_out, unsigned n_in, void *cookie);

/* For code in line: reach the ring through a register, not each field by an address of its own,
 * which takes twice the bytes. */
#define VRING_IN_REGISTER(vr) __asm__("" : "+r"(vr))

/* The same for one segment, in line. @flags  0 readable, VRING_DESC_WRITE writable */
static inline __attribute__((always_inline)) int
vring_push_one(struct vring *vr, u64 addr, u32 len_bytes, u16 flags, void *cookie)
{
    struct vring_desc *d;
    struct vring_slot *slot;
    unsigned head;

    VRING_IN_REGISTER(vr);
    if (unlikely(!vr->n_free))
        return vr->is_broken ? -EIO : -ENOSPC;
    head = vr->free_head;
    d = &vr->desc[head];
    slot = &vr->slots[head];
    vr->n_free--;
    vr->n_inflight++;
    vr->free_head = slot->next;
    d->addr = addr;
    d->len_bytes = len_bytes;
    d->flags = flags;
    slot->cookie = cookie;
    slot->in_bytes = flags ? len_bytes : UINT32_MAX;
    slot->n_descs = 1;
    vr->avail->ring[vr->avail_idx++ & vr->mask] = (u16)head;
    return 0;
}

/* The device did something impossible: log it once, and stop. Returns -EIO. */
int vring_break(struct vring *vr, const char *what, u32 value);

/* Look whether the device has moved on: true if there is something to take. */
bool vring_look(struct vring *vr);

/* As vring_pop(), in line. Returns the cookie; NULL: nothing to take, or the ring is dead. */
static inline __attribute__((always_inline)) void *vring_take(struct vring *vr, u32 *in_bytes)
{
    struct vring_slot *slot, *last;
    void *cookie;
    unsigned n, at;
    u32 id, len;

    VRING_IN_REGISTER(vr);
    at = vr->used_idx & vr->mask;
    if (vr->used_idx == vr->seen_idx && !vring_look(vr))
        return NULL;
    /* Read once: the device could change them between the check and the use. */
    id = *(volatile u32 *)&vr->used->ring[at].id;
    len = *(volatile u32 *)&vr->used->ring[at].len_bytes;
    if (unlikely(id > vr->mask || !(cookie = (slot = &vr->slots[id])->cookie))) {
        vring_break(vr, "used.id", id);
        return NULL;
    }
    if (unlikely(len > slot->in_bytes)) {
        vring_break(vr, "used.len", len);
        return NULL;
    }
    last = slot;
    n = slot->n_descs;
    vr->n_free += (u16)n;
    while (unlikely(--n)) /* the last one of the chain goes in front of the free list */
        last = &vr->slots[last->next];
    last->next = vr->free_head;
    vr->free_head = (u16)id;
    vr->n_inflight--;
    vr->used_idx++;
    slot->cookie = NULL;
    *in_bytes = len;
    return cookie;
}

/**
 * Take back one chain the device is done with.
 *
 * @in_bytes  how much the device says it wrote: at most what the chain can hold
 * Returns  1; 0 nothing to take; -EIO the device lied (logged once): the ring is dead, the caller
 *          resets the device
 * Spec     virtio 1.2 §2.7.14
 */
int vring_pop(struct vring *vr, void **cookie, u32 *in_bytes);

/* Show the device what has been pushed, and notify it if it asked for that. Cheap if nothing has.
 */
void vring_kick(struct vring *vr);

/* Ask for an interrupt at the next used entry. Returns true if there is one already. */
bool vring_arm(struct vring *vr);
void vring_disarm(struct vring *vr);

/* Every push and pop fails with -EIO from now on, the device's memory is not looked at any more. */
void vring_stop(struct vring *vr);

/* Stopped, and the device is reset: a cookie it never gave back, NULL when there are no more. */
void *vring_drain(struct vring *vr);
