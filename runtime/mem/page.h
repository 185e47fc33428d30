/*
 * Physical pages. RAM is mapped one to one (virtual address == physical address), writable and
 * never executable, so what page_alloc() returns is both a pointer and a DMA address.
 */
#pragma once

#include "base/types.h"

/**
 * Allocate @n_pages contiguous 4 KiB pages, content undefined.
 *
 * Returns  page-aligned address (virtual == physical), NULL if no such run is free
 * Owns     the caller, until page_free() with the same count (or parts of it, page by page)
 */
void *page_alloc(size_t n_pages);
void page_free(void *addr, size_t n_pages);

size_t page_total(void); /* pages of RAM handed to the allocator at start */
size_t page_avail(void); /* pages free now */

/* Start-up: RAM ends at @top; @state is one zeroed byte per page below it, kept for good. */
void page_init(u64 top, void *state);

/* Give @n_pages at @addr to the allocator (boot only). */
void page_donate(u64 addr, size_t n_pages);
