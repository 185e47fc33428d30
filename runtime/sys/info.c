#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "fs/hostname.h"
#include "mem/page.h"
#include "sched/clock.h"
#include "sched/thread.h"

#define TICKS_PER_SEC 100 /* times(2), sysconf(_SC_CLK_TCK) */

/* Services look at sysname and release to choose between ways that all are Linux'. */
long uk_uname(struct utsname *u)
{
    if (!u)
        return -EFAULT;
    memset(u, 0, sizeof(*u));
    strcpy(u->sysname, "Linux");
    strcpy(u->nodename, hostname_get());
    strcpy(u->release, "6.1.0-skiff");
    strcpy(u->version, "#1 Skiff");
    strcpy(u->machine, "x86_64");
    strcpy(u->domainname, "(none)");
    return 0;
}

long uk_sethostname(const char *name, size_t len)
{
    if (len > HOSTNAME_MAX)
        return -EINVAL;
    hostname_set(name, len);
    return 0;
}

long uk_sysinfo(struct sysinfo *si)
{
    if (!si)
        return -EFAULT;
    memset(si, 0, sizeof(*si));
    si->uptime = (long)(clock_mono_ns() / NSEC_PER_SEC);
    si->totalram = page_total() * PAGE_SIZE;
    si->freeram = page_avail() * PAGE_SIZE;
    si->procs = 1;
    si->mem_unit = 1;
    return 0;
}

/* All CPU time is user time: service and runtime share it. */
long uk_getrusage(int who, struct rusage *ru)
{
    u64 ns;

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != 1 /* RUSAGE_THREAD */)
        return -EINVAL;
    if (!ru)
        return -EFAULT;
    /* The kernel's struct: musl's has 16 reserved words more, which are not ours to write. */
    memset(ru, 0, offsetof(struct rusage, ru_nivcsw) + sizeof(ru->ru_nivcsw));
    if (who == RUSAGE_CHILDREN)
        return 0;
    ns = who == RUSAGE_SELF ? sched_cpu_ns_of_all() : sched_cpu_ns(thread_current());
    ru->ru_utime.tv_sec = (time_t)(ns / NSEC_PER_SEC);
    ru->ru_utime.tv_usec = (suseconds_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
    ru->ru_maxrss = (long)((page_total() - page_avail()) * (PAGE_SIZE / 1024));
    return 0;
}

long uk_times(struct tms *t)
{
    long ticks = (long)(clock_mono_ns() / (NSEC_PER_SEC / TICKS_PER_SEC));

    if (t) {
        memset(t, 0, sizeof(*t));
        t->tms_utime = (clock_t)(sched_cpu_ns_of_all() / (NSEC_PER_SEC / TICKS_PER_SEC));
    }
    return ticks;
}

long uk_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    (void)unused;
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}

/* reboot(2): the machine ends with the service, by exit(2). */
long uk_reboot(int magic1, int magic2, int cmd, void *arg)
{
    (void)magic1;
    (void)magic2;
    (void)cmd;
    (void)arg;
    return -EPERM;
}
