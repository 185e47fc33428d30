/*
 * The keel's C half: builds the page tables at start and changes them on request. Runs at CPL 0 on
 * its own 2 KiB stack, in supervisor pages, with no libc and no floating point. Every request comes
 * from code that may have been taken over: check all of it.
 *
 * Map of the file: tables · boot information · keel_start() · operations.
 */
#include "arch/x86_64/keel.h"

#include "arch/x86_64/keel_table.h"

#pragma weak keel_change

/* From the linker script. */
extern char __image_start[], __rodata_start[], __rodata_end[], __text_start[], __text_end[],
    __keel_text_start[], __keel_text_end[], __keel_data_start[], __keel_data_end[], __image_end[],
    boot_stack_guard[], fault_stack_guard[], keel_stubs[], keel_int3[], keel_stack_top[];
/* From entry.S: all descriptors but the TSS's. */
#define N_BOOT_DESCRIPTORS (SEL_TSS / 8)
extern const u64 boot_gdt[N_BOOT_DESCRIPTORS];

_Noreturn void keel_reset(void);

struct gate {
    u16 offset_0;
    u16 selector;
    u8 ist;
    u8 type;
    u16 offset_16;
    u32 offset_32;
    u32 reserved;
};

/* I/O ports: a bit set forbids. Ports from 0x1000 up are PCI I/O BARs and stay open. */
#define N_GUARDED_PORTS 0x1000
struct tss {
    u32 reserved_0;
    u64 rsp0, rsp1, rsp2;
    u64 reserved_1;
    u64 ist[7];
    u64 reserved_2;
    u16 reserved_3;
    u16 iomap_offset;
    u8 iomap[0x10000 / 8 + 1];
} __attribute__((packed));

struct gate keel_idt[N_VECTORS] __attribute__((aligned(16)));
u64 keel_gdt[N_BOOT_DESCRIPTORS + 2];
static struct tss tss __attribute__((aligned(16)));
u64 keel_cr4_bits;
u32 keel_xcr0;

static u64 *pml4;
static struct ram_range ram[MAX_RAM_RANGES];
static u32 n_ram;
/* Table pages: [pool_next, pool_end) never used yet, pool_free a list through their first word. */
static u64 pool_start, pool_next, pool_end, pool_free;
static u16 *n_used; /* per pool page: entries in use, for leaf tables */
static u64 device_next;

/* ---- tables ---- */

static u64 *table_new(void)
{
    u64 *table;

    if (pool_free) {
        table = (u64 *)pool_free;
        pool_free = table[0];
        table[0] = 0;
        return table;
    }
    if (pool_next == pool_end)
        return NULL;
    table = (u64 *)pool_next;
    pool_next += PAGE_SIZE;
    for (u32 i = 0; i < 512; i++)
        table[i] = 0;
    return table;
}

u16 *keel_table_used(const u64 *entry)
{
    return &n_used[((u64)entry - pool_start) / PAGE_SIZE];
}

void keel_table_free(u64 *table)
{
    table[0] = pool_free;
    pool_free = (u64)table;
}

/* The entry for @va in the table of @level (1 = 4 KiB, 2 = 2 MiB), NULL if there is none. A large
 * page in the way is split when @is_leaf_wanted, for whoever wants to change a part of it. */
u64 *keel_entry(u64 va, u32 level, bool create)
{
    u64 *table = pml4;

    for (u32 l = 4; l > level; l--) {
        u64 *entry = &table[va >> (3 + 9 * l) & 511];

        if (!*entry) {
            u64 *lower = create ? table_new() : NULL;

            if (!lower)
                return NULL;
            *entry = (u64)lower | TABLE;
            if (l == 2)
                *keel_table_used(lower) = 0;
        } else if (*entry & PTE_PS) {
            u64 *lower = table_new();
            u64 page = *entry & ~PTE_PS;

            if (!lower)
                return NULL;
            for (u32 i = 0; i < 512; i++, page += PAGE_SIZE)
                lower[i] = page;
            *keel_table_used(lower) = 512;
            *entry = (u64)lower | TABLE;
        }
        table = (u64 *)(*entry & PTE_ADDR);
    }
    return &table[va >> (3 + 9 * level) & 511];
}

/* Map [start, end), to the end of its last page, one to one with @flags, in large pages where
 * @is_large and aligned. Start-up only: the pool was sized to hold it. */
