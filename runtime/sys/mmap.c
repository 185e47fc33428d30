/* mmap(2). Apart from vm.c because libc's start-up reaches it in every service. */
#define _GNU_SOURCE
#include "sys/mmap.h"

#include <errno.h>
#include <sys/mman.h>

#include "mem/vm.h"
#include "sys/sys.h"

#pragma weak mmap_fill
#pragma weak vm_unmap

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC, "vm.h");

long uk_mmap(void *hint, size_t len, int prot, int flags, int fd, off_t off)
{
    bool is_file = !(flags & MAP_ANONYMOUS);
    u32 how = 0;
    s64 addr;

    if ((flags & MAP_TYPE) != MAP_PRIVATE && (flags & MAP_TYPE) != MAP_SHARED &&
        (flags & MAP_TYPE) != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (is_file && (off & (off_t)(PAGE_SIZE - 1)))
        return -EINVAL;
    if (is_file && (flags & MAP_TYPE) != MAP_PRIVATE && prot & PROT_WRITE)
        return -ENODEV; /* no page cache to write back from */
    if (flags & MAP_FIXED_NOREPLACE)
        how |= VM_NOREPLACE;
    else if (flags & MAP_FIXED)
        how |= VM_FIXED;
    if (flags & MAP_NORESERVE)
        how |= VM_NORESERVE;
    if (flags & MAP_POPULATE)
        how |= VM_POPULATE;
    if (flags & (MAP_STACK | MAP_GROWSDOWN))
        how |= VM_NORESERVE; /* thread stacks are touched little by little */
    u64 at = how & (VM_FIXED | VM_NOREPLACE) ? (u64)hint : ALIGN_DOWN((u64)hint, PAGE_SIZE);
    addr = vm_map(at, len, is_file ? (u32)prot | VM_READ | VM_WRITE : (u32)prot, how);
    if (addr < 0 || !is_file)
        return addr;
    long err = mmap_fill ? mmap_fill((u64)addr, len, prot, fd, off) : -ENODEV;
    if (err) {
        vm_unmap((u64)addr, len);
        return err;
    }
    return addr;
}
