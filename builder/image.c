#include "image.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi/info.h"
#include "msg.h"
#include "sha256.h"
#include "status.h"

/* Owner and type of the note with the PVH entry address (Xen's ELFNOTE_PHYS32_ENTRY). */
#define PVH_OWNER      "Xen"
#define PVH_NOTE_ENTRY 18

#define AGAIN          "build or copy it again"

/* The bytes being judged; n_headers is set once the ELF header was found good. */
struct bytes {
    const uint8_t *data;
    size_t len;
    Elf64_Ehdr head;
};

static bool has_range(const struct bytes *b, uint64_t offset, uint64_t len)
{
    return offset <= b->len && len <= b->len - offset;
}

static Elf64_Phdr header_at(const struct bytes *b, unsigned i)
{
    Elf64_Phdr phdr;
    memcpy(&phdr, b->data + b->head.e_phoff + i * sizeof(phdr), sizeof(phdr));
    return phdr;
}

static Elf64_Shdr section_at(const struct bytes *b, unsigned i)
{
    Elf64_Shdr shdr;
    memcpy(&shdr, b->data + b->head.e_shoff + i * sizeof(shdr), sizeof(shdr));
    return shdr;
}

static const char *machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {
        {EM_386, "32-bit x86"}, {EM_ARM, "32-bit ARM"}, {EM_AARCH64, "AArch64"},
        {EM_RISCV, "RISC-V"},   {EM_PPC64, "POWER"},    {EM_S390, "S/390"},
        {EM_MIPS, "MIPS"},      {EM_BPF, "BPF"},        {EM_LOONGARCH, "LoongArch"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].machine == machine)
            return names[i].name;
    return NULL;
}

static bool is_elf(const uint8_t *data, size_t len)
{
    return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

/* The ELF header: an x86-64 program whose program headers lie inside the file. */
static bool head_read(struct bytes *b, struct text *why)
{
    if (!is_elf(b->data, b->len)) {
        text_add(why, b->len == 0
                          ? "empty file; an image is an ELF that skiff build or skiff cc made"
                          : "not an ELF file; an image is what skiff build or skiff cc made");
        return false;
    }
    if (b->len < sizeof(b->head)) {
        text_addf(why, "truncated: %zu bytes, an ELF header has %zu; " AGAIN, b->len,
                  sizeof(b->head));
        return false;
    }
    memcpy(&b->head, b->data, sizeof(b->head));
    const Elf64_Ehdr *head = &b->head;
    /* e_machine lies at the same place in 32-bit and 64-bit files. */
    const char *machine = machine_name(head->e_machine);
    if (head->e_ident[EI_DATA] != ELFDATA2LSB) {
        text_add(why, "for a big-endian machine, not x86-64; build it for x86-64");
        return false;
    }
    if (head->e_machine != EM_X86_64) {
        if (machine)
            text_addf(why, "for %s, not x86-64; build it for x86-64", machine);
        else
            text_addf(why, "for machine %u, not x86-64; build it for x86-64", head->e_machine);
        return false;
    }
    if (head->e_ident[EI_CLASS] != ELFCLASS64) {
        text_add(why, "32-bit code (x32), not 64-bit x86-64; build it without -mx32");
        return false;
    }
    if (head->e_type == ET_REL) {
        text_add(why, "an object file, not an image; link it with skiff build or skiff cc");
        return false;
    }
    if (head->e_type == ET_DYN) {
        text_add(why,
                 "a shared or position independent ELF, not an image; link it with skiff build "
                 "or skiff cc");
        return false;
    }
    if (head->e_type != ET_EXEC) {
        text_add(why, "not a program; an image is what skiff build or skiff cc made");
        return false;
    }
    if (head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phnum == 0 ||
        head->e_phnum > IMAGE_MAX_HEADERS) {
        text_addf(why, "damaged: %u program headers of %u bytes; " AGAIN, head->e_phnum,
                  head->e_phentsize);
        return false;
    }
    uint64_t end = (uint64_t)head->e_phnum * sizeof(Elf64_Phdr);
    if (!has_range(b, head->e_phoff, end)) {
        text_addf(why, "truncated: its program headers lie beyond its %zu bytes; " AGAIN, b->len);
        return false;
    }
    return true;
}

static bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a_len && b_len && a < b + b_len && b < a + a_len;
}

