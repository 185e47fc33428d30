/* Page-table entries and the walk, between the keel's own files. */
#pragma once

#include "arch/x86_64/keel.h"
#include "arch/x86_64/layout.h"

#define PTE_P          BIT(0)
#define PTE_W          BIT(1)
#define PTE_U          BIT(2)
#define PTE_PCD        BIT(4)
#define PTE_AD         (BIT(5) | BIT(6))
#define PTE_PS         BIT(7)
#define PTE_HELD       BIT(9) /* ours: a page of the service that it may not touch (PROT_NONE) */
#define PTE_NX         BIT(63)
#define PTE_ADDR       0x000ffffffffff000ull

#define USER_RW        (PTE_P | PTE_W | PTE_U | PTE_AD | PTE_NX)
#define USER_RO        (PTE_P | PTE_U | PTE_AD | PTE_NX)
#define USER_RX        (PTE_P | PTE_U | PTE_AD)
#define KEEL_RW        (PTE_P | PTE_W | PTE_AD | PTE_NX)
#define KEEL_RX        (PTE_P | PTE_AD)
#define TABLE          (PTE_P | PTE_W | PTE_U | PTE_AD) /* upper levels allow all; leaves decide */

#define LARGE_PAGE     0x200000ull
#define PAGES_IN_LARGE 512
#define MAX_RUN        512 /* pages per operation: the keel runs with interrupts off */

#define EPERM_         (-1)
#define ENOMEM_        (-12)
#define EINVAL_        (-22)
#define ENOSYS_        (-38)

/* The entry for @va in the table of @level (1 = 4 KiB, 2 = 2 MiB), NULL if there is none and none
 * could be made. A large page in the way of level 1 is split. */
u64 *keel_entry(u64 va, u32 level, bool create);

/* How many entries of the leaf table around @entry are in use; and give an empty one back. */
u16 *keel_table_used(const u64 *entry);
void keel_table_free(u64 *table);

/* KEEL_UNMAP, KEEL_PROTECT, KEEL_COUNT: in a file of their own, absent from images that never unmap
 * (keel.c refers to it weakly). */
struct keel_result keel_change(u32 op, u64 va, u64 n, u64 prot);

/* 1 … MAX_RUN whole pages inside the service's window? */
static inline bool keel_in_window(u64 va, u64 n_pages)
{
    return !(va & (PAGE_SIZE - 1)) && n_pages && n_pages <= MAX_RUN && va >= VM_WINDOW_BASE &&
           va < VM_WINDOW_BASE + VM_WINDOW_SIZE &&
           n_pages * PAGE_SIZE <= VM_WINDOW_BASE + VM_WINDOW_SIZE - va;
}

/* Leaf flags for @prot. Nothing new is ever executable: W^X needs no further check. */
static inline u64 keel_leaf_flags(u64 prot)
{
    if (prot & KEEL_PROT_WRITE)
        return USER_RW;
    return prot & KEEL_PROT_READ ? USER_RO : PTE_HELD | PTE_NX;
}
