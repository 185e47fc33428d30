/*
 * Virtio over PCI (virtio 1.2 §4.1): the modern structures behind vendor capabilities if the device
 * has them, else the legacy registers behind BAR 0.
 */
#include "dev/pci.h"
#include "dev/virtio/virtio.h"

#include <errno.h>

#include "arch/io.h"
#include "base/log.h"

#define VENDOR_VIRTIO      0x1af4
#define ID_TRANSITIONAL    0x1000 /* the type is the subsystem id */
#define ID_MODERN          0x1040 /* the type is added to this */
#define N_IDS              0x40

/* struct virtio_pci_cap, in bytes from its start. */
#define CAP_TYPE_SHIFT     24 /* in the first word */
#define CAP_BAR            4
#define CAP_OFFSET         8
#define CAP_LENGTH         12
#define CAP_NOTIFY_MULT    16
#define MAX_CAPS           16 /* of ours; more is nonsense */

#define COMMON_BYTES       56

#define LEGACY_BYTES       20
#define LEGACY_NOTIFY      16
#define LEGACY_ISR         19
#define LEGACY_CONFIG      20 /* four more with MSI-X on */
#define LEGACY_CONFIG_MSIX 24

#define MSIX_CONTROL       0 /* upper half of this word */
#define MSIX_ENABLE        BIT(31)
#define MSIX_MASK_ALL      BIT(30)
#define MSIX_TABLE         4
#define MSIX_BAR_MASK      7u
#define MSIX_ENTRY_BYTES   16

#define CONFIG_MAX_BYTES   256

static const struct virtio_reg_at modern_map[VR_N] = {
    [VR_DEV_FEATURES_SEL] = {0, 4}, [VR_DEV_FEATURES] = {4, 4},  [VR_DRV_FEATURES_SEL] = {8, 4},
    [VR_DRV_FEATURES] = {12, 4},    [VR_STATUS] = {20, 1},       [VR_GENERATION] = {21, 1},
    [VR_QUEUE_SEL] = {22, 2},       [VR_QUEUE_MAX] = {24, 2},    [VR_QUEUE_NUM] = {24, 2},
    [VR_QUEUE_VECTOR] = {26, 2},    [VR_QUEUE_ENABLE] = {28, 2}, [VR_QUEUE_NOTIFY_OFF] = {30, 2},
    [VR_QUEUE_DESC] = {32, 4},      [VR_QUEUE_AVAIL] = {40, 4},  [VR_QUEUE_USED] = {48, 4},
};

static const struct virtio_reg_at legacy_map[VR_N] = {
    [VR_DEV_FEATURES] = {0, 4},  [VR_DRV_FEATURES] = {4, 4}, [VR_QUEUE_PFN] = {8, 4},
    [VR_QUEUE_MAX] = {12, 2},    [VR_QUEUE_SEL] = {14, 2},   [VR_STATUS] = {18, 1},
    [VR_QUEUE_VECTOR] = {22, 2},
};

/* Looking at one device: the BAR used last, since all structures are usually behind the same. */
struct probe {
    u16 bdf;
    u8 bar_n;
    bool has_bar;
    struct pci_bar bar;
};

/* Make @len bytes at @off behind BAR @n reachable; 0 if they are not there. */
static reg_at region(struct probe *pr, u32 n, u64 off, u64 len)
{
    if (!pr->has_bar || pr->bar_n != n) {
        pr->has_bar = !pci_bar(pr->bdf, n, &pr->bar);
        pr->bar_n = (u8)n;
    }
    if (!pr->has_bar || !len || off + len > pr->bar.size_bytes)
        return 0;
    if (pr->bar.is_port)
        return pr->bar.addr + off;
    return (uintptr_t)mmio_map(pr->bar.addr + off, len);
}

/* The structures we use, by cfg_type - 1: where they go, and how many bytes we need and can use. */
static const struct {
    u8 where; /* a reg_at in struct virtio_dev */
    u8 min_bytes;
    u32 max_bytes;
} structures[] = {
    {offsetof(struct virtio_dev, regs), COMMON_BYTES, COMMON_BYTES},
    {offsetof(struct virtio_dev, notify), sizeof(u16), 0x10000},
    {offsetof(struct virtio_dev, isr), 1, 1},
    {offsetof(struct virtio_dev, config), 1, 256},
};

