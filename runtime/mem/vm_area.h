/* The areas of the service's window, between mem/'s own files. */
#pragma once

#include "arch/paging.h"
#include "base/list.h"
#include "mem/page.h"
#include "mem/vm.h"

#define WINDOW_START  (VM_WINDOW_BASE + PAGING_LARGE_BYTES)
#define WINDOW_END    (VM_WINDOW_BASE + VM_WINDOW_SIZE)

#define RESERVE_PAGES 16 /* never promised: the runtime's own small needs */

struct area {
    struct list node; /* by address */
    u64 start, end;
    u32 prot;
    u32 flags;       /* VM_STACK | VM_NORESERVE | VM_READ_ONLY */
    u64 n_populated; /* pages that are there */
    u64 n_owed;      /* pages promised and not there yet; part of vm_count.n_promised */

    struct vm_object *object; /* whose pages these are; NULL: the area's own */
    u64 object_page;          /* which of them is the first */
};

extern struct list vm_areas;     /* sorted, not overlapping */
extern struct vm_stats vm_count; /* n_promised: charged, but not populated yet: pages we owe */

static inline u64 pages(u64 bytes)
{
    return bytes / PAGE_SIZE;
}

/* Are the pages of such an area promised when it is made? */
static inline bool vm_charges(u32 prot, u32 flags)
{
    return prot & VM_WRITE && !(flags & (VM_STACK | VM_NORESERVE));
}

static inline bool vm_is_charged(const struct area *a)
{
    return vm_charges(a->prot, a->flags);
}

static inline bool vm_can_promise(u64 n)
{
    return n + vm_count.n_promised + RESERVE_PAGES <= page_avail();
}

/* First area that ends above @addr, or NULL; the one that contains @addr; the one after @a. */
struct area *vm_area_from(u64 addr);
struct area *vm_area_at(u64 addr);

/* A fault in an area with an object: put its page there. Weak: comes with vm_map_shared(). */
bool vm_shared_fault(struct area *a, u64 addr);

/* Give back the pages of [start, end) of @a, or let go of them; the area stays. 0 or -ENOMEM. */
int vm_depopulate(struct area *a, u64 start, u64 end);

static inline struct area *vm_area_after(const struct area *a)
{
    return a->node.next == &vm_areas ? NULL : list_entry(a->node.next, struct area, node);
}
