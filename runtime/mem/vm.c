/*
 * Mappings of the service: a sorted list of areas, pages under them in the page tables only (the
 * keel tells on unmap where they were). See vm.h.
 */
#include "mem/vm.h"

#include <errno.h>
#include <string.h>

#include "arch/paging.h"
#include "base/list.h"
#include "base/log.h"
#include "mem/heap.h"
#include "mem/page.h"

#define WINDOW_START   (VM_WINDOW_BASE + PAGING_LARGE_BYTES)
#define WINDOW_END     (VM_WINDOW_BASE + VM_WINDOW_SIZE)

#define EAGER_BYTES    (64 * 1024)  /* up to here a mapping is populated at once */
#define AROUND_PAGES   16           /* a fault brings its neighbours */
#define RESERVE_PAGES  16           /* never promised: the runtime's own small needs */
#define LARGE_MIN_FREE (16ul << 20) /* large pages only while this much is free */

struct area {
    struct list node; /* by address */
    u64 start, end;
    u32 prot;
    u32 flags;       /* VM_STACK | VM_NORESERVE */
    u64 n_populated; /* pages */
};

static struct list areas = LIST_INIT(areas);
static u64 n_promised; /* charged, but not populated yet: pages we owe */
static u64 n_mapped, n_populated;

static u64 pages(u64 bytes)
{
    return bytes / PAGE_SIZE;
}

static bool is_charged(const struct area *a)
{
    return a->prot & VM_WRITE && !(a->flags & (VM_STACK | VM_NORESERVE));
}

static u64 owed(const struct area *a)
{
    return is_charged(a) ? pages(a->end - a->start) - a->n_populated : 0;
}

static bool can_promise(u64 n)
{
    return n + n_promised + RESERVE_PAGES <= page_avail();
}

/* First area that ends above @addr, or NULL. */
static struct area *area_from(u64 addr)
{
    list_for_each (it, &areas) {
        struct area *a = list_entry(it, struct area, node);

        if (a->end > addr)
            return a;
    }
    return NULL;
}

static struct area *area_at(u64 addr)
{
    struct area *a = area_from(addr);

    return a && a->start <= addr ? a : NULL;
}

static struct area *area_after(const struct area *a)
{
    return a->node.next == &areas ? NULL : list_entry(a->node.next, struct area, node);
}

static void area_insert(struct area *a)
{
    struct area *next = area_from(a->start);

    list_push_back(next ? &next->node : &areas, &a->node);
    n_mapped += pages(a->end - a->start);
}

/* Lowest free address for @len: first fit; big mappings on 2 MiB borders so large pages fit. */
static u64 find_gap(u64 len)
{
    u64 align = len >= PAGING_LARGE_BYTES ? PAGING_LARGE_BYTES : PAGE_SIZE;
    u64 at = WINDOW_START;

    list_for_each (it, &areas) {
        struct area *a = list_entry(it, struct area, node);

        if (a->start >= at && a->start - at >= len)
            return at;
        at = MAX(at, ALIGN_UP(a->end, align));
    }
    return at < WINDOW_END && len <= WINDOW_END - at ? at : 0;
}

/* Give zeroed pages to [start, end) of @a, where none are yet. Returns pages done; 0 = no memory.
 */
static u64 populate(struct area *a, u64 start, u64 end)
{
    u64 done = 0;
    u32 prot = a->prot & (VM_READ | VM_WRITE);

    while (start < end) {
        u64 n = pages(end - start);
        void *mem;

        while (!(mem = page_alloc(n)) && n > 1)
            n /= 2;
        if (!mem)
            break;
        memset(mem, 0, n * PAGE_SIZE);
        if (paging_map(start, (u64)mem, n, prot)) {
            page_free(mem, n);
            break;
        }
        start += n * PAGE_SIZE;
        done += n;
    }
    a->n_populated += done;
    n_populated += done;
    if (is_charged(a))
        n_promised -= done;
    return done;
}

/* Give back the pages of [start, end) of @a; the area stays. */
static int depopulate(struct area *a, u64 start, u64 end)
{
    while (start < end) {
        u64 pa;
        s64 n = paging_unmap(start, pages(end - start), &pa);

        if (n < 0)
            return (int)n;
        if (pa) {
            page_free((void *)pa, (size_t)n);
            a->n_populated -= (u64)n;
            n_populated -= (u64)n;
            if (is_charged(a))
                n_promised += (u64)n;
        }
        start += (u64)n * PAGE_SIZE;
    }
    return 0;
}

