/* Without stock musl's ways for kernels before 2.6.27. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include "syscall.h"

int epoll_create1(int flags)
{
	return syscall(SYS_epoll_create1, flags);
}

int epoll_create(int size)
{
	(void)size; /* stock musl takes any */
	return epoll_create1(0);
}

int epoll_ctl(int fd, int op, int fd2, struct epoll_event *ev)
{
	return syscall(SYS_epoll_ctl, fd, op, fd2, ev);
}

int epoll_pwait(int fd, struct epoll_event *ev, int n, int timeout, const sigset_t *mask)
{
	return syscall_cp(SYS_epoll_pwait, fd, ev, n, timeout, mask, _NSIG / 8);
}

int epoll_wait(int fd, struct epoll_event *ev, int n, int timeout)
{
	return syscall_cp(SYS_epoll_wait, fd, ev, n, timeout);
}
