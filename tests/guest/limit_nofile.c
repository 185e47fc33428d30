/* getrlimit(2): a service may make a table of RLIMIT_NOFILE's hard limit; root may raise that. */
#include "check.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int main(void)
{
    struct rlimit limit;

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(limit.rlim_cur <= limit.rlim_max);
    if (getpid() == 1) { /* Linux' own is up to who started us */
        struct pollfd *all = calloc(limit.rlim_max, sizeof(*all));
        CHECK(limit.rlim_max >= 1024 && all);
        memset(all, -1, limit.rlim_max * sizeof(*all));
        free(all);
    }
    limit.rlim_cur = 100;
    limit.rlim_max = 200;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(limit.rlim_cur == 100 && limit.rlim_max == 200);
    limit.rlim_max = 1 << 20;
    limit.rlim_cur = 1000;
    if (getpid() == 1) { /* CAP_SYS_RESOURCE */
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        CHECK_EQ(sysconf(_SC_OPEN_MAX), 1000);
    }
    limit.rlim_max = 1 << 30;
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    return 0;
}
