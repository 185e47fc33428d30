/* The C half of linux64.S: put the module's segments where they belong, write the zero page. */
#include <elf.h>
#include <stdint.h>

struct pvh_start_info {
    uint32_t magic, version, flags, n_modules;
    uint64_t modules, cmdline, rsdp, memmap;
    uint32_t n_memmap, reserved;
};

struct pvh_module {
    uint64_t at, len, cmdline, reserved;
};

struct pvh_memmap {
    uint64_t at, len;
    uint32_t type, reserved;
};

struct e820 {
    uint64_t at, len;
    uint32_t type;
} __attribute__((packed));

struct where {
    uint64_t entry, boot_params;
};

static uint8_t zero_page[4096] __attribute__((aligned(4096)));

static void copy(void *to, const void *from, uint64_t n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void clear(void *to, uint64_t n)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}

struct where load(const struct pvh_start_info *info);

struct where load(const struct pvh_start_info *info)
{
    const struct pvh_module *module = (void *)info->modules;
    const Elf64_Ehdr *elf = (void *)module->at;
    const Elf64_Phdr *ph = (void *)(module->at + elf->e_phoff);
    const struct pvh_memmap *map = (void *)info->memmap;
    struct e820 *e820 = (void *)(zero_page + 0x2d0);

    for (int i = 0; i < elf->e_phnum; i++) {
        if (ph[i].p_type != PT_LOAD)
            continue;
        clear((void *)ph[i].p_paddr, ph[i].p_memsz);
        copy((void *)ph[i].p_paddr, (const void *)(module->at + ph[i].p_offset), ph[i].p_filesz);
    }
    zero_page[0x1e8] = (uint8_t)info->n_memmap;
    for (uint32_t i = 0; i < info->n_memmap; i++)
        e820[i] = (struct e820){map[i].at, map[i].len, map[i].type};
    *(uint32_t *)(zero_page + 0x228) = (uint32_t)info->cmdline;
    return (struct where){elf->e_entry, (uint64_t)zero_page};
}
