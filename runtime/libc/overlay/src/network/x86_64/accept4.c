/* Without stock musl's way for kernels before 2.6.28, which would link accept() and fcntl(). */
#define _GNU_SOURCE
#include <sys/socket.h>
#include "syscall.h"

int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict len, int flags)
{
	return syscall_cp(SYS_accept4, fd, addr, len, flags);
}
