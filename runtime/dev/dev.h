/*
 * Finding devices. Whoever wants one (netdev_first(), vsockdev_first(), …) calls dev_probe()
 * itself, and only such a caller links the code: what boot/ calls here it refers to weakly
 * (`#pragma weak virtio_mmio_add`), so that an image without devices stays without them.
 */
#pragma once

#include "base/types.h"

/* Note the devices that @line names, wherever on it they stand. Boot calls it, if it is linked. */
void dev_cmdline(const char *line);

/**
 * A virtio-mmio device the kernel command line names: virtio_mmio.device=SIZE@BASE:GSI.
 *
 * @base    physical address of its registers
 * Context  before the first dev_probe(); needs no memory
 */
void virtio_mmio_add(u64 base, u32 gsi);

/**
 * Look for devices and tell the linked drivers; the second call does nothing. Where the command
 * line lists virtio-mmio devices, only those; else on PCI; without that, in microvm's places.
 *
 * Needs mmio_map() and, to be bounded, nothing else. Drivers only note what was found: a device is
 * started by its first user.
 */
void dev_probe(void);
