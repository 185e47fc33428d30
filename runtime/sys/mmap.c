/* mmap(2). Apart from vm.c because libc's start-up reaches it in every service. */
#define _GNU_SOURCE
#include "sys/mmap.h"

#include <errno.h>
#include <sys/mman.h>

#include "mem/vm.h"
#include "sys/sys.h"

#pragma weak mmap_file

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC, "vm.h");

long uk_mmap(void *hint, size_t len, int prot, int flags, int fd, off_t off)
{
    bool is_file = !(flags & MAP_ANONYMOUS);
    u32 how = 0;

    if ((flags & MAP_TYPE) != MAP_PRIVATE && (flags & MAP_TYPE) != MAP_SHARED &&
        (flags & MAP_TYPE) != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (is_file && (off & (off_t)(PAGE_SIZE - 1)))
        return -EINVAL;
    if (flags & MAP_FIXED_NOREPLACE)
        how |= VM_NOREPLACE;
    else if (flags & MAP_FIXED)
        how |= VM_FIXED;
    if (flags & MAP_NORESERVE)
        how |= VM_NORESERVE;
    if (flags & MAP_POPULATE)
        how |= VM_POPULATE;
    if (flags & (MAP_STACK | MAP_GROWSDOWN))
        how |= VM_NORESERVE | VM_GROWS; /* thread stacks are touched little by little */
    u64 at = how & (VM_FIXED | VM_NOREPLACE) ? (u64)hint : ALIGN_DOWN((u64)hint, PAGE_SIZE);
    if (!is_file)
        return vm_map(at, len, (u32)prot, how);
    return mmap_file ? mmap_file(at, len, prot, how, (flags & MAP_TYPE) != MAP_PRIVATE, fd, off)
                     : -ENODEV;
}
