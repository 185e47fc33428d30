/* What time it is. Monotonic time starts near 0 at boot and never steps; wall time may be set. */
#pragma once

#include "base/types.h"

u64 clock_mono_ns(void); /* CLOCK_MONOTONIC, from the TSC */
u64 clock_wall_ns(void); /* CLOCK_REALTIME: ns since 1970-01-01 UTC */

/* Set the wall clock; waits on it are not moved. */
void clock_wall_set(u64 wall_ns);
