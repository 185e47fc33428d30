/* Monotonic time is the CPU's; wall time is that plus an offset. */
#include "sched/clock.h"

#include "arch/cpu.h"

static u64 wall_offset_ns;

void clock_start(u64 wall_ns)
{
    cpu_clock_init();
    clock_wall_set(wall_ns ? wall_ns : cpu_rtc_seconds() * NSEC_PER_SEC);
}

u64 clock_mono_ns(void)
{
    return cpu_clock_ns();
}

u64 clock_wall_ns(void)
{
    return wall_offset_ns + cpu_clock_ns();
}

void clock_wall_set(u64 wall_ns)
{
    wall_offset_ns = wall_ns - cpu_clock_ns();
}
