/*
 * Virtio over memory-mapped registers (virtio 1.2 §4.2), version 1 (legacy) and 2. Devices cannot
 * be discovered: the VMM lists them on the kernel command line, or keeps to QEMU's microvm layout.
 */
#include "dev/dev.h"
#include "dev/virtio/virtio.h"

#include "arch/io.h"
#include "base/log.h"

#define MMIO_MAGIC     0x000
#define MMIO_VERSION   0x004
#define MMIO_DEVICE_ID 0x008
#define MMIO_NOTIFY    0x050
#define MMIO_ISR_ACK   0x064
#define MMIO_CONFIG    0x100
#define MMIO_BYTES     0x200

#define MAGIC          0x74726976 /* "virt" */

/* microvm with ACPI: nothing on the command line (QEMU hw/i386/microvm.c). */
#define MICROVM_BASE   0xfeb00000
#define MICROVM_SLOTS  24
#define MICROVM_GSI    24

static const struct virtio_reg_at mmio_map_of[VR_N] = {
    [VR_DEV_FEATURES] = {0x10, 4}, [VR_DEV_FEATURES_SEL] = {0x14, 4},
    [VR_DRV_FEATURES] = {0x20, 4}, [VR_DRV_FEATURES_SEL] = {0x24, 4},
    [VR_PAGE_SIZE] = {0x28, 4},    [VR_QUEUE_SEL] = {0x30, 4},
    [VR_QUEUE_MAX] = {0x34, 4},    [VR_QUEUE_NUM] = {0x38, 4},
    [VR_QUEUE_ALIGN] = {0x3c, 4},  [VR_QUEUE_PFN] = {0x40, 4},
    [VR_QUEUE_ENABLE] = {0x44, 4}, [VR_STATUS] = {0x70, 4},
    [VR_QUEUE_DESC] = {0x80, 4},   [VR_QUEUE_AVAIL] = {0x90, 4},
    [VR_QUEUE_USED] = {0xa0, 4},   [VR_GENERATION] = {0xfc, 4},
};

/* LIMIT: devices from the command line; lift when a machine has more. */
static struct {
    u64 base;
    u32 gsi;
} listed[MICROVM_SLOTS];
static unsigned n_listed;

void virtio_mmio_add(u64 base, u32 gsi)
{
    if (n_listed == ARRAY_SIZE(listed))
        return;
    listed[n_listed].base = base;
    listed[n_listed++].gsi = gsi;
}

/* Returns false if there is no slot at @base. */
static bool slot_probe(u64 base, u32 gsi)
{
    reg_at regs = (uintptr_t)mmio_map(base, MMIO_BYTES);
    const struct virtio_driver *drv;
    u32 version;

    if (!regs || reg_read(regs + MMIO_MAGIC, 4) != MAGIC)
        return false;
    drv = virtio_driver_for(reg_read(regs + MMIO_DEVICE_ID, 4)); /* 0: an empty slot */
    if (!drv)
        return true;
    version = reg_read(regs + MMIO_VERSION, 4);
    if (version != 1 && version != 2) {
        log_warn("virtio", "mmio version %u: ignored", version);
        return true;
    }
    drv->found(&(struct virtio_dev){
        .map = mmio_map_of,
        .regs = regs,
        .config = regs + MMIO_CONFIG,
        .config_bytes = MMIO_BYTES - MMIO_CONFIG,
        .isr = regs + MMIO_ISR_ACK,
        .notify = regs + MMIO_NOTIFY,
        .notify_width = 4,
        .gsi = gsi,
        .is_legacy = version == 1,
        .is_mmio = true,
    });
    return true;
}

bool virtio_mmio_probe_listed(void)
{
    for (unsigned i = 0; i < n_listed; i++)
        slot_probe(listed[i].base, listed[i].gsi);
    return n_listed;
}

void virtio_mmio_probe_default(void)
{
    for (unsigned i = 0; i < MICROVM_SLOTS; i++)
        if (!slot_probe(MICROVM_BASE + i * MMIO_BYTES, MICROVM_GSI + i))
            return;
}
