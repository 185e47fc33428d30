#include "fs/generator.h"

#include "mem/page.h"
#include "sched/clock.h"

static void meminfo(struct fmt_out *o)
{
    unsigned long total_kb = page_total() * (PAGE_SIZE / 1024);
    unsigned long free_kb = page_avail() * (PAGE_SIZE / 1024);

    fmt_put(o,
            "MemTotal:       %8lu kB\nMemFree:        %8lu kB\n"
            "MemAvailable:   %8lu kB\nBuffers:               0 kB\n"
            "Cached:                0 kB\nSwapTotal:             0 kB\n"
            "SwapFree:              0 kB\n",
            total_kb, free_kb, free_kb);
}

static void cpuinfo(struct fmt_out *o)
{
    fmt_put(o, "processor\t: 0\nsiblings\t: 1\ncpu cores\t: 1\n\n");
}

/* In ticks of 10 ms. What is idle time and what is not is not accounted: all counts as user time.
 */
static void stat(struct fmt_out *o)
{
    unsigned long ticks = clock_mono_ns() / (10 * NSEC_PER_MSEC);
    unsigned long boot_s = (clock_wall_ns() - clock_mono_ns()) / NSEC_PER_SEC;

    fmt_put(o,
            "cpu  %lu 0 0 0 0 0 0 0 0 0\ncpu0 %lu 0 0 0 0 0 0 0 0 0\n"
            "btime %lu\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
            ticks, ticks, boot_s);
}

static void uptime(struct fmt_out *o)
{
    unsigned long ticks = clock_mono_ns() / (10 * NSEC_PER_MSEC);

    fmt_put(o, "%lu.%02lu 0.00\n", ticks / 100, ticks % 100);
}

static void loadavg(struct fmt_out *o)
{
    fmt_put(o, "0.00 0.00 0.00 1/1 1\n");
}

FS_FILES const struct fs_generator procfs_files[] = {
    {"/proc/meminfo", meminfo}, {"/proc/cpuinfo", cpuinfo}, {"/proc/stat", stat},
    {"/proc/uptime", uptime},   {"/proc/loadavg", loadavg},
};
