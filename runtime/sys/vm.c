/* Mappings: munmap(2), mprotect(2), brk(2) and their relatives; mmap(2) is in mmap.c. The work is
 * mem/vm_change.c's. */
#define _GNU_SOURCE
#include "mem/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/x86_64/layout.h"
#include "file/file.h"
#include "sys/mmap.h"
#include "sys/sys.h"

#pragma weak mmap_shared

/* The heap of brk(): the last 64 GiB of the window. */
#define BRK_BASE (VM_WINDOW_BASE + VM_WINDOW_SIZE - BRK_MAX)
#define BRK_MAX  (64ull << 30)

/* Read @f into the fresh writable mapping at @addr, then give that its @prot. */
static long fill(u64 addr, size_t len, int prot, struct file *f, off_t off)
{
    size_t done = 0;
    long n = 0;

    while (done < len) {
        struct iovec iov = {(char *)addr + done, len - done};

        n = f->ops->read(f, &iov, 1, off + (off_t)done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return n < 0 || prot & PROT_WRITE ? MIN(n, 0) : vm_protect(addr, len, (u32)prot);
}

static long map_copy(u64 at, size_t len, int prot, u32 how, struct file *f, off_t off)
{
    s64 addr;
    long err;

    if (!f->ops->read || !f->ops->seek)
        return -ENODEV;
    addr = vm_map(at, len, (u32)prot | VM_READ | VM_WRITE, how);
    if (addr < 0)
        return addr;
    err = fill((u64)addr, len, prot, f, off);
    if (err)
        vm_unmap((u64)addr, len);
    return err ? err : addr;
}

long mmap_file(u64 at, size_t len, int prot, u32 how, bool is_shared, int fd, off_t off)
{
    struct file *f = fd_get_io(fd);
    long r;

    if (!f)
        return -EBADF;
    if ((f->flags & O_ACCMODE) == O_WRONLY)
        r = -EACCES;
    else if (is_shared && mmap_shared)
        r = mmap_shared(at, len, prot, how, f, off);
    else if (is_shared && prot & PROT_WRITE)
        r = -ENODEV;
    else
        r = map_copy(at, len, prot, how, f, off);
    file_put(f);
    return r;
}

long uk_munmap(void *addr, size_t len)
{
    return vm_unmap((u64)addr, len);
}

long uk_mprotect(void *addr, size_t len, int prot)
{
    if (!len)
        return (u64)addr & (PAGE_SIZE - 1) ? -EINVAL : 0;
    return vm_protect((u64)addr, len, (u32)prot);
}

long uk_mremap(void *addr, size_t old_len, size_t new_len, int flags, void *new_addr)
{
    (void)new_addr;
    if (flags & ~MREMAP_MAYMOVE)
        return -EINVAL; /* MREMAP_FIXED, MREMAP_DONTUNMAP: nobody has asked yet */
    return vm_remap((u64)addr, old_len, new_len, flags & MREMAP_MAYMOVE);
}

long uk_madvise(void *addr, size_t len, int advice)
{
    if ((u64)addr & (PAGE_SIZE - 1))
        return -EINVAL;
    if (!len)
        return 0;
    if (!vm_covers((u64)addr, ALIGN_UP(len, PAGE_SIZE), 0))
        return -ENOMEM;
    if (advice == MADV_DONTNEED || advice == MADV_FREE)
        return vm_discard((u64)addr, len);
    return advice >= 0 && advice <= MADV_COLD ? 0 : -EINVAL;
}

long uk_brk(u64 to)
{
    static u64 now = BRK_BASE;
    u64 old_top = ALIGN_UP(now, PAGE_SIZE), top = ALIGN_UP(to, PAGE_SIZE);

    if (to < BRK_BASE || to > BRK_BASE + BRK_MAX)
        return (long)now;
    if (top > old_top && vm_map(old_top, top - old_top, VM_READ | VM_WRITE, VM_FIXED) < 0)
        return (long)now;
    if (top < old_top && vm_unmap(top, old_top - top))
        return (long)now;
    now = to;
    return (long)now;
}

/* All memory stays where it is: there is no swap to keep it from. */
long uk_mlock(const void *addr, size_t len)
{
    return vm_covers((u64)addr, len, 0) ? 0 : -ENOMEM;
}

long uk_munlock(const void *addr, size_t len)
{
    return uk_mlock(addr, len);
}

long uk_mlockall(int flags)
{
    return flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || !flags ? -EINVAL : 0;
}

long uk_munlockall(void)
{
    return 0;
}

long uk_msync(void *addr, size_t len, int flags)
{
    (void)flags;
    return vm_covers((u64)addr, len, 0) ? 0 : -ENOMEM;
}

long uk_mincore(void *addr, size_t len, unsigned char *vec)
{
    u64 at = (u64)addr;

    if (at & (PAGE_SIZE - 1))
        return -EINVAL;
    if (!vm_covers(at, len, 0))
        return -ENOMEM;
    for (; at < (u64)addr + len; at += PAGE_SIZE)
        *vec++ = vm_is_populated(at);
    return 0;
}