/* Every loaded segment inside the file, inside the address space, and clear of the others. */
static bool segments_read(const struct bytes *b, struct image *image, struct text *why)
{
    for (unsigned i = 0; i < b->head.e_phnum; i++) {
        Elf64_Phdr phdr = header_at(b, i);
        if (phdr.p_type == PT_INTERP || phdr.p_type == PT_DYNAMIC) {
            text_add(why, "dynamically linked, an image is static; link it with skiff build or "
                          "skiff cc");
            return false;
        }
        if (phdr.p_type != PT_LOAD)
            continue;
        if (!has_range(b, phdr.p_offset, phdr.p_filesz)) {
            text_addf(why,
                      "truncated: segment %u needs %" PRIu64 " bytes from byte %" PRIu64
                      ", the file has %zu; " AGAIN,
                      image->n_segments, phdr.p_filesz, phdr.p_offset, b->len);
            return false;
        }
        uint64_t top = phdr.p_vaddr > phdr.p_paddr ? phdr.p_vaddr : phdr.p_paddr;
        if (phdr.p_filesz > phdr.p_memsz || phdr.p_memsz > UINT64_MAX - top) {
            text_addf(why, "damaged: segment %u has impossible sizes; " AGAIN, image->n_segments);
            return false;
        }
        for (unsigned k = 0; k < image->n_segments; k++) {
            const struct image_segment *other = &image->segments[k];
            if (ranges_overlap(phdr.p_vaddr, phdr.p_memsz, other->va, other->mem_bytes) ||
                ranges_overlap(phdr.p_paddr, phdr.p_memsz, other->pa, other->mem_bytes)) {
                text_addf(why, "damaged: segments %u and %u overlap at 0x%" PRIx64 "; " AGAIN, k,
                          image->n_segments, phdr.p_vaddr);
                return false;
            }
        }
        image->segments[image->n_segments++] = (struct image_segment){
            .va = phdr.p_vaddr,
            .pa = phdr.p_paddr,
            .offset = phdr.p_offset,
            .file_bytes = phdr.p_filesz,
            .mem_bytes = phdr.p_memsz,
            .is_read = phdr.p_flags & PF_R,
            .is_write = phdr.p_flags & PF_W,
            .is_exec = phdr.p_flags & PF_X,
        };
        if (phdr.p_paddr + phdr.p_memsz > image->end_pa)
            image->end_pa = phdr.p_paddr + phdr.p_memsz;
    }
    if (image->n_segments == 0) {
        text_add(why, "damaged: no loaded segment; " AGAIN);
        return false;
    }
    return true;
}

static void build_id_set(struct image *image, const uint8_t *id, size_t len)
{
    struct text hex = {0};
    for (size_t i = 0; i < len; i++)
        text_addf(&hex, "%02x", id[i]);
    free(image->build_id);
    image->build_id = text_take(&hex);
}

/* One PT_NOTE segment: looks for the PVH door and the build-id. Stops at the first bad note. */
static void notes_read(const uint8_t *p, size_t len, struct image *image, bool *has_pvh)
{
    Elf64_Nhdr note;
    while (len >= sizeof(note)) {
        memcpy(&note, p, sizeof(note));
        uint64_t name_len = ((uint64_t)note.n_namesz + 3) & ~3ull;
        uint64_t desc_len = ((uint64_t)note.n_descsz + 3) & ~3ull;
        p += sizeof(note);
        len -= sizeof(note);
        if (name_len > len || note.n_descsz > len - name_len)
            return;
        const uint8_t *desc = p + name_len;
        if (note.n_namesz == sizeof(PVH_OWNER) && memcmp(p, PVH_OWNER, sizeof(PVH_OWNER)) == 0 &&
            note.n_type == PVH_NOTE_ENTRY && (note.n_descsz == 4 || note.n_descsz == 8)) {
            image->pvh_entry = 0;
            memcpy(&image->pvh_entry, desc, note.n_descsz);
            *has_pvh = true;
        }
        if (note.n_namesz == sizeof(ELF_NOTE_GNU) &&
            memcmp(p, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && note.n_type == NT_GNU_BUILD_ID &&
            note.n_descsz > 0 && note.n_descsz <= 64)
            build_id_set(image, desc, note.n_descsz);
        if (desc_len > len - name_len)
            return;
        p += name_len + desc_len;
        len -= name_len + desc_len;
    }
}

static bool is_code(const struct image *image, uint64_t va)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        if (s->is_exec && va >= s->va && va - s->va < s->file_bytes)
            return true;
    }
    return false;
}

