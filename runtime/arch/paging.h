/* Page tables, through the keel: the window of the service's mappings. Physical memory itself is
 * mapped one to one and not touched here. */
#pragma once

#include "base/types.h"
#include "arch/x86_64/layout.h"

#define PAGING_READ        KEEL_PROT_READ
#define PAGING_WRITE       KEEL_PROT_WRITE
#define PAGING_LARGE_BYTES 0x200000ul

/* Map @n_pages of RAM at @pa to @va, both free; @va's 2 MiB unit must hold them all. 0 or -ENOMEM
 * (then nothing is mapped). */
int paging_map(u64 va, u64 pa, u64 n_pages, u32 prot);

/* Unmap up to @n_pages at @va: one run of physically contiguous pages, or of nothing. Returns its
 * length
 * (>= 1) and in @pa where it was (0 = nothing was mapped); -ENOMEM: no page to split a large one.
 */
s64 paging_unmap(u64 va, u64 n_pages, u64 *pa);

/* Change what is mapped in the range; holes stay holes. 0 or -ENOMEM. */
int paging_protect(u64 va, u64 n_pages, u32 prot);

/* How many pages of the range are mapped; in @n_leading_empty (may be NULL) how many are not before
 * the first that is. */
u64 paging_count(u64 va, u64 n_pages, u64 *n_leading_empty);
