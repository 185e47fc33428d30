/* The keel's operations on what is mapped already: unmap, protect, count. Rules as in keel.c. */
#include "arch/x86_64/keel_table.h"

static void tlb_flush(u64 va, u64 n_pages)
{
    if (n_pages > 16) {
        u64 cr3;

        __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
        return;
    }
    for (; n_pages; n_pages--, va += PAGE_SIZE)
        __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static struct keel_result op_unmap(u64 va, u64 n)
{
    struct keel_result r = {0, 0};
    u64 first = va;

    if (!keel_in_window(va, n))
        return (struct keel_result){EPERM_, 0};
    while ((u64)r.value < n) {
        u64 *large = keel_entry(va, 2, false);
        u64 left = n - (u64)r.value;
        u64 to_boundary = PAGES_IN_LARGE - (va / PAGE_SIZE & 511);

        if (!large || !*large) { /* nothing here up to the next 2 MiB */
            if (r.pa)
                break;
            r.value += (s64)(left < to_boundary ? left : to_boundary);
            va = first + (u64)r.value * PAGE_SIZE;
            continue;
        }
        if (*large & PTE_PS && to_boundary == PAGES_IN_LARGE && left >= PAGES_IN_LARGE) {
            if (r.value)
                break;
            r.pa = *large & PTE_ADDR;
            r.value = PAGES_IN_LARGE;
            *large = 0;
            break;
        }
        u64 *entry = keel_entry(va, 1, false);
        if (!entry)
            return (struct keel_result){ENOMEM_, 0}; /* no page to split a large one */
        /* The rest of this leaf table without another walk: at CPL 0 every instruction counts. */
        u16 *used = keel_table_used(entry);
        u64 n_here = left < to_boundary ? left : to_boundary;
        for (; n_here; n_here--, entry++) {
            if (!*entry) {
                if (r.pa)
                    goto out;
            } else {
                if (!r.value)
                    r.pa = *entry & PTE_ADDR;
                else if (!r.pa || (*entry & PTE_ADDR) != r.pa + (u64)r.value * PAGE_SIZE)
                    goto out;
                *entry = 0;
                --*used;
            }
            r.value++;
            va += PAGE_SIZE;
            if (!*used) {
                *large = 0;
                keel_table_free((u64 *)((u64)(entry) & ~(PAGE_SIZE - 1)));
                break;
            }
        }
    }
out:
    if (r.pa)
        tlb_flush(first, (u64)r.value);
    return r;
}

static s64 op_protect(u64 va, u64 n, u64 prot)
{
    u64 flags = keel_leaf_flags(prot);

    if (!keel_in_window(va, n) || prot > 3)
        return EPERM_;
    for (u64 i = 0; i < n;) {
        u64 at = va + i * PAGE_SIZE;
        u64 *large = keel_entry(at, 2, false);

        if (!large || !*large) {
            i += PAGES_IN_LARGE - (at / PAGE_SIZE & 511);
            continue;
        }
        if (*large & PTE_PS && !(at & (LARGE_PAGE - 1)) && n - i >= PAGES_IN_LARGE &&
            flags & PTE_P) {
            *large = (*large & PTE_ADDR) | flags | PTE_PS;
            i += PAGES_IN_LARGE;
            continue;
        }
        u64 *entry = keel_entry(at, 1, false);
        if (!entry)
            return ENOMEM_;
        if (*entry)
            *entry = (*entry & PTE_ADDR) | flags;
        i++;
    }
    tlb_flush(va, n);
    return 0;
}

static struct keel_result op_count(u64 va, u64 n)
{
    struct keel_result r = {0, 0};

    if (!keel_in_window(va, n))
        return (struct keel_result){EPERM_, 0};
    for (u64 i = 0; i < n; i++, va += PAGE_SIZE) {
        u64 *large = keel_entry(va, 2, false);

        if (large && *large && (*large & PTE_PS || *keel_entry(va, 1, false)))
            r.value++;
        else if (!r.value)
            r.pa++;
    }
    return r;
}

struct keel_result keel_change(u32 op, u64 va, u64 n, u64 prot)
{
    if (op == KEEL_UNMAP)
        return op_unmap(va, n);
    if (op == KEEL_COUNT)
        return op_count(va, n);
    return (struct keel_result){op_protect(va, n, prot), 0};
}