static bool doors_read(const struct bytes *b, struct image *image, struct text *why)
{
    bool has_pvh = false;
    for (unsigned i = 0; i < b->head.e_phnum; i++) {
        Elf64_Phdr phdr = header_at(b, i);
        if (phdr.p_type != PT_NOTE)
            continue;
        if (!has_range(b, phdr.p_offset, phdr.p_filesz)) {
            text_addf(why, "truncated: its notes lie beyond its %zu bytes; " AGAIN, b->len);
            return false;
        }
        notes_read(b->data + phdr.p_offset, phdr.p_filesz, image, &has_pvh);
    }
    if (!has_pvh) {
        text_add(why, "no PVH note: an ordinary Linux program, not an image; link it with skiff "
                      "build or skiff cc");
        return false;
    }
    image->entry = b->head.e_entry;
    const char *door = !is_code(image, image->entry)       ? "entry"
                       : !is_code(image, image->pvh_entry) ? "PVH entry"
                                                           : NULL;
    if (door) {
        text_addf(why, "damaged: its %s 0x%" PRIx64 " is outside its code; " AGAIN, door,
                  door[0] == 'e' ? image->entry : image->pvh_entry);
        return false;
    }
    return true;
}

/* Finds .skiff.info by walking the section headers; *info is left alone if there is none. */
static bool sections_read(const struct bytes *b, struct image *image, Elf64_Shdr *info,
                          struct text *why)
{
    const Elf64_Ehdr *head = &b->head;
    if (head->e_shoff == 0 || head->e_shnum == 0)
        return true;
    if (!has_range(b, head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf64_Shdr))) {
        text_addf(why, "truncated: its section headers lie beyond its %zu bytes; " AGAIN, b->len);
        return false;
    }
    if (head->e_shentsize != sizeof(Elf64_Shdr) || head->e_shstrndx >= head->e_shnum) {
        text_add(why, "damaged: impossible section headers; " AGAIN);
        return false;
    }
    Elf64_Shdr names = section_at(b, head->e_shstrndx);
    if (!has_range(b, names.sh_offset, names.sh_size)) {
        text_addf(why, "truncated: its section names lie beyond its %zu bytes; " AGAIN, b->len);
        return false;
    }
    for (unsigned i = 0; i < head->e_shnum; i++) {
        Elf64_Shdr shdr = section_at(b, i);
        if (shdr.sh_type == SHT_SYMTAB)
            image->has_symbols = true;
        size_t left = shdr.sh_name < names.sh_size ? names.sh_size - shdr.sh_name : 0;
        if (left < sizeof(INFO_SECTION) || shdr.sh_type == SHT_NOBITS ||
            memcmp(b->data + names.sh_offset + shdr.sh_name, INFO_SECTION, sizeof(INFO_SECTION)))
            continue;
        if (!has_range(b, shdr.sh_offset, shdr.sh_size)) {
            text_addf(why, "truncated: its " INFO_SECTION " lies beyond its %zu bytes; " AGAIN,
                      b->len);
            return false;
        }
        *info = shdr;
        image->has_info = true;
    }
    return true;
}

static void sum_number(struct sha256 *sum, uint64_t value)
{
    uint8_t le[8];
    for (unsigned i = 0; i < 8; i++)
        le[i] = (uint8_t)(value >> (8 * i));
    sha256_add(sum, le, sizeof(le));
}

