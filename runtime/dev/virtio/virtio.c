#include "dev/virtio/virtio.h"

#include <errno.h>

#include "arch/io.h"
#include "base/log.h"
#include "sched/clock.h"

/* Device status bits (virtio 1.2 §2.1), masks. */
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8

#define LEGACY_ALIGN       PAGE_SIZE
#define RESET_NS           (100 * NSEC_PER_MSEC)
#define RESET_MAX_READS    100000 /* should the clock stand still */
#define GENERATION_TRIES   8
#define MMIO_ACK_ALL       3 /* used buffer, configuration change */

static u32 get(const struct virtio_dev *vd, enum virtio_reg r)
{
    struct virtio_reg_at at = vd->map[r];

    return at.width ? reg_read(vd->regs + at.offset, at.width) : 0;
}

static void set(const struct virtio_dev *vd, enum virtio_reg r, u32 v)
{
    struct virtio_reg_at at = vd->map[r];

    if (at.width)
        reg_write(vd->regs + at.offset, v, at.width);
}

/* A 64-bit address, low half first; the halves are neighbours in both modern transports. */
static void set64(const struct virtio_dev *vd, enum virtio_reg r, const void *p)
{
    reg_at at = vd->regs + vd->map[r].offset;

    reg_write(at, (u32)(uintptr_t)p, 4);
    reg_write(at + 4, (u32)((uintptr_t)p >> 32), 4);
}

int virtio_reset(struct virtio_dev *vd)
{
    u64 deadline = clock_mono_ns() + RESET_NS;

    set(vd, VR_STATUS, 0);
    for (unsigned i = 0; get(vd, VR_STATUS); i++) {
        if (i > RESET_MAX_READS || clock_mono_ns() > deadline) {
            log_err("virtio", "a device does not reset");
            return -EIO;
        }
    }
    return 0;
}

static u32 features_half(const struct virtio_dev *vd, u32 half)
{
    set(vd, VR_DEV_FEATURES_SEL, half);
    return get(vd, VR_DEV_FEATURES);
}

int virtio_start(struct virtio_dev *vd, u64 wanted)
{
    int err = virtio_reset(vd);
    u64 offered;

    if (err)
        return err;
    set(vd, VR_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    offered = features_half(vd, 0);
    if (!vd->is_legacy)
        offered |= (u64)features_half(vd, 1) << 32;
    /* ACCESS_PLATFORM: no IOMMU is ever switched on here, so its addresses are ours anyway. */
    vd->features = offered & (wanted | BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_F_EVENT_IDX) |
                              BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM));
    set(vd, VR_DRV_FEATURES_SEL, 0);
    set(vd, VR_DRV_FEATURES, (u32)vd->features);
    if (vd->is_legacy) {
        set(vd, VR_PAGE_SIZE, PAGE_SIZE);
        return 0;
    }
    set(vd, VR_DRV_FEATURES_SEL, 1);
    set(vd, VR_DRV_FEATURES, (u32)(vd->features >> 32));
    set(vd, VR_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    if ((vd->features & BIT(VIRTIO_F_VERSION_1)) && (get(vd, VR_STATUS) & STATUS_FEATURES_OK))
        return 0;
    log_err("virtio", "features 0x%llx refused", (unsigned long long)vd->features);
    virtio_reset(vd);
    return -EIO;
}

int virtio_queue(struct virtio_dev *vd, u16 index, u32 max_size, struct vring *vr)
{
    u32 size, notify_off = 0;
    int err;

    set(vd, VR_QUEUE_SEL, index);
    size = get(vd, VR_QUEUE_MAX);
    if (vd->map[VR_QUEUE_NUM].width) /* else the device decides */
        while (size > max_size || size > VRING_MAX)
            size /= 2;
    if (vd->notify_mult)
        notify_off = get(vd, VR_QUEUE_NOTIFY_OFF) * vd->notify_mult;
    if (!size || size > VRING_MAX || (size & (size - 1)) ||
        (vd->notify_mult && notify_off > vd->notify_bytes - vd->notify_width)) {
        log_err("virtio", "queue %u: size %u, notify at %u: refused", index, size, notify_off);
        return -EIO;
    }
    err = vring_init(vr, (u16)size, vd->is_legacy, vd->features & BIT(VIRTIO_F_EVENT_IDX));
    if (err)
        return err;
    vr->index = index;
    vr->notify_at = vd->notify + notify_off;
    vr->notify_width = vd->notify_width;
    set(vd, VR_QUEUE_NUM, size);
    if (vd->has_msix) /* entry 0; before the queue is enabled */
        set(vd, VR_QUEUE_VECTOR, 0);
    if (vd->is_legacy) {
        set(vd, VR_QUEUE_ALIGN, LEGACY_ALIGN);
        set(vd, VR_QUEUE_PFN, (u32)((uintptr_t)vr->desc >> PAGE_SHIFT));
    } else {
        set64(vd, VR_QUEUE_DESC, vr->desc);
        set64(vd, VR_QUEUE_AVAIL, vr->avail);
        set64(vd, VR_QUEUE_USED, vr->used);
        set(vd, VR_QUEUE_ENABLE, 1);
    }
    return 0;
}

void virtio_ready(struct virtio_dev *vd)
{
    set(vd, VR_STATUS, get(vd, VR_STATUS) | STATUS_DRIVER_OK);
}

int virtio_config(const struct virtio_dev *vd, u32 off, void *buf, u32 len, unsigned width)
{
    u8 *p = buf;
    u32 generation;
    unsigned tries = GENERATION_TRIES;

    if (off + len > vd->config_bytes)
        return -EIO;
    do {
        generation = get(vd, VR_GENERATION);
        for (u32 i = 0; i < len; i += width) {
            u32 v = reg_read(vd->config + off + i, width);

            for (unsigned k = 0; k < width; k++)
                p[i + k] = (u8)(v >> 8 * k);
        }
    } while (get(vd, VR_GENERATION) != generation && --tries);
    return 0;
}

int virtio_irq_enable(struct virtio_dev *vd)
{
    if (vd->msix_table)
        virtio_pci_msix_enable(vd);
    else if (vd->gsi != VIRTIO_NO_GSI)
        irq_route_gsi(vd->gsi, true);
    else
        return -ENODEV;
    return 0;
}

void virtio_ack(struct virtio_dev *vd)
{
    if (vd->has_msix)
        return;
    if (vd->is_mmio)
        reg_write(vd->isr, MMIO_ACK_ALL, 4);
    else
        reg_read(vd->isr, 1);
}
