/* uname(2), getrlimit(2), sysinfo(2), prctl(2): what services ask at start. */
#define _GNU_SOURCE
#include "check.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>

int main(void)
{
    struct utsname name;
    struct rlimit limit;
    struct rusage usage;
    struct sysinfo info;
    struct tms t;
    cpu_set_t cpus;
    char text[16];

    CHECK(uname(&name) == 0 && !strcmp(name.sysname, "Linux") && !strcmp(name.machine, "x86_64"));
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 64);
    CHECK_ERRNO(getrlimit(99, &limit), EINVAL);
    limit.rlim_cur = 100;
    limit.rlim_max = 50;
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
    limit.rlim_max = 200;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(limit.rlim_cur == 100 && limit.rlim_max == 200);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    CHECK_ERRNO(waitpid(-1, NULL, 0x400), EINVAL);
    CHECK_ERRNO(waitid(P_ALL, 0, NULL, WEXITED), ECHILD);
    CHECK_ERRNO(waitid(P_ALL, 0, NULL, 0), EINVAL);
    CHECK(sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) >= 1);
    CHECK_EQ(sched_yield(), 0);
    CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
    CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
    CHECK_ERRNO(sched_get_priority_max(99), EINVAL);
    CHECK(sysinfo(&info) == 0 && info.totalram > 0);
    CHECK(info.freeram <= info.totalram && info.mem_unit >= 1);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
    CHECK_ERRNO(getrusage(55, &usage), EINVAL);
    CHECK(times(&t) != (clock_t)-1);
    CHECK(prctl(PR_SET_NAME, "a name that is too long") == 0);
    CHECK(prctl(PR_GET_NAME, text) == 0 && !strcmp(text, "a name that is "));
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096);
    CHECK_EQ(getpid(), getpid());
    CHECK_EQ(getuid() == geteuid() && getgid() == getegid(), 1);
    CHECK_ERRNO(getpgid(-5), ESRCH);
    errno = 0;
    CHECK(getpriority(PRIO_PROCESS, 0) >= -20 && errno == 0);
    return 0;
}