static void map_range(u64 start, u64 end, u64 flags, bool is_large)
{
    while (start < end) {
        u64 stop = ALIGN_DOWN(start, LARGE_PAGE) + LARGE_PAGE;

        if (is_large && !(start & (LARGE_PAGE - 1)) && end - start >= LARGE_PAGE) {
            *keel_entry(start, 2, true) = start | flags | PTE_PS;
        } else {
            u64 *entry = keel_entry(start, 1, true);

            if (stop > end)
                stop = end;
            for (u64 page = start | flags; start < stop; start += PAGE_SIZE, page += PAGE_SIZE)
                *entry++ = flags ? page : 0;
        }
        start = stop;
    }
}

/* ---- boot information ---- */

struct pvh_start_info {
    u32 magic, version, flags, n_modules;
    u64 modules_pa, cmdline_pa, rsdp_pa, memmap_pa;
    u32 n_memmap, reserved;
};
#define PVH_MAGIC 0x336ec578

struct pvh_memmap {
    u64 addr, size;
    u32 type, reserved;
};

struct e820_entry {
    u64 addr, size;
    u32 type;
} __attribute__((packed));

#define E820_RAM 1

static void ram_add(u64 addr, u64 size, u32 type)
{
    u64 start = ALIGN_UP(addr, PAGE_SIZE);
    u64 end = ALIGN_DOWN(addr + size, PAGE_SIZE);

    if (start < PAGE_SIZE)
        start = PAGE_SIZE; /* page 0 stays unmapped */
    if (end > (1ull << 39))
        end = (1ull << 39);
    if (type != E820_RAM || end <= start || n_ram == MAX_RAM_RANGES || addr + size < addr)
        return;
    ram[n_ram].start = start;
    ram[n_ram++].end = end;
}

static void read_pvh(const struct pvh_start_info *info)
{
    const struct pvh_memmap *map = (void *)info->memmap_pa;

    if (info->magic != PVH_MAGIC || info->version < 1)
        keel_reset();
    for (u32 i = 0; i < info->n_memmap; i++)
        ram_add(map[i].addr, map[i].size, map[i].type);
    bootinfo.cmdline = info->cmdline_pa ? (char *)info->cmdline_pa : "";
    bootinfo.rsdp = info->rsdp_pa;
}

/* struct boot_params: Documentation/arch/x86/zero-page of Linux; offsets of its boot protocol. */
static void read_boot_params(const u8 *zero_page)
{
    const struct e820_entry *map = (void *)(zero_page + 0x2d0);

    for (u32 i = 0; i < zero_page[0x1e8]; i++)
        ram_add(map[i].addr, map[i].size, map[i].type);
    bootinfo.cmdline =
        (char *)(*(u32 *)(zero_page + 0x228) | (u64) * (u32 *)(zero_page + 0xc8) << 32);
    bootinfo.rsdp = *(u64 *)(zero_page + 0x70);
}

/* ---- start ---- */

