/* True randomness from the machine, for the generator in base/random.h. */
#pragma once

#include "base/types.h"

/**
 * Fill @buf with @len bytes from the virtio entropy device (virtio 1.2 §5.4).
 *
 * Polls; works as soon as there are pages, device mappings and a clock. May take a second.
 * Returns  @len; -ENODEV no such device; -ETIMEDOUT, -EIO it does not deliver; -ENOMEM
 */
int rng_read(void *buf, size_t len);
