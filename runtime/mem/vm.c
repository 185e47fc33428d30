/*
 * Mappings of the service: a sorted list of areas, pages under them in the page tables only (the
 * keel tells on unmap where they were). See vm.h.
 */
#include "mem/vm.h"

#include <errno.h>

#include "arch/cpu.h"
#include "base/log.h"
#include "mem/heap.h"
#include "mem/vm_area.h"

#pragma weak vm_unmap        /* not linked unless something unmaps */
#pragma weak vm_shared_fault /* … or maps a file */

#define EAGER_BYTES    (64 * 1024) /* up to here a mapping is populated at once */
#define STACK_PAGES    32u         /* of a thread's stack that must be free when it is made */
#define AROUND_PAGES   16          /* a fault brings its neighbours */
#define PAGES_IN_LARGE (PAGING_LARGE_BYTES / PAGE_SIZE)

struct list vm_areas = LIST_INIT(vm_areas);
struct vm_stats vm_count;

/* First area that ends above @addr, or NULL. */
struct area *vm_area_from(u64 addr)
{
    list_for_each (it, &vm_areas) {
        struct area *a = list_entry(it, struct area, node);

        if (a->end > addr)
            return a;
    }
    return NULL;
}

struct area *vm_area_at(u64 addr)
{
    struct area *a = vm_area_from(addr);

    return a && a->start <= addr ? a : NULL;
}

static void area_insert(struct area *a)
{
    struct area *next = vm_area_from(a->start);

    list_push_back(next ? &next->node : &vm_areas, &a->node);
    vm_count.n_mapped += pages(a->end - a->start);
}

/* Lowest free address for @len: first fit; big mappings on 2 MiB borders so large pages fit. */
static u64 find_gap(u64 len)
{
    u64 align = len >= PAGING_LARGE_BYTES ? PAGING_LARGE_BYTES : PAGE_SIZE;
    u64 at = WINDOW_START;

    list_for_each (it, &vm_areas) {
        struct area *a = list_entry(it, struct area, node);

        if (a->start >= at && a->start - at >= len)
            return at;
        at = MAX(at, ALIGN_UP(a->end, align));
    }
    return at < WINDOW_END && len <= WINDOW_END - at ? at : 0;
}

/* Give @n zeroed, physically contiguous pages to @a at @at; one 2 MiB unit must hold them, none may
 * be there yet. */
static bool populate_run(struct area *a, u64 at, u64 n)
{
    void *mem = page_alloc(n);

    if (!mem)
        return false;
    words_zero(mem, n * PAGE_SIZE);
    if (paging_map(at, (u64)mem, n, a->prot & (VM_READ | VM_WRITE))) {
        page_free(mem, n);
        return false;
    }
    a->n_populated += n;
    vm_count.n_populated += n;
    n = MIN(n, a->n_owed); /* discarded pages come back unpromised */
    a->n_owed -= n;
    vm_count.n_promised -= n;
    return true;
}

/* Populate a fresh area as far as memory goes; the rest comes at the touch. */
static void populate(struct area *a)
{
    u64 n;

    for (u64 at = a->start; at < a->end; at += n * PAGE_SIZE) {
        n = MIN(pages(a->end - at), PAGES_IN_LARGE - (pages(at) & (PAGES_IN_LARGE - 1)));
        while (!populate_run(a, at, n))
            if (!(n /= 2))
                return;
    }
}

s64 vm_map(u64 addr, u64 len, u32 prot, u32 flags)
{
    struct area *a;
    u64 n_owed, n_needed;
    bool fits, is_taken;

    if (!len || addr & (PAGE_SIZE - 1))
        return -EINVAL;
    if (prot & VM_EXEC)
        return -EACCES;
    if (len > WINDOW_END - WINDOW_START)
        return -ENOMEM;
    len = ALIGN_UP(len, PAGE_SIZE);
    fits =
        addr - WINDOW_START <= WINDOW_END - WINDOW_START - len; /* RAM is not for placing things */
    a = vm_area_from(addr);
    is_taken = a && a->start < addr + len;
    if (!(flags & (VM_FIXED | VM_NOREPLACE))) {
        if (!fits || is_taken)
            addr = find_gap(len);
        if (!addr)
            return -ENOMEM;
    } else if (!fits) {
        return -ENOMEM;
    } else if (is_taken) {
        if (flags & VM_NOREPLACE)
            return -EEXIST;
        int err = vm_unmap ? vm_unmap(addr, len) : -ENOMEM;
        if (err)
            return err;
    }

    n_owed = vm_charges(prot, flags) ? pages(len) : 0;
    n_needed = flags & VM_GROWS ? MIN(pages(len), STACK_PAGES) : n_owed;
    if (n_needed && !vm_can_promise(n_needed)) {
        log_warn_limited("memory", "out of memory: %lu KiB asked for, %lu KiB free", len / 1024,
                         (page_avail() - MIN(vm_count.n_promised, page_avail())) * 4);
        return -ENOMEM;
    }
    a = heap_new(sizeof(*a));
    if (!a)
        return -ENOMEM;
    a->start = addr;
    a->end = addr + len;
    a->prot = prot;
    a->flags = flags & (u32)(VM_STACK | VM_NORESERVE);
    area_insert(a);
    a->n_owed = n_owed;
    vm_count.n_promised += n_owed;
    if (prot & VM_WRITE && !(flags & (VM_STACK | VM_LAZY)) &&
        (len <= EAGER_BYTES || flags & VM_POPULATE))
        populate(a);
    if (flags & VM_GROWS && !populate_run(a, a->end - PAGE_SIZE, 1)) { /* nor a page table, maybe */
        vm_count.n_mapped -= pages(len);
        list_remove(&a->node);
        heap_free(a);
        return -ENOMEM;
    }
    return (s64)addr;
}

bool vm_covers(u64 addr, u64 len, u32 prot)
{
    u64 end = addr + len;

    while (addr < end) {
        struct area *a = vm_area_at(addr);

        if (!a || (a->prot & prot) != prot)
            return false;
        addr = a->end;
    }
    return true;
}

/* How many pages a fault brings, best first: the aligned run around it that fits the area. */
static const u16 fault_runs[] = {PAGES_IN_LARGE, AROUND_PAGES, 1};

bool vm_fault(u64 addr, u64 error)
{
    struct area *a;

    a = error & 1 ? NULL : vm_area_at(addr); /* 1: a protection fault */
    if (!a || !(a->prot & (error & 2 ? VM_WRITE : VM_READ)))
        return false;
    if (vm_shared_fault && a->object)
        return vm_shared_fault(a, addr);
    for (u32 i = 0; i < ARRAY_SIZE(fault_runs); i++) {
        u64 n = fault_runs[i], at = ALIGN_DOWN(addr, n * PAGE_SIZE);

        /* More than one only while memory is plenty, and never to the stack: it grows by touch. */
        if (n > 1 && (a->flags & VM_STACK || page_avail() < vm_count.n_promised + 8 * n ||
                      at < a->start || at + n * PAGE_SIZE > a->end))
            continue;
        if (populate_run(a, at, n))
            return true;
    }
    log_err("memory", "out of memory: no page for address %#lx (%lu KiB free)", addr,
            page_avail() * 4);
    return false;
}
