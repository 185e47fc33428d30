/* Apart from clock.c: not every image that has a clock wants to know the date. */
#include "arch/cpu.h"
#include "sched/clock.h"

u64 clock_wall_ns(void)
{
    /* The RTC is asked when somebody wants to know: more than two dozen exits from the guest. */
    if (!clock_wall_offset_ns)
        clock_wall_set(cpu_rtc_seconds() * NSEC_PER_SEC);
    return clock_wall_offset_ns + cpu_clock_ns();
}
