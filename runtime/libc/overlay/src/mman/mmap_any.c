/* mmap() for all it can do: with the runtime's part that maps files shared. */
#define __SKIFF_NO_ENTRIES
#include <sys/mman.h>
#include "syscall.h"

__asm__(".pushsection .skiff.needs,\"e\",@progbits\n\t.quad skiff.mmap_shared\n\t.popsection");

void *mmap(void *start, size_t len, int prot, int flags, int fd, off_t off)
{
	return __mmap(start, len, prot, flags, fd, off);
}

weak_alias(mmap, mmap64);
weak_alias(mmap, __skiff_mmap_any);
