#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "file/fdtable.h"
#include "mem/page.h"

#define STACK_BYTES   (8ul << 20) /* the main thread's, on Linux and here */
#define NAME_BYTES    16          /* PR_SET_NAME, with its NUL */
#define CAP_VERSION_3 0x20080522u

static u32 nofile_max; /* 0 = as at start */

/* RLIMIT_NOFILE, hard: services size tables by it, so it starts where memory ends (an open file and
 * what is behind it take about half a page), as file-max does (proc(5)). Raising it is for root,
 * which we are (CAP_SYS_RESOURCE). */
static u32 nofile_hard(void)
{
    u32 by_memory = (u32)MIN(2 * page_total(), (size_t)FD_LIMIT_HARD);

    return nofile_max ? nofile_max : MAX(by_memory, FD_LIMIT_SOFT);
}

/* LIMIT: only RLIMIT_NOFILE limits anything; the others are what nobody has set. */
static void limit_get(int resource, struct rlimit *rl)
{
    rl->rlim_cur = rl->rlim_max = RLIM_INFINITY;
    if (resource == RLIMIT_NOFILE) {
        rl->rlim_cur = fd_limit();
        rl->rlim_max = nofile_hard();
    } else if (resource == RLIMIT_STACK) {
        rl->rlim_cur = STACK_BYTES;
    } else if (resource == RLIMIT_CORE) {
        rl->rlim_cur = 0;
    }
}

long uk_prlimit64(pid_t pid, int resource, const struct rlimit *to, struct rlimit *old)
{
    if (pid != 0 && pid != 1)
        return -ESRCH;
    if (resource < 0 || resource >= (int)RLIM_NLIMITS)
        return -EINVAL;
    if (to && to->rlim_cur > to->rlim_max)
        return -EINVAL;
    if (to && resource == RLIMIT_NOFILE && to->rlim_max > FD_LIMIT_HARD)
        return -EPERM;
    if (old)
        limit_get(resource, old);
    if (to && resource == RLIMIT_NOFILE) {
        fd_set_limit((u32)to->rlim_cur);
        nofile_max = (u32)MAX(to->rlim_max, 1u);
    }
    return 0;
}

long uk_getrlimit(int resource, struct rlimit *old)
{
    return old ? uk_prlimit64(0, resource, NULL, old) : -EFAULT;
}

long uk_setrlimit(int resource, const struct rlimit *to)
{
    return to ? uk_prlimit64(0, resource, to, NULL) : -EFAULT;
}

/* LIMIT: one name for all threads. */
static char name[NAME_BYTES] = "service";

long uk_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    (void)b;
    (void)c;
    (void)d;
    switch (op) {
    case PR_SET_NAME:
        strncpy(name, (const char *)a, NAME_BYTES - 1);
        return 0;
    case PR_GET_NAME:
        memcpy((char *)a, name, NAME_BYTES);
        return 0;
    case PR_GET_DUMPABLE:
    case PR_SET_DUMPABLE:
    case PR_SET_PDEATHSIG: /* there is no parent to die */
    case PR_SET_NO_NEW_PRIVS:
    case PR_SET_TIMERSLACK:
    case PR_SET_KEEPCAPS:
        return 0;
    }
    return -EINVAL;
}

long uk_personality(unsigned long persona)
{
    return persona == 0 || (u32)persona == 0xffffffffu ? 0 : -EINVAL;
}

struct cap_header {
    u32 version;
    int pid;
};

/* capget(2): root has them all. */
long uk_capget(void *header, void *data)
{
    struct cap_header *h = header;
    u32 *set = data;

    if (!h)
        return -EFAULT;
    if (h->version != CAP_VERSION_3) {
        h->version = CAP_VERSION_3;
        return set ? -EINVAL : 0;
    }
    for (int i = 0; set && i < 6; i++) /* two of {effective, permitted, inheritable} */
        set[i] = i % 3 == 2 ? 0 : i < 3 ? UINT32_MAX : 0x1ff;
    return 0;
}

long uk_capset(void *header, const void *data)
{
    (void)data;
    return header ? 0 : -EFAULT;
}

/* getpriority(2): the kernel answers 20 - nice. */
long uk_getpriority(int which, int who)
{
    (void)who;
    return which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : 20;
}

long uk_setpriority(int which, int who, int prio)
{
    (void)who;
    (void)prio;
    return which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : 0;
}

long uk_ioprio_get(int which, int who)
{
    (void)which;
    (void)who;
    return 0;
}

long uk_ioprio_set(int which, int who, int prio)
{
    (void)which;
    (void)who;
    (void)prio;
    return 0;
}

/* membarrier(2): with one CPU every command is done when it is called. */
long uk_membarrier(int cmd, unsigned flags, int cpu)
{
    enum { QUERY = 0, ALL = 0x1ff };

    (void)cpu;
    if (flags || cmd & ~ALL)
        return -EINVAL;
    return cmd == QUERY ? ALL : 0;
}
