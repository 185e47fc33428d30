/* The runtime's side of keel_change(): any length, in runs the keel accepts. */
#include "arch/paging.h"

#include "arch/x86_64/keel_table.h"

/* The keel does it, if keel_change() is linked. */
static struct keel_result change(u32 op, u64 va, u64 n, u64 prot)
{
    LINK_WITH(keel_change);
    return keel_do(op, va, n, prot, 0);
}

s64 paging_unmap(u64 va, u64 n_pages, u64 *pa)
{
    struct keel_result r = change(KEEL_UNMAP, va, MIN(n_pages, 512ul), 0);

    *pa = r.pa;
    return r.value;
}

int paging_protect(u64 va, u64 n_pages, u32 prot)
{
    while (n_pages) {
        u64 run = MIN(n_pages, 512 - (va / PAGE_SIZE & 511));
        s64 r = change(KEEL_PROTECT, va, run, prot).value;

        if (r < 0)
            return (int)r;
        n_pages -= run;
        va += run * PAGE_SIZE;
    }
    return 0;
}

u64 paging_count(u64 va, u64 n_pages, u64 *n_leading_empty)
{
    u64 count = 0, leading = 0;

    while (n_pages) {
        u64 run = MIN(n_pages, 512 - (va / PAGE_SIZE & 511));
        struct keel_result r = change(KEEL_COUNT, va, run, 0);

        if (!count)
            leading += r.pa;
        count += (u64)r.value;
        n_pages -= run;
        va += run * PAGE_SIZE;
    }
    if (n_leading_empty)
        *n_leading_empty = leading;
    return count;
}
