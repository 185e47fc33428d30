/* mmap() as libc itself needs it, and a service that maps no file shared. Under its own name it is
 * in mmap_any.c, which links more: stock musl has both names in one object. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include "syscall.h"

static void nothing(void)
{
}
weak_alias(nothing, __vm_wait);

void *__mmap(void *start, size_t len, int prot, int flags, int fd, off_t off)
{
	long r;

	if (len > PTRDIFF_MAX - 1)
		return (void *)__syscall_ret(-ENOMEM);
	if (flags & MAP_FIXED)
		__vm_wait();
	r = __syscall(SYS_mmap, start, len, prot, flags, fd, off);
	if (r == -EPERM && !start && flags & MAP_ANON && !(flags & MAP_FIXED))
		r = -ENOMEM; /* Linux means that there is no room */
	return (void *)__syscall_ret(r);
}
