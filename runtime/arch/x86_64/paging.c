/* The runtime's side of KEEL_MAP. */
#include "arch/paging.h"

#include "arch/x86_64/keel.h"

int paging_map(u64 va, u64 pa, u64 n_pages, u32 prot)
{
    return (int)keel_do(KEEL_MAP, va, pa, n_pages, prot).value;
}