s64 vm_map(u64 addr, u64 len, u32 prot, u32 flags)
{
    struct area *a;

    if (!len || addr & (PAGE_SIZE - 1))
        return -EINVAL;
    if (prot & VM_EXEC)
        return -EACCES;
    if (len > VM_WINDOW_SIZE)
        return -ENOMEM;
    len = ALIGN_UP(len, PAGE_SIZE);
    if (flags & (VM_FIXED | VM_NOREPLACE)) {
        if (addr < WINDOW_START || addr >= WINDOW_END || len > WINDOW_END - addr)
            return -ENOMEM; /* RAM is not for placing things */
        a = area_from(addr);
        if (a && a->start < addr + len) {
            if (flags & VM_NOREPLACE)
                return -EEXIST;
            int err = vm_unmap(addr, len);
            if (err)
                return err;
        }
    } else {
        a = addr >= WINDOW_START && addr < WINDOW_END && len <= WINDOW_END - addr ? area_from(addr)
                                                                                  : NULL;
        if (addr < WINDOW_START || addr >= WINDOW_END || len > WINDOW_END - addr ||
            (a && a->start < addr + len))
            addr = find_gap(len);
        if (!addr)
            return -ENOMEM;
    }

    struct area probe = {.prot = prot, .flags = flags & (u32)(VM_STACK | VM_NORESERVE)};
    if (is_charged(&probe) && !can_promise(pages(len))) {
        log_warn_limited("memory", "out of memory: %lu KiB asked for, %lu KiB free", len / 1024,
                         (page_avail() - MIN(n_promised, page_avail())) * 4);
        return -ENOMEM;
    }
    a = heap_new(sizeof(*a));
    if (!a)
        return -ENOMEM;
    *a = probe;
    a->start = addr;
    a->end = addr + len;
    area_insert(a);
    n_promised += owed(a);
    if (prot & VM_WRITE && !(flags & VM_STACK) && (len <= EAGER_BYTES || flags & VM_POPULATE))
        populate(a, a->start, a->end);
    return (s64)addr;
}

/* Split @a at @at; pages are shared out by asking which are there. */
static int area_split(struct area *a, u64 at)
{
    struct area *high = heap_new(sizeof(*high));

    if (!high)
        return -ENOMEM;
    *high = *a;
    high->start = at;
    if (a->n_populated == pages(a->end - a->start))
        high->n_populated = pages(a->end - at);
    else if (a->n_populated)
        high->n_populated = paging_count(at, pages(a->end - at), NULL);
    a->n_populated -= high->n_populated;
    a->end = at;
    list_insert_after(&a->node, &high->node);
    return 0;
}

/* Make area borders at both ends of the range, where areas are there at all. */
static int borders(u64 start, u64 end)
{
    struct area *a = area_at(start);
    int err = 0;

    if (a && a->start < start)
        err = area_split(a, start);
    if (err)
        return err;
    a = area_at(end);
    if (a && a->start < end)
        err = area_split(a, end);
    return err;
}

static int range_check(u64 addr, u64 *len)
{
    if (addr & (PAGE_SIZE - 1) || !*len || *len > WINDOW_END || addr > WINDOW_END - *len)
        return -EINVAL;
    *len = ALIGN_UP(*len, PAGE_SIZE);
    return 0;
}

int vm_unmap(u64 addr, u64 len)
{
    struct area *a;
    int err = range_check(addr, &len);

    if (err)
        return err;
    a = area_from(addr);
    if (!a || a->start >= addr + len)
        return 0;
    if (a->start != addr || a->end != addr + len) {
        err = borders(addr, addr + len);
        if (err)
            return err;
    }
    while ((a = area_from(addr)) && a->start < addr + len) {
        err = depopulate(a, a->start, a->end);
        if (err)
            return err;
        n_promised -= owed(a);
        n_mapped -= pages(a->end - a->start);
        list_remove(&a->node);
        heap_free(a);
    }
    return 0;
}

bool vm_covers(u64 addr, u64 len, u32 prot)
{
    u64 end = addr + len;

    while (addr < end) {
        struct area *a = area_at(addr);

        if (!a || (a->prot & prot) != prot)
            return false;
        addr = a->end;
    }
    return true;
}

int vm_protect(u64 addr, u64 len, u32 prot)
{
    int err = range_check(addr, &len);

    if (err)
        return err;
    if (prot & VM_EXEC)
        return -EACCES;
    if (!vm_covers(addr, len, 0))
        return -ENOMEM;
    err = borders(addr, addr + len);
    if (err)
        return err;
    for (struct area *a = area_from(addr); a && a->start < addr + len; a = area_after(a)) {
        struct area after = *a;

        after.prot = prot;
        if (owed(&after) > owed(a) && !can_promise(owed(&after) - owed(a)))
            return -ENOMEM;
        err = paging_protect(a->start, pages(a->end - a->start), prot & (VM_READ | VM_WRITE));
        if (err)
            return err;
        n_promised += owed(&after) - owed(a);
        a->prot = prot;
    }
    return 0;
}

int vm_discard(u64 addr, u64 len)
{
    int err = range_check(addr, &len);

    for (struct area *a = area_from(addr); !err && a && a->start < addr + len; a = area_after(a))
        err = depopulate(a, MAX(a->start, addr), MIN(a->end, addr + len));
    return err;
}

