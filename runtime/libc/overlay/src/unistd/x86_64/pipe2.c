/* Without stock musl's way for kernels before 2.6.27. */
#define _GNU_SOURCE
#include <unistd.h>
#include "syscall.h"

int pipe2(int fd[2], int flags)
{
	return syscall(SYS_pipe2, fd, flags);
}
