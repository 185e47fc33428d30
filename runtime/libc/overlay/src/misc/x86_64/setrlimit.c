/* Without stock musl's way for kernels before 2.6.36, which stops all threads to do it. */
#include <sys/resource.h>
#include "syscall.h"

int setrlimit(int resource, const struct rlimit *limit)
{
	return syscall(SYS_prlimit64, 0, resource, limit, 0);
}
weak_alias(setrlimit, setrlimit64);
