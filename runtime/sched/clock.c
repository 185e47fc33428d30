/* Monotonic time is the CPU's; wall time is that plus an offset. */
#include "sched/clock.h"

#include "arch/cpu.h"

static u64 wall_offset_ns; /* 0: not known yet */

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

u64 clock_wall_ns(void)
{
    /* The RTC is asked when somebody wants to know: more than two dozen exits from the guest. */
    if (!wall_offset_ns)
        clock_wall_set(cpu_rtc_seconds() * NSEC_PER_SEC);
    return wall_offset_ns + cpu_clock_ns();
}

void clock_wall_set(u64 wall_ns)
{
    wall_offset_ns = wall_ns - cpu_clock_ns();
}
