/* The runtime's side of the keel's page-table operations: any length, in runs the keel accepts. */
#include "arch/paging.h"

#include <errno.h>

#include "arch/x86_64/keel.h"

int paging_map(u64 va, u64 pa, u64 n_pages, u32 prot)
{
    u64 done = 0;

    while (done < n_pages) {
        u64 at = va + done * PAGE_SIZE;
        u64 run = MIN(n_pages - done, 512 - (at / PAGE_SIZE & 511));
        s64 r = keel_do(KEEL_MAP, at, pa + done * PAGE_SIZE, run, prot).value;

        if (r) {
            u64 ignored;

            done += r > 0 ? (u64)r : 0;
            for (u64 i = 0; i < done;)
                i += (u64)paging_unmap(va + i * PAGE_SIZE, done - i, &ignored);
            return r > 0 ? -ENOMEM : (int)r;
        }
        done += run;
    }
    return 0;
}

s64 paging_unmap(u64 va, u64 n_pages, u64 *pa)
{
    struct keel_result r = keel_do(KEEL_UNMAP, va, MIN(n_pages, 512ul), 0, 0);

    *pa = r.pa;
    return r.value;
}

int paging_protect(u64 va, u64 n_pages, u32 prot)
{
    while (n_pages) {
        u64 run = MIN(n_pages, 512 - (va / PAGE_SIZE & 511));
        s64 r = keel_do(KEEL_PROTECT, va, run, prot, 0).value;

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
        struct keel_result r = keel_do(KEEL_COUNT, va, run, 0, 0);

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
