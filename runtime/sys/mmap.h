/* mmap(2) of a file, in two halves. */
#pragma once

#include <sys/types.h>

#include "base/types.h"

/*
 * Read the file behind @fd into the fresh writable mapping at @addr, then give that its @prot. A
 * private mapping of a file is a copy of it. LIMIT: read when it is mapped; lift with a page cache.
 * Linked with munmap() and mprotect() only. Returns 0, -EBADF, -ENODEV, what the read says.
 */
long mmap_fill(u64 addr, size_t len, int prot, int fd, off_t off);
