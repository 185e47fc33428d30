/* Without timerfd_create(), which is a file of its own, and for clocks that are not wall time. */
#include <sys/timerfd.h>
#include "syscall.h"

int __skiff_timerfd_create_mono(int clock, int flags)
{
	return syscall(SYS_timerfd_create, clock, flags);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	return syscall(SYS_timerfd_settime, fd, flags, new, old);
}

int timerfd_gettime(int fd, struct itimerspec *now)
{
	return syscall(SYS_timerfd_gettime, fd, now);
}
