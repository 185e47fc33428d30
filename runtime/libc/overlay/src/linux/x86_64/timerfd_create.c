/* Of any clock, so with wall time (<skiff/timerfd.h>). */
#define __SKIFF_NO_ENTRIES
#include <sys/timerfd.h>
#include "syscall.h"

__asm__(".pushsection .skiff.needs,\"e\",@progbits\n\t.quad skiff.clock_wall_ns\n\t.popsection");

int timerfd_create(int clock, int flags)
{
	return syscall(SYS_timerfd_create, clock, flags);
}

weak_alias(timerfd_create, __skiff_timerfd_create_any);
