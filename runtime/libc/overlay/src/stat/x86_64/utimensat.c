/* Without stock musl's ways for kernels before 2.6.22. */
#include <fcntl.h>
#include <sys/stat.h>
#include "syscall.h"

int utimensat(int fd, const char *path, const struct timespec times[2], int flags)
{
	return syscall(SYS_utimensat, fd, path, times, flags);
}