static void cpuid(u32 leaf, u32 sub, u32 out[4])
{
    __asm__("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}

static void cpu_features(void)
{
    u32 id[4];

    keel_cr4_bits = BIT(9) | BIT(10); /* OSFXSR, OSXMMEXCPT */
    cpuid(0, 0, id);
    u32 max = id[0];
    cpuid(1, 0, id);
    if (id[2] & BIT(26) && max >= 0xd) {
        u32 area[4];

        cpuid(0xd, 0, area);
        keel_cr4_bits |= BIT(18);   /* OSXSAVE */
        keel_xcr0 = area[0] & 0xe7; /* x87, SSE, AVX, AVX-512 */
        if ((keel_xcr0 & 0xe0) != 0xe0)
            keel_xcr0 &= 7;
    }
    if (max >= 7) {
        cpuid(7, 0, id);
        if (id[1] & BIT(0))
            keel_cr4_bits |= BIT(16); /* FSGSBASE */
        if (id[1] & BIT(7))
            keel_cr4_bits |= BIT(20); /* SMEP */
        if (id[1] & BIT(20))
            keel_cr4_bits |= BIT(21); /* SMAP */
        if (id[2] & BIT(2))
            keel_cr4_bits |= BIT(11); /* UMIP */
    }
}

/* Below N_GUARDED_PORTS; as bytes of the bitmap. */
static const struct {
    u16 at;
    u8 forbidden;
} ports[] = {
    {0x3f8 / 8, 0x00},                   /* COM1 */
    {0x70 / 8, (u8) ~(BIT(0) | BIT(1))}, /* RTC */
    {0xe8 / 8, (u8)~BIT(1)},             /* control channel: 0xe9 */
    {0xf0 / 8, 0x0f},                    /* debug exit: 0xf4 to 0xf7 */
    {0xcf8 / 8, 0x00},                   /* PCI configuration */
};

static void set_up_descriptors(void)
{
    u64 base = (u64)&tss;

    for (u32 v = 0; v < N_VECTORS; v++) {
        u64 target = v == VEC_BREAKPOINT ? (u64)keel_int3 : (u64)keel_stubs + 8 * v;

        keel_idt[v].offset_0 = (u16)target;
        keel_idt[v].offset_16 = (u16)(target >> 16);
        keel_idt[v].selector = SEL_KEEL_CODE;
        keel_idt[v].type = v == VEC_BREAKPOINT ? 0xee : 0x8e; /* int3 alone may come from CPL 3 */
    }
    __builtin_memcpy(keel_gdt, boot_gdt, sizeof(boot_gdt));
    keel_gdt[SEL_TSS / 8] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    tss.rsp0 = (u64)keel_stack_top;
    tss.iomap_offset = offsetof(struct tss, iomap);
    for (u32 i = 0; i < N_GUARDED_PORTS / 8; i += 4)
        __builtin_memset(tss.iomap + i, 0xff, 4);
    tss.iomap[sizeof(tss.iomap) - 1] = 0xff;
    for (u32 i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
        tss.iomap[ports[i].at] = ports[i].forbidden;
}

/* The command line may lie in what the firmware reserved: let it be read there. */
static void map_cmdline(void)
{
    const char *p = bootinfo.cmdline;
    u64 page = ALIGN_DOWN((u64)p, PAGE_SIZE), *entry;

    if (!p)
        return;
    do {
        entry = keel_entry(page, 1, true);
        if (!*entry)
            *entry = page | USER_RO;
        page += PAGE_SIZE;
        while ((u64)p < page && *p)
            p++;
    } while ((u64)p == page);
}

/*
 * Take the boot information, build the tables. Called on the temporary map with everything
 * reachable.
 *
 * @kind    0: @info is a PVH start_info; 1: a Linux boot_params
 * Returns  the new CR3
 */
u64 keel_start(u32 kind, const void *info)
{
    u64 image_end = (u64)__image_end; /* the linker script aligns it */
    u64 top = 0, home_end = 0, n_pages = 0;

    if (kind == 0)
        read_pvh(info);
    else
        read_boot_params(info);
    for (u32 i = 0; i < n_ram; i++) {
        bootinfo.ram[i] = ram[i];
        n_pages += (ram[i].end - ram[i].start) / PAGE_SIZE;
        if (ram[i].end > top)
            top = ram[i].end;
        if (ram[i].start <= (u64)__image_start && image_end <= ram[i].end)
            home_end = ram[i].end;
    }
    bootinfo.n_ram = n_ram;

    /*
     * Tables needed at once: PML4, one PDPT each for RAM and the two windows, a PD per GiB of RAM,
     * leaf tables for the image, for the odd ends of every RAM range, and for mailbox and devices.
     * Later, for 1/64 of RAM: a leaf table per 256 KiB of it. LIMIT: memory touched more sparsely
     * than that runs out of tables before it runs out of pages.
     */
    u64 at_start = 8 + (top >> 30) + 2 * n_ram + (image_end >> 21);
    u64 n_tables = at_start + n_pages / 64 + 8;

    pool_start = image_end;
    pool_next = ALIGN_UP(pool_start + n_tables * sizeof(*n_used), PAGE_SIZE);
    n_used = (u16 *)pool_start;
    pool_end = pool_next + n_tables * PAGE_SIZE;
    if (pool_end + 32 * PAGE_SIZE > home_end)
        keel_reset(); /* not enough memory to say so */
    pml4 = table_new();
    device_next = DEVICE_VA;

    /* Small pages up to the end of the pool; the rest of RAM in large ones. */
    u64 small_end = ALIGN_UP(pool_end, LARGE_PAGE);
    for (u32 i = 0; i < n_ram; i++) {
        u64 split = ram[i].end < small_end ? ram[i].end : small_end;

        if (ram[i].start < split)
            map_range(ram[i].start, split, USER_RW, false);
        else
            split = ram[i].start;
        map_range(split, ram[i].end, USER_RW, true);
    }
    map_range((u64)__rodata_start, (u64)__rodata_end, USER_RO, false);
    map_range((u64)__text_start, (u64)__text_end, USER_RX, false);
    map_range((u64)__keel_text_start, (u64)__keel_text_end, KEEL_RX, false);
    map_range((u64)__keel_data_start, (u64)__keel_data_end, KEEL_RW, false);
    map_range(pool_start, pool_end, KEEL_RW, false);
    map_range((u64)boot_stack_guard, (u64)boot_stack_guard + PAGE_SIZE, 0, false);
    map_range((u64)fault_stack_guard, (u64)fault_stack_guard + PAGE_SIZE, 0, false);
    *keel_entry(MAILBOX_VA, 1, true) = (u64)keel_mailbox | USER_RO;
    map_cmdline();
    bootinfo.keel_end = pool_end;

    cpu_features();
    set_up_descriptors();
    __asm__ volatile("outb %0, $0x21; outb %0, $0xa1" : : "a"((u8)0xff)); /* mask the PIC */
    return (u64)pml4;
}

/* ---- operations ---- */

/* May the service have this RAM? Not the image (code, constants) and not the keel. */
static bool is_free_ram(u64 pa, u64 len)
{
    if (pa & (PAGE_SIZE - 1) || pa + len < pa)
        return false;
    if (pa < pool_end && pa + len > (u64)__image_start)
        return false;
    for (u32 i = 0; i < n_ram; i++)
        if (pa >= ram[i].start && pa + len <= ram[i].end)
            return true;
    return false;
}

static s64 op_map(u64 va, u64 pa, u64 n, u64 prot)
{
    u64 flags = keel_leaf_flags(prot);
    u64 *entry;

    if (!keel_in_window(va, n) || (va / PAGE_SIZE & 511) + n > PAGES_IN_LARGE || prot > 3 ||
        !is_free_ram(pa, n * PAGE_SIZE))
        return EPERM_;
    if (n == PAGES_IN_LARGE && !(pa & (LARGE_PAGE - 1))) {
        entry = keel_entry(va, 2, true);
        if (entry && !*entry) {
            *entry = pa | flags | PTE_PS;
            return 0;
        }
    }
    entry = keel_entry(va, 1, true); /* the run stays in one leaf table: all or nothing */
    if (!entry)
        return ENOMEM_;
    for (u64 i = 0; i < n; i++)
        if (entry[i])
            return EPERM_;
    *keel_table_used(entry) += (u16)n;
    for (; n; n--, pa += PAGE_SIZE)
        *entry++ = pa | flags;
    return 0;
}

static s64 op_device(u64 pa, u64 n)
{
    u64 va = device_next;

    if (pa & (PAGE_SIZE - 1) || !n || n > 0x10000 || pa + n * PAGE_SIZE > BIT(46))
        return EINVAL_;
    for (u32 i = 0; i < n_ram; i++)
        if (pa < ram[i].end && pa + n * PAGE_SIZE > ram[i].start)
            return EPERM_;
    if (va + n * PAGE_SIZE > DEVICE_VA + DEVICE_SIZE)
        return ENOMEM_;
    for (u64 i = 0; i < n; i++, pa += PAGE_SIZE) {
        u64 *entry = keel_entry(va + i * PAGE_SIZE, 1, true);

        if (!entry)
            return ENOMEM_;
        *entry = pa | USER_RW | PTE_PCD;
    }
    device_next = va + n * PAGE_SIZE;
    return (s64)va;
}

static void wrmsr(u32 msr, u64 value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

/* Called by keel_entry.S for everything but idle and IF. */
struct keel_result keel_operation(u64 a, u64 b, u64 c, u64 d, u32 op)
{
    struct keel_result r = {0, 0};

    switch (op) {
    case KEEL_MAP:
        r.value = op_map(a, b, c, d);
        break;
    case KEEL_UNMAP:
    case KEEL_PROTECT:
    case KEEL_COUNT:
        if (keel_change) /* linked only with what needs it */
            return keel_change(op, a, b, c);
        r.value = ENOSYS_;
        break;
    case KEEL_DEVICE:
        r.value = op_device(a, b);
        break;
    case KEEL_SET_FS:
    case KEEL_SET_GS:
        if (a >> 47) /* a non-canonical base would fault at CPL 0 */
            r.value = EINVAL_;
        else
            wrmsr(op == KEEL_SET_FS ? MSR_FSBASE : MSR_GSBASE, a);
        break;
    case KEEL_RESET:
        keel_reset();
    default:
        r.value = ENOSYS_;
    }
    return r;
}
