/* Monotonic time is the CPU's; wall time is that plus an offset. */
#include "sched/clock.h"

#include "arch/cpu.h"

u64 clock_wall_offset_ns;

void clock_start(u64 wall_ns)
{
    cpu_clock_init();
    if (wall_ns)
        clock_wall_set(wall_ns);
}

u64 clock_mono_ns(void)
{
    return cpu_clock_ns();
}

void clock_wall_set(u64 wall_ns)
{
    clock_wall_offset_ns = wall_ns - cpu_clock_ns();
}
