/* The source of base/random.h's bytes. */
#pragma once

#include "base/types.h"

/* Seed the generator from RDRAND or a virtio-rng device. False: there is neither. */
bool random_init(void);
