/* Unmapping, protecting and moving the service's mappings: the half of vm.h that many services do
 * without. Pages stand in the page tables only; the keel tells on unmap where they were. */
#include <errno.h>

#include "base/log.h"
#include "mem/heap.h"
#include "mem/vm_area.h"

int vm_depopulate(struct area *a, u64 start, u64 end)
{
    while (start < end) {
        u64 pa;
        s64 n = paging_unmap(start, pages(end - start), &pa);

        if (n < 0)
            return (int)n;
        if (pa) {
            if (!a->object)
                page_free((void *)pa, (size_t)n);
            a->n_populated -= (u64)n;
            vm_count.n_populated -= (u64)n;
        }
        start += (u64)n * PAGE_SIZE;
    }
    return 0;
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
    high->n_owed = MIN(a->n_owed, pages(a->end - at) - high->n_populated);
    a->n_owed -= high->n_owed;
    a->end = at;
    if (a->object) {
        a->object->n_areas++;
        high->object_page += pages(at - a->start);
    }
    list_insert_after(&a->node, &high->node);
    return 0;
}

/* Make area borders at both ends of the range, where areas are there at all. */
static int borders(u64 start, u64 end)
{
    struct area *a = vm_area_at(start);
    int err = 0;

    if (a && a->start < start)
        err = area_split(a, start);
    if (err)
        return err;
    a = vm_area_at(end);
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
    a = vm_area_from(addr);
    if (!a || a->start >= addr + len)
        return 0;
    if (a->start != addr || a->end != addr + len) {
        err = borders(addr, addr + len);
        if (err)
            return err;
    }
    while ((a = vm_area_from(addr)) && a->start < addr + len) {
        err = vm_depopulate(a, a->start, a->end);
        if (err)
            return err;
        vm_count.n_promised -= a->n_owed;
        vm_count.n_mapped -= pages(a->end - a->start);
        list_remove(&a->node);
        if (a->object && !--a->object->n_areas)
            a->object->release(a->object);
        heap_free(a);
    }
    return 0;
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
    for (struct area *a = vm_area_from(addr); a && a->start < addr + len; a = vm_area_after(a)) {
        struct area after = *a;
        u64 n_owed;

        if (a->flags & VM_READ_ONLY && prot & VM_WRITE)
            return -EACCES;
        after.prot = prot;
        n_owed = !vm_is_charged(&after) ? 0
                 : vm_is_charged(a)     ? a->n_owed
                                        : pages(a->end - a->start) - a->n_populated;
        if (n_owed > a->n_owed && !vm_can_promise(n_owed - a->n_owed))
            return -ENOMEM;
        err = paging_protect(a->start, pages(a->end - a->start), prot & (VM_READ | VM_WRITE));
        if (err)
            return err;
        vm_count.n_promised += n_owed - a->n_owed;
        a->n_owed = n_owed;
        a->prot = prot;
    }
    return 0;
}

int vm_discard(u64 addr, u64 len)
{
    int err = range_check(addr, &len);

    for (struct area *a = vm_area_from(addr); !err && a && a->start < addr + len;
         a = vm_area_after(a))
        err = vm_depopulate(a, MAX(a->start, addr), MIN(a->end, addr + len));
    return err;
}

/* paging_map() for a run that may cross a 2 MiB border. */
static int map_run(u64 va, u64 pa, u64 n, u32 prot)
{
    u64 done = 0;

    while (done < n) {
        u64 at = va + done * PAGE_SIZE, ignored;
        u64 run = MIN(n - done, 512 - (pages(at) & 511));

        if (paging_map(at, pa + done * PAGE_SIZE, run, prot)) {
            for (u64 i = 0; i < done;)
                i += (u64)paging_unmap(va + i * PAGE_SIZE, done - i, &ignored);
            return -ENOMEM;
        }
        done += run;
    }
    return 0;
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
            if (map_run(target->start + (at - source->start), pa, (u64)n, prot)) {
                map_run(at, pa, (u64)n, prot);
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
    a = vm_area_at(addr);
    if (!a || a->end < addr + old_len)
        return -EFAULT;
    if (new_len <= old_len) {
        err = new_len < old_len ? vm_unmap(addr + new_len, old_len - new_len) : 0;
        return err ? err : (s64)addr;
    }
    err = borders(addr, addr + old_len);
    if (err)
        return err;
    a = vm_area_at(addr);
    old_end = a->end;
    next = vm_area_after(a);
    if (vm_is_charged(a) && !vm_can_promise(pages(new_len - old_len)))
        return -ENOMEM;
    if ((!next || next->start >= addr + new_len) && new_len <= WINDOW_END - addr) {
        a->end = addr + new_len;
        if (vm_is_charged(a)) {
            a->n_owed += pages(new_len - old_len);
            vm_count.n_promised += pages(new_len - old_len);
        }
        vm_count.n_mapped += pages(a->end - old_end);
        return (s64)addr;
    }
    if (!may_move)
        return -ENOMEM;
    to = vm_map(0, new_len, a->prot, a->flags | VM_NORESERVE | VM_LAZY);
    if (to < 0)
        return to;
    target = vm_area_at((u64)to);
    err = move_pages(a, target);
    if (err)
        return err; /* out of page tables: both areas stay, consistent */
    target->flags = a->flags;
    target->object = a->object;
    target->object_page = a->object_page;
    if (a->object)
        a->object->n_areas++;
    target->n_owed = a->n_owed + (vm_is_charged(a) ? pages(new_len - old_len) : 0);
    vm_count.n_promised += target->n_owed - a->n_owed;
    a->n_owed = 0;
    vm_unmap(addr, old_len);
    return to;
}

bool vm_is_populated(u64 addr)
{
    return paging_count(ALIGN_DOWN(addr, PAGE_SIZE), 1, NULL);
}
