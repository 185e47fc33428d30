/* Mappings whose pages belong to somebody else, a file say: see vm.h. The pages stand in the tables
 * only once they are touched; whoever owns them takes them out again by vm_shared_cut(). */
#include <errno.h>

#include "mem/vm_area.h"

s64 vm_map_shared(u64 addr, u64 len, u32 prot, u32 flags, struct vm_object *o, u64 first_page)
{
    s64 at = vm_map(addr, len, prot, flags | VM_NORESERVE | VM_LAZY);
    struct area *a;

    if (at < 0)
        return at;
    a = vm_area_at((u64)at);
    a->flags |= flags & VM_READ_ONLY;
    a->object = o;
    a->object_page = first_page;
    o->n_areas++;
    return at;
}

bool vm_shared_fault(struct area *a, u64 addr)
{
    u64 i = pages(addr - a->start);
    void *page = a->object->page(a->object, a->object_page + i);

    if (!page || paging_map(a->start + i * PAGE_SIZE, (u64)page, 1, a->prot & (VM_READ | VM_WRITE)))
        return false;
    a->n_populated++;
    vm_count.n_populated++;
    return true;
}

void vm_shared_cut(const void *owner, u64 first_page)
{
    list_for_each (it, &vm_areas) {
        struct area *a = list_entry(it, struct area, node);
        u64 n = first_page > a->object_page ? first_page - a->object_page : 0;

        if (a->object && a->object->owner == owner && n < pages(a->end - a->start))
            vm_depopulate(a, a->start + n * PAGE_SIZE, a->end);
    }
}
