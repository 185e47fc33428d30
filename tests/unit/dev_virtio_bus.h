/* A bus with one virtio-mmio device on it, the model, for the test of one driver: what the driver
 * expects of dev/ beside itself. */
#pragma once

#include "dev_host.h"
#include "dev_virtio_model.h"

/* host_reset(), and the model answers where the driver looks for it; model_init() comes next. */
void bus_reset(void);
