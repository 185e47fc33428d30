/* Small objects of the runtime itself (sockets, files, threads). Not the service's malloc. */
#pragma once

#include "base/types.h"

/**
 * Allocate @len_bytes of zeroed memory, 16-byte aligned.
 *
 * Returns  NULL when memory is short: every caller turns that into -ENOMEM (or a dropped packet)
 */
void *heap_new(size_t len_bytes);

/* Free what heap_new() returned; NULL is allowed. */
void heap_free(void *p);
