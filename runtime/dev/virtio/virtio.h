/*
 * A virtio device, as its driver sees it, over whatever transport: virtio-mmio or PCI, legacy or
 * modern. A transport is a table saying where the registers are; the rest is common code.
 */
#pragma once

#include "dev/virtio/vring.h"

/* Feature bits of every device (virtio 1.2 §6); a driver's own are with the driver. */
#define VIRTIO_F_ANY_LAYOUT      27 /* legacy: headers need no descriptor of their own */
#define VIRTIO_F_EVENT_IDX       29
#define VIRTIO_F_VERSION_1       32
#define VIRTIO_F_ACCESS_PLATFORM 33

/* Device types (virtio 1.2 §5). */
#define VIRTIO_ID_NET            1
#define VIRTIO_ID_RNG            4
#define VIRTIO_ID_VSOCK          19

enum virtio_reg {
    VR_DEV_FEATURES,
    VR_DEV_FEATURES_SEL,
    VR_DRV_FEATURES,
    VR_DRV_FEATURES_SEL,
    VR_STATUS,
    VR_GENERATION,
    VR_PAGE_SIZE, /* legacy mmio only, like VR_QUEUE_ALIGN */
    VR_QUEUE_SEL,
    VR_QUEUE_MAX,
    VR_QUEUE_NUM,
    VR_QUEUE_ALIGN,
    VR_QUEUE_PFN,  /* legacy */
    VR_QUEUE_DESC, /* 64 bits in two halves, low first; modern, like the next three */
    VR_QUEUE_AVAIL,
    VR_QUEUE_USED,
    VR_QUEUE_ENABLE,
    VR_QUEUE_VECTOR,     /* PCI */
    VR_QUEUE_NOTIFY_OFF, /* modern PCI */
    VR_N
};

/* Where a transport has a register, from virtio_dev.regs. Width 0: it has none, reads as 0. */
struct virtio_reg_at {
    u8 offset;
    u8 width;
};

struct virtio_dev {
    const struct virtio_reg_at *map; /* VR_N entries */
    reg_at regs;
    reg_at config; /* device-specific configuration */
    reg_at isr;
    reg_at notify;
    reg_at msix_table; /* 0: no MSI-X */
    u64 features;      /* negotiated: BIT(VIRTIO_F_…) */
    u32 config_bytes;  /* how much of it there is */
    u32 notify_bytes;  /* PCI: size of the notify structure … */
    u32 notify_mult;   /* … and bytes per notify_off; 0: one register for all queues */
    u32 gsi;           /* interrupt input, VIRTIO_NO_GSI */
    u16 bdf;           /* PCI address */
    u8 msix_cap;       /* PCI: where the capability is */
    u8 notify_width;   /* bytes */
    bool is_legacy;
    bool is_mmio;
    bool has_msix; /* in use: nothing to acknowledge */
};

#define VIRTIO_NO_GSI UINT32_MAX

/*
 * A driver, in the section that dev_probe() walks. It is linked only if somebody calls into its
 * object file, so an image carries no driver it does not use.
 */
struct virtio_driver {
    u32 device_id; /* VIRTIO_ID_… */
    /* Found one: keep a copy of *@vd for later, or not. Touching it is for the first use. */
    void (*found)(const struct virtio_dev *vd);
};

#define VIRTIO_DRIVER(name)                                                                        \
    __attribute__((used, section(".skiff.virtio_drivers"))) const struct virtio_driver name

/* The linked driver for devices of type @device_id, or NULL. */
const struct virtio_driver *virtio_driver_for(u32 device_id);

/**
 * Reset the device and agree on features.
 *
 * @wanted  BIT()s of features the driver can use; those common to all devices are added
 * Returns  0, vd->features is what both want; -EIO the device does not play along (logged)
 */
int virtio_start(struct virtio_dev *vd, u64 wanted);

/**
 * Set up queue @index, interrupts off.
 *
 * @max_size  most descriptors we want; a legacy PCI device may force more
 * Returns  0; -EIO the device has no such queue or lies about it (logged); -ENOMEM
 */
int virtio_queue(struct virtio_dev *vd, u16 index, u32 max_size, struct vring *vr);

/* The driver is set up: the device may start. */
void virtio_ready(struct virtio_dev *vd);

/* Stop the device: it touches no memory afterwards. Returns 0; -EIO if it does not react. */
int virtio_reset(struct virtio_dev *vd);

/* Read @len bytes of the configuration at @off by accesses of @width bytes, in one piece even if it
 * changes meanwhile. Returns 0; -EIO beyond its end. */
int virtio_config(const struct virtio_dev *vd, u32 off, void *buf, u32 len, unsigned width);

/* Let interrupts of the queues set up from now on end the idle. Returns 0; -ENODEV no way to. */
int virtio_irq_enable(struct virtio_dev *vd);

/* Acknowledge an interrupt. Where that is needed at all it is an access to the device: an exit. */
void virtio_ack(struct virtio_dev *vd);

/* The transports' searches; dev_probe() calls them. True if there is such a bus or slot at all. */
bool virtio_mmio_probe_listed(void);
void virtio_mmio_probe_default(void);
bool virtio_pci_probe(void);

/* Switch the PCI device @vd to MSI-X, every queue to one vector. */
void virtio_pci_msix_enable(struct virtio_dev *vd);