static void cap_use(struct probe *pr, struct virtio_dev *vd, unsigned cap)
{
    u32 type = (pci_read(pr->bdf, cap) >> CAP_TYPE_SHIFT) - 1;
    u32 n = pci_read(pr->bdf, cap + CAP_BAR) & 0xff;
    u32 off = pci_read(pr->bdf, cap + CAP_OFFSET);
    u32 len = pci_read(pr->bdf, cap + CAP_LENGTH);
    reg_at *at;

    if (type >= ARRAY_SIZE(structures))
        return;
    at = (reg_at *)((u8 *)vd + structures[type].where);
    if (*at || len < structures[type].min_bytes) /* the first one counts */
        return;
    len = MIN(len, structures[type].max_bytes);
    *at = region(pr, n, off, len);
    if (!*at)
        return;
    if (at == &vd->config)
        vd->config_bytes = len;
    if (at == &vd->notify) {
        vd->notify_bytes = len;
        vd->notify_mult = pci_read(pr->bdf, cap + CAP_NOTIFY_MULT);
    }
}

static bool use_modern(struct probe *pr, struct virtio_dev *vd)
{
    unsigned cap = 0;

    for (unsigned i = 0; i < MAX_CAPS && (cap = pci_cap(pr->bdf, PCI_CAP_VENDOR, cap)); i++)
        cap_use(pr, vd, cap);
    vd->map = modern_map;
    return vd->regs && vd->notify && vd->isr;
}

static bool use_legacy(struct probe *pr, struct virtio_dev *vd)
{
    reg_at base = region(pr, 0, 0, LEGACY_BYTES);

    if (!base || !pr->bar.is_port)
        return false;
    vd->map = legacy_map;
    vd->is_legacy = true;
    vd->regs = base;
    vd->notify = base + LEGACY_NOTIFY;
    vd->notify_mult = 0;
    vd->isr = base + LEGACY_ISR;
    vd->config = base + LEGACY_CONFIG;
    vd->config_bytes = (u32)MIN(pr->bar.size_bytes, CONFIG_MAX_BYTES);
    vd->config_bytes -= MIN(vd->config_bytes, LEGACY_CONFIG_MSIX);
    return true;
}

static void function_found(u16 bdf, u32 id)
{
    u32 type = (id >> 16) - ID_TRANSITIONAL, command;
    const struct virtio_driver *drv;
    struct probe pr = {.bdf = bdf};
    struct virtio_dev vd = {.bdf = bdf, .notify_width = sizeof(u16)};
    unsigned cap;

    if ((u16)id != VENDOR_VIRTIO || type >= ID_MODERN + N_IDS - ID_TRANSITIONAL)
        return;
    type = type < ID_MODERN - ID_TRANSITIONAL ? pci_read(bdf, PCI_SUBSYSTEM) >> 16
                                              : type - (ID_MODERN - ID_TRANSITIONAL);
    drv = virtio_driver_for(type);
    if (!drv)
        return;

    command = pci_read(bdf, PCI_COMMAND) & 0xffff; /* ones in the upper half would clear status */
    pci_write(bdf, PCI_COMMAND, command & ~(PCI_CMD_IO | PCI_CMD_MEM));
    if (!use_modern(&pr, &vd) && !use_legacy(&pr, &vd)) {
        log_warn("virtio", "pci %x has no usable registers: ignored", bdf);
        return;
    }
    cap = pci_cap(bdf, PCI_CAP_MSIX, 0);
    if (cap) {
        u32 table = pci_read(bdf, cap + MSIX_TABLE);

        vd.msix_cap = (u8)cap;
        vd.msix_table =
            region(&pr, table & MSIX_BAR_MASK, table & ~MSIX_BAR_MASK, MSIX_ENTRY_BYTES);
        if (vd.msix_table < REG_PORT_END) /* a table in ports: nonsense */
            vd.msix_table = 0;
    }
    vd.gsi = pci_read(bdf, PCI_INTERRUPT) & 0xff;
    if (!vd.gsi || vd.gsi == 0xff)
        vd.gsi = VIRTIO_NO_GSI;
    pci_write(bdf, PCI_COMMAND, command | PCI_CMD_IO | PCI_CMD_MEM | PCI_CMD_MASTER);
    drv->found(&vd);
}

bool virtio_pci_probe(void)
{
    return pci_scan(function_found);
}

void virtio_pci_msix_enable(struct virtio_dev *vd)
{
    struct msi_msg msg = irq_msi_msg();
    u32 control = pci_read(vd->bdf, vd->msix_cap + MSIX_CONTROL);

    reg_write(vd->msix_table, (u32)msg.addr, 4);
    reg_write(vd->msix_table + 4, (u32)(msg.addr >> 32), 4);
    reg_write(vd->msix_table + 8, msg.data, 4);
    reg_write(vd->msix_table + 12, 0, 4); /* not masked */
    pci_write(vd->bdf, vd->msix_cap + MSIX_CONTROL,
              (control | (u32)MSIX_ENABLE) & ~(u32)MSIX_MASK_ALL);
    if (vd->is_legacy && !vd->has_msix)
        vd->config += LEGACY_CONFIG_MSIX - LEGACY_CONFIG;
    vd->has_msix = true;
}
