/*
 * The keel (DESIGN D3): the little that needs CPL 0. It owns the page tables, the IDT and the TSS,
 * in pages the service cannot reach, and after start-up makes nothing executable and nothing of its
 * own visible. What a service that was taken over can still do: read and write all memory of this
 * VM that is not code, page tables or the keel, and program the devices, whose DMA no page table
 * holds back.
 */
#pragma once

#include "base/types.h"

#define MAX_RAM_RANGES 8

struct ram_range {
    u64 start, end; /* physical bytes; page aligned */
};

/* What keel_start() found, for the runtime. */
struct bootinfo {
    const char *cmdline; /* where the VMM put it; "" if none */
    struct ram_range ram[MAX_RAM_RANGES];
    u32 n_ram;
    u64 keel_end; /* RAM from __image_start to here is taken */
    u64 rsdp;     /* ACPI root pointer, 0 if the VMM gave none */
};
extern struct bootinfo bootinfo;

/* The keel's page that CPL 3 may read, at MAILBOX_VA; its layout is in layout.h. */
extern char keel_mailbox[];

struct keel_result {
    s64 value;
    u64 pa;
};

/* The keel's own, called by entry.S and keel_entry.S at CPL 0. */
u64 keel_start(u32 kind, const void *info);
struct keel_result keel_operation(u64 a, u64 b, u64 c, u64 d, u32 op);

/* One operation of layout.h's KEEL_ list. */
static inline struct keel_result keel_do(u32 op, u64 a, u64 b, u64 c, u64 d)
{
    struct keel_result r;
    __asm__ volatile("call keel_call"
                     : "=a"(r.value), "=d"(r.pa), "+D"(a), "+S"(b), "+c"(d)
                     : "0"(op), "1"(c)
                     : "r8", "r9", "r10", "r11", "memory", "cc");
    return r;
}
