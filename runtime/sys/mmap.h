/* mmap(2) of a file, in two halves. */
#pragma once

#include <sys/types.h>

#include "base/types.h"

struct file;

/*
 * mmap(2) of a file, by the flags @how of vm_map(): shared, the file itself, or private, a copy of
 * it. LIMIT: the copy is made when it is mapped; lift with a page cache. Weak: linked with munmap()
 * and mprotect() only. Returns the address, -EBADF, -EACCES, -ENODEV, what vm_map() or the read
 * says.
 */
long mmap_file(u64 at, size_t len, int prot, u32 how, bool is_shared, int fd, off_t off);

/* The shared half. Weak: linked by mmap() itself (libc/overlay/src/mman). Returns the address,
 * -EACCES, -ENODEV, -EOVERFLOW, or what vm_map() says. */
long mmap_shared(u64 at, size_t len, int prot, u32 how, struct file *f, off_t off);
