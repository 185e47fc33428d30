#include "dev/dev.h"

#include "dev/virtio/virtio.h"

extern const struct virtio_driver __skiff_virtio_drivers_start[]; /* skiff.ld */
extern const struct virtio_driver __skiff_virtio_drivers_end[];

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    for (const struct virtio_driver *d = __skiff_virtio_drivers_start;
         d < __skiff_virtio_drivers_end; d++)
        if (d->device_id == device_id)
            return d;
    return NULL;
}

void dev_probe(void)
{
    static bool is_done;
    bool has_bus;

    LINK_WITH(dev_cmdline);
    if (is_done)
        return;
    is_done = true;
    /* A VMM that lists virtio-mmio devices has all of them there: no look at buses it has not. */
    has_bus = virtio_mmio_probe_listed() || virtio_pci_probe();
    if (!has_bus)
        virtio_mmio_probe_default();
}