static void sum_make(const struct bytes *b, const struct image *image, const char *info_text,
                     size_t info_len, char hex[IMAGE_SUM_CHARS + 1])
{
    struct sha256 sum;
    uint8_t bin[SHA256_BYTES];
    /* The headers themselves may be loaded too, and hold file offsets: they stay out. */
    uint64_t skip = b->head.e_phoff + b->head.e_phnum * sizeof(Elf64_Phdr);

    sha256_init(&sum);
    sum_number(&sum, b->head.e_entry);
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        uint64_t from = s->offset == 0 && skip < s->file_bytes ? skip : 0;
        sum_number(&sum, s->va);
        sum_number(&sum, s->pa);
        sum_number(&sum, s->file_bytes);
        sum_number(&sum, s->mem_bytes);
        sum_number(&sum, s->is_read | s->is_write << 1 | s->is_exec << 2);
        sha256_add(&sum, b->data + s->offset + from, s->file_bytes - from);
    }
    sha256_add(&sum, info_text, info_len);
    sha256_end(&sum, bin);
    for (unsigned i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = "0123456789abcdef"[bin[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bin[i] & 15];
    }
    hex[IMAGE_SUM_CHARS] = '\0';
}

/* Where the last line begins if it is a sum; NULL if it is not. */
static const char *sum_line(const char *text, size_t len)
{
    size_t want = strlen("sum=") + IMAGE_SUM_CHARS + 1;
    if (len < want || (len > want && text[len - want - 1] != '\n') ||
        memcmp(text + len - want, "sum=", 4) || text[len - 1] != '\n')
        return NULL;
    return text + len - want;
}

static bool info_read(const struct bytes *b, struct image *image, const Elf64_Shdr *shdr,
                      struct text *why)
{
    const char *text = (const char *)b->data + shdr->sh_offset;
    const char *sum = sum_line(text, shdr->sh_size);
    char hex[IMAGE_SUM_CHARS + 1];

    if (!sum || !info_parse(&image->info, text, shdr->sh_size)) {
        text_add(why, "tampered or damaged: its " INFO_SECTION " is not what skiff build writes; "
                      "build it again");
        return false;
    }
    sum_make(b, image, text, (size_t)(sum - text), hex);
    if (memcmp(sum + 4, hex, IMAGE_SUM_CHARS)) {
        text_add(why, "tampered or damaged: its contents do not match the sum it carries; build it "
                      "again");
        return false;
    }
    return true;
}

bool image_parse(struct image *image, const void *data, size_t len_bytes, struct text *why)
{
    struct bytes b = {.data = data, .len = len_bytes};
    Elf64_Shdr info = {0};

    *image = (struct image){.file_bytes = len_bytes, .build_id = str_dup("")};
    return head_read(&b, why) && segments_read(&b, image, why) && doors_read(&b, image, why) &&
           sections_read(&b, image, &info, why) &&
           (!image->has_info || info_read(&b, image, &info, why));
}

bool image_sum(const void *elf, size_t len_bytes, const char *info_text, size_t info_len,
               char hex[IMAGE_SUM_CHARS + 1])
{
    struct bytes b = {.data = elf, .len = len_bytes};
    struct image image = {0};
    struct text why = {0};
    bool is_good = head_read(&b, &why) && segments_read(&b, &image, &why);

    text_fini(&why);
    if (is_good)
        sum_make(&b, &image, info_text, info_len, hex);
    return is_good;
}

int image_open(struct image *image, const char *path)
{
    const struct place at = {.file = path};
    struct text why = {0};
    char *data;
    size_t len;
    int err = file_read(path, &data, &len);

    if (err == -ENOENT || err == -ENOTDIR) {
        msg_error_at(&at, "no such image; skiff build makes one");
        return STATUS_NO_IMAGE;
    }
    if (err) {
        msg_error_at(&at, "cannot read the image: %s", strerror(-err));
        return STATUS_NO_IMAGE;
    }
    bool is_good = image_parse(image, data, len, &why);
    free(data);
    if (!is_good) {
        msg_error_at(&at, "%s", text_str(&why));
        image_close(image);
    } else {
        image->path = str_dup(path);
    }
    text_fini(&why);
    return is_good ? 0 : STATUS_NO_BOOT;
}

void image_close(struct image *image)
{
    free(image->path);
    free(image->build_id);
    info_fini(&image->info);
    *image = (struct image){0};
}
