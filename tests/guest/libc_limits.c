/* sysconf(3), getrlimit(2), uname(2), getauxval(3): what a service asks about its machine. */
#include "check.h"

#include <sys/auxv.h>
#include <sys/resource.h>

int main(void)
{
    struct rlimit limit;
    CHECK_EQ(sysconf(_SC_PAGESIZE), 4096);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    CHECK(sysconf(_SC_OPEN_MAX) >= 64);
    CHECK(sysconf(_SC_PHYS_PAGES) > 256);
    CHECK(sysconf(_SC_AVPHYS_PAGES) > 0);
    CHECK(sysconf(_SC_CLK_TCK) == 100);
    CHECK_EQ(getrlimit(RLIMIT_STACK, &limit), 0);
    CHECK_EQ(limit.rlim_cur, 8 << 20);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(limit.rlim_cur >= 64);
    CHECK_EQ(getauxval(AT_PAGESZ), 4096);
    CHECK(getauxval(AT_RANDOM));
    CHECK(getauxval(AT_PHDR));
    CHECK_EQ(getauxval(AT_SECURE), 0);
    CHECK(getpid() > 0);
    return 0;
}
