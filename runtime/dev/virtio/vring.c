#include "dev/virtio/vring.h"

#include <errno.h>

#include "arch/cpu.h"
#include "base/log.h"
#include "mem/page.h"

#define AVAIL_NO_INTERRUPT 1
#define USED_NO_NOTIFY     1
#define LEGACY_ALIGN       PAGE_SIZE

/* The event fields sit behind the rings (virtio 1.2 §2.7.6, §2.7.8). */
static u16 *used_event(const struct vring *vr)
{
    return &vr->avail->ring[vr->size];
}

static u16 *avail_event(const struct vring *vr)
{
    return (u16 *)&vr->used->ring[vr->size];
}

static u16 device_idx(const struct vring *vr)
{
    /* Acquire: the entries before this index were written before it. */
    return __atomic_load_n(&vr->used->idx, __ATOMIC_ACQUIRE);
}

int vring_init(struct vring *vr, u16 size, bool is_legacy, bool has_event_idx)
{
    size_t avail_at = size * sizeof(struct vring_desc);
    size_t used_at = ALIGN_UP(avail_at + sizeof(struct vring_avail) + (size + 1) * sizeof(u16),
                              is_legacy ? LEGACY_ALIGN : sizeof(u64));
    size_t slots_at = ALIGN_UP(
        used_at + sizeof(struct vring_used) + size * sizeof(u64) + sizeof(u16), sizeof(u64));
    size_t n_bytes = slots_at + size * sizeof(struct vring_slot);
    size_t n_pages = (n_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
    u8 *mem = page_alloc(n_pages);

    if (!mem)
        return -ENOMEM;
    words_zero(mem, n_pages << PAGE_SHIFT);
    *vr = (struct vring){
        .desc = (struct vring_desc *)mem,
        .avail = (struct vring_avail *)(mem + avail_at),
        .used = (struct vring_used *)(mem + used_at),
        .slots = (struct vring_slot *)(mem + slots_at),
        .size = size,
        .mask = (u16)(size - 1),
        .n_free = size,
        .has_event_idx = has_event_idx,
        .n_pages = (u16)n_pages,
    };
    for (unsigned i = 0; i < size; i++)
        vr->slots[i].next = (u16)(i + 1); /* the last one is guarded by n_free */
    vring_disarm(vr);
    return 0;
}

void vring_fini(struct vring *vr)
{
    if (vr->desc)
        page_free(vr->desc, vr->n_pages);
    vr->desc = NULL;
}

int vring_push(struct vring *vr, const struct sg *sg, unsigned n_out, unsigned n_in, void *cookie)
{
    unsigned n = n_out + n_in;
    u16 head = vr->free_head, i = head;
    u32 in_bytes = 0;

    if (unlikely(n > vr->n_free))
        return vr->is_broken ? -EIO : -ENOSPC;
    for (unsigned left = n; left; left--, sg++) {
        struct vring_desc *d = &vr->desc[i];
        u16 flags = left > 1 ? VRING_DESC_NEXT : 0;

        i = vr->slots[i].next;
        if (left <= n_in) {
            flags |= VRING_DESC_WRITE;
            in_bytes += sg->len_bytes;
        }
        d->addr = sg->addr;
        d->len_bytes = sg->len_bytes;
        d->flags = flags;
        d->next = i;
    }
    vr->slots[head].cookie = cookie;
    vr->slots[head].in_bytes = n_in ? in_bytes : UINT32_MAX;
    vr->slots[head].n_descs = (u16)n;
    vr->free_head = i;
    vr->n_free -= (u16)n;
    vr->n_inflight++;
    vr->avail->ring[vr->avail_idx++ & vr->mask] = head;
    return 0;
}

void vring_stop(struct vring *vr)
{
    vr->is_broken = true;
    vr->n_free = 0;              /* push fails from now on */
    vr->seen_idx = vr->used_idx; /* pop goes where is_broken is checked */
}

int vring_break(struct vring *vr, const char *what, u32 value)
{
    if (!vr->is_broken)
        log_err("virtio", "queue %u: device gave %s %u: stopped", vr->index, what, value);
    vring_stop(vr);
    return -EIO;
}

bool vring_look(struct vring *vr)
{
    u16 idx;

    if (vr->is_broken)
        return false;
    idx = device_idx(vr);
    if ((u16)(idx - vr->used_idx) > vr->n_inflight) {
        vring_break(vr, "used.idx", idx);
        return false;
    }
    vr->seen_idx = idx;
    return idx != vr->used_idx;
}

int vring_pop(struct vring *vr, void **cookie, u32 *in_bytes)
{
    void *taken = vring_take(vr, in_bytes);

    if (!taken)
        return vr->is_broken ? -EIO : 0;
    *cookie = taken;
    return 1;
}

void vring_kick(struct vring *vr)
{
    u16 old = vr->kicked_idx, new = vr->avail_idx;
    bool is_wanted;

    if (old == new || unlikely(vr->is_broken))
        return;
    /* Release: descriptors and slots of avail before the index that publishes them. */
    __atomic_store_n(&vr->avail->idx, new, __ATOMIC_RELEASE);
    vr->kicked_idx = new;
    /* The device publishes its wish, then looks at idx; we the other way round (§2.7.13.4.1). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (vr->has_event_idx) {
        u16 event = *(volatile u16 *)avail_event(vr);

        is_wanted = (u16)(new - event - 1) < (u16)(new - old);
    } else {
        is_wanted = !(*(volatile u16 *)&vr->used->flags & USED_NO_NOTIFY);
    }
    if (is_wanted)
        reg_write(vr->notify_at, vr->index, vr->notify_width);
}

bool vring_arm(struct vring *vr)
{
    if (vr->has_event_idx)
        *(volatile u16 *)used_event(vr) = vr->used_idx;
    else
        *(volatile u16 *)&vr->avail->flags = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the wish before the look */
    return !vr->is_broken && device_idx(vr) != vr->used_idx;
}

void vring_disarm(struct vring *vr)
{
    if (vr->has_event_idx) /* 65,535 entries away, that is */
        *(volatile u16 *)used_event(vr) = (u16)(vr->used_idx - 1);
    else
        *(volatile u16 *)&vr->avail->flags = AVAIL_NO_INTERRUPT;
}

void *vring_drain(struct vring *vr)
{
    for (unsigned i = 0; i < vr->size; i++) {
        void *cookie = vr->slots[i].cookie;

        vr->slots[i].cookie = NULL;
        if (cookie)
            return cookie;
    }
    return NULL;
}