/* Move the pages of [from, from + len) to @to, both in areas of their own. */
static int move_pages(struct area *source, struct area *target)
{
    u64 at = source->start;
    u32 prot = source->prot & (VM_READ | VM_WRITE);

    while (at < source->end && at - source->start < target->end - target->start) {
        u64 pa;
        s64 n = paging_unmap(at, pages(source->end - at), &pa);

        if (n < 0)
            return (int)n;
        if (pa) {
            /* Cannot run out of tables half-way without losing pages: put them back then. */
            if (paging_map(target->start + (at - source->start), pa, (u64)n, prot)) {
                paging_map(at, pa, (u64)n, prot);
                return -ENOMEM;
            }
            source->n_populated -= (u64)n;
            target->n_populated += (u64)n;
        }
        at += (u64)n * PAGE_SIZE;
    }
    return 0;
}

s64 vm_remap(u64 addr, u64 old_len, u64 new_len, bool may_move)
{
    struct area *a, *next, *target;
    u64 old_end;
    s64 to;
    int err;

    if (addr & (PAGE_SIZE - 1) || !new_len || !old_len || new_len > VM_WINDOW_SIZE)
        return -EINVAL;
    old_len = ALIGN_UP(old_len, PAGE_SIZE);
    new_len = ALIGN_UP(new_len, PAGE_SIZE);
    a = area_at(addr);
    if (!a || a->end < addr + old_len)
        return -EFAULT;
    if (new_len <= old_len) {
        err = new_len < old_len ? vm_unmap(addr + new_len, old_len - new_len) : 0;
        return err ? err : (s64)addr;
    }
    err = borders(addr, addr + old_len);
    if (err)
        return err;
    a = area_at(addr);
    old_end = a->end;
    next = area_after(a);
    if (is_charged(a) && !can_promise(pages(new_len - old_len)))
        return -ENOMEM;
    if ((!next || next->start >= addr + new_len) && new_len <= WINDOW_END - addr) {
        n_promised -= owed(a);
        a->end = addr + new_len;
        n_promised += owed(a);
        n_mapped += pages(a->end - old_end);
        return (s64)addr;
    }
    if (!may_move)
        return -ENOMEM;
    to = vm_map(0, new_len, a->prot, a->flags | VM_NORESERVE);
    if (to < 0)
        return to;
    target = area_at((u64)to);
    depopulate(target, target->start, target->end); /* a small one was populated at once */
    err = move_pages(a, target);
    if (err)
        return err; /* out of page tables: both areas stay, consistent */
    n_promised -= owed(a);
    a->flags |= VM_NORESERVE;
    target->flags = (target->flags & (u32)~VM_NORESERVE) | (a->flags & (u32)VM_STACK);
    n_promised += owed(target);
    vm_unmap(addr, old_len);
    return to;
}

bool vm_is_populated(u64 addr)
{
    return paging_count(ALIGN_DOWN(addr, PAGE_SIZE), 1, NULL);
}

bool vm_fault(u64 addr, u64 error)
{
    struct area *a;
    u64 start, end, large;

    if (error & 1 || addr < WINDOW_START || addr >= WINDOW_END)
        return false; /* a protection fault, or nothing of ours */
    a = area_at(addr);
    if (!a || !(a->prot & (error & 2 ? VM_WRITE : VM_READ)))
        return false;

    large = ALIGN_DOWN(addr, PAGING_LARGE_BYTES);
    if (large >= a->start && large + PAGING_LARGE_BYTES <= a->end && !(a->flags & VM_STACK) &&
        page_avail() * PAGE_SIZE > LARGE_MIN_FREE + PAGING_LARGE_BYTES &&
        paging_count(large, 512, NULL) == 0)
        return populate(a, large, large + PAGING_LARGE_BYTES) > 0;

    /* Bring the neighbours while memory is plenty: upwards; downwards on a stack. */
    start = ALIGN_DOWN(addr, PAGE_SIZE);
    end = start + PAGE_SIZE;
    if (page_avail() > 8 * AROUND_PAGES + n_promised) {
        u64 n_empty = 0;

        if (a->flags & VM_STACK) {
            u64 low = start - MIN(3 * PAGE_SIZE, start - a->start);

            if (low < start && !paging_count(low, pages(start - low), NULL))
                start = low;
        } else {
            paging_count(start, MIN(pages(a->end - start), AROUND_PAGES), &n_empty);
            end = start + MAX(n_empty, 1) * PAGE_SIZE;
        }
    }
    if (populate(a, start, end))
        return true;
    log_err("memory", "out of memory: no page for address %#lx (%lu KiB free)", addr,
            page_avail() * 4);
    return false;
}

struct vm_stats vm_stats(void)
{
    return (struct vm_stats){n_mapped, n_populated, n_promised};
}
