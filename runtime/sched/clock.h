/* What time it is. Monotonic time starts near 0 at boot and never steps; wall time may be set. */
#pragma once

#include "base/types.h"

u64 clock_mono_ns(void); /* CLOCK_MONOTONIC, from the TSC */
u64 clock_wall_ns(void); /* CLOCK_REALTIME: ns since 1970-01-01 UTC */

/* CLOCK_REALTIME less CLOCK_MONOTONIC; 0: not known yet. */
extern u64 clock_wall_offset_ns;

/* Set the wall clock; waits on it are not moved. */
void clock_wall_set(u64 wall_ns);

/* Start the clocks. @wall_ns: what time it is, 0 = ask the machine when somebody asks us. Weak for
 * boot: an image that never asks for the time has no clock. */
void clock_start(u64 wall_ns);
