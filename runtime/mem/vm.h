/*
 * The service's mappings (mmap and its family): anonymous memory in a window of its own, populated
 * on first touch where it is large. Memory that may be written is promised when it is mapped: what
 * does not fit is refused then, with -ENOMEM, not at the touch.
 */
#pragma once

#include "base/types.h"

#define VM_READ      1 /* as PROT_READ … */
#define VM_WRITE     2
#define VM_EXEC      4 /* refused: nothing becomes executable after start */

#define VM_STACK     BIT(0) /* grows as it is touched; not charged */
#define VM_NORESERVE BIT(1) /* not charged */
#define VM_POPULATE  BIT(2) /* now, whatever its size */
#define VM_FIXED     BIT(3) /* at this address, replacing what is there */
#define VM_LAZY      BIT(5) /* nothing now, however small */
#define VM_NOREPLACE BIT(4) /* at this address, or -EEXIST */
#define VM_GROWS     BIT(7) /* a thread's stack: some of it must fit now; with VM_NORESERVE */
#define VM_READ_ONLY BIT(6) /* shared: never writable */

/**
 * Map zeroed memory.
 *
 * @addr   page-aligned hint, or the place (VM_FIXED, VM_NOREPLACE); 0 = anywhere
 * @len    bytes, rounded up to pages
 * Returns the address, or -ENOMEM, -EINVAL, -EEXIST, -EACCES (VM_EXEC)
 */
s64 vm_map(u64 addr, u64 len, u32 prot, u32 flags);

/* What stands behind shared mappings. */
struct vm_object {
    const void *owner;                         /* of the pages: what vm_shared_cut() is asked for */
    u32 n_areas;                               /* that show it; mem/ counts */
    void *(*page)(struct vm_object *o, u64 i); /* its page number @i; NULL: there is none */
    void (*release)(struct vm_object *o);      /* the last area is gone */
};

/**
 * As vm_map(), but of the pages of @o from @first_page on. They come at the touch; page() says
 * where they are.
 *
 * Owns     @o is the mapping's, if one was made, until release()
 */
s64 vm_map_shared(u64 addr, u64 len, u32 prot, u32 flags, struct vm_object *o, u64 first_page);

/* The pages of @owner from @first_page on go away: no mapping shows them any more, until page()
 * says where others are. Weak: without vm_shared.c there are no such mappings. */
void vm_shared_cut(const void *owner, u64 first_page);

/* Unmap whatever is in the range. 0, -EINVAL, -ENOMEM. Weak: vm_change.c comes with its users only,
 * and without it VM_FIXED replaces nothing (-ENOMEM). */
int vm_unmap(u64 addr, u64 len);

/* Change protection. 0; -ENOMEM: a hole in the range, or no memory to promise; -EACCES (VM_EXEC,
 * VM_READ_ONLY).
 */
int vm_protect(u64 addr, u64 len, u32 prot);

/* mremap(): shrink, grow in place, or move (@may_move). Returns the address or -errno. */
s64 vm_remap(u64 addr, u64 old_len, u64 new_len, bool may_move);

/* MADV_DONTNEED: drop the pages; the next touch finds zeroes. */
int vm_discard(u64 addr, u64 len);

/* Is every byte of the range mapped, and may it be written (or read)? */
bool vm_covers(u64 addr, u64 len, u32 prot);

/* Is the page of @addr there, so that touching it faults only for its protection? */
bool vm_is_populated(u64 addr);

/* A page fault at @addr: populate if that is what is missing. False: a real fault. */
bool vm_fault(u64 addr, u64 error);

struct vm_stats {
    u64 n_mapped, n_populated, n_promised; /* pages */
};
