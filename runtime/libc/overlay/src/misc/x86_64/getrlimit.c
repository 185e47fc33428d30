/* Without stock musl's way for kernels before 2.6.36. */
#include <sys/resource.h>
#include "syscall.h"

int getrlimit(int resource, struct rlimit *limit)
{
	return syscall(SYS_prlimit64, 0, resource, 0, limit);
}
weak_alias(getrlimit, getrlimit64);
