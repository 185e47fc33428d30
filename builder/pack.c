#include "pack.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/info.h"
#include "image.h"
#include "msg.h"
#include "version.h"

/* ---- the info ------------------------------------------------------------------------------ */

struct share {
    const char *origin;
    uint64_t n_bytes;
};

/* As listed in abi/info.h: service, its libraries, libc, libgcc, the runtime's rooms. */
static int origin_rank(const char *origin)
{
    return strcmp(origin, "service") == 0   ? 0
           : strcmp(origin, "libc") == 0    ? 2
           : strcmp(origin, "libgcc") == 0  ? 3
           : str_starts(origin, "runtime/") ? 4
                                            : 1;
}

static int by_origin(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    int c = origin_rank(x->origin) - origin_rank(y->origin);
    return c ? c : strcmp(x->origin, y->origin);
}

static uint64_t bytes_from_file(const Elf64_Phdr *phdrs, unsigned n, const struct linkmap_piece *p)
{
    for (unsigned i = 0; i < n; i++) {
        const Elf64_Phdr *s = &phdrs[i];
        if (s->p_type != PT_LOAD || p->va < s->p_vaddr || p->va - s->p_vaddr >= s->p_filesz)
            continue;
        uint64_t left = s->p_filesz - (p->va - s->p_vaddr);
        return p->len_bytes < left ? p->len_bytes : left;
    }
    return 0;
}

static void info_add_bytes(struct info *info, const Elf64_Phdr *phdrs, unsigned n_phdrs,
                           const struct linkmap *map)
{
    struct share *shares = mem_new((map->n + 1) * sizeof(*shares));
    size_t n = 0;
    uint64_t other = 0;
    char value[32];

    for (unsigned i = 0; i < n_phdrs; i++)
        if (phdrs[i].p_type == PT_LOAD)
            other += phdrs[i].p_filesz;
    for (size_t i = 0; i < map->n; i++) {
        uint64_t len = bytes_from_file(phdrs, n_phdrs, &map->pieces[i]);
        size_t k = 0;
        while (k < n && strcmp(shares[k].origin, map->pieces[i].origin) != 0)
            k++;
        if (len == 0)
            continue;
        if (k == n)
            shares[n++].origin = map->pieces[i].origin;
        shares[k].n_bytes += len;
        other = other > len ? other - len : 0;
    }
    if (n)
        qsort(shares, n, sizeof(*shares), by_origin);
    for (size_t i = 0; i < n; i++) {
        char *key = str_fmt("bytes.%s", shares[i].origin);
        snprintf(value, sizeof(value), "%" PRIu64, shares[i].n_bytes);
        info_add(info, key, value);
        free(key);
    }
    snprintf(value, sizeof(value), "%" PRIu64, other);
    info_add(info, "bytes.other", value);
    free(shares);
}

static void info_add_words(struct info *info, const char *key, const struct strvec *words)
{
    struct text line = {0};
    for (size_t i = 0; i < words->n; i++)
        text_addf(&line, "%s%s", i ? " " : "", words->items[i]);
    info_add(info, key, text_str(&line));
    text_fini(&line);
}

/* The headers of a linked file; phdrs has room for IMAGE_MAX_HEADERS. */
static bool headers_read(const char *path, const char *elf, size_t len, Elf64_Ehdr *head,
                         Elf64_Phdr *phdrs)
{
    const struct place at = {.file = path};
    bool is_good = len >= sizeof(*head);
    if (is_good) {
        memcpy(head, elf, sizeof(*head));
        is_good = memcmp(elf, ELFMAG, SELFMAG) == 0 && head->e_ident[EI_CLASS] == ELFCLASS64 &&
                  head->e_phnum > 0 && head->e_phnum <= IMAGE_MAX_HEADERS &&
                  head->e_phentsize == sizeof(*phdrs) && head->e_phoff <= len &&
                  head->e_phnum * sizeof(*phdrs) <= len - head->e_phoff &&
                  head->e_shentsize == sizeof(Elf64_Shdr) && head->e_shoff <= len &&
                  head->e_shnum * sizeof(Elf64_Shdr) <= len - head->e_shoff &&
                  head->e_shstrndx < head->e_shnum;
    }
    if (!is_good) {
        msg_error_at(&at, "the linker left an ELF file with damaged headers; is the disk full?");
        return false;
    }
    memcpy(phdrs, elf + head->e_phoff, head->e_phnum * sizeof(*phdrs));
    return true;
}

bool pack_info(struct text *out, const struct pack_facts *facts, const char *path, const char *elf,
               size_t len_bytes, const struct linkmap *map, const struct elfcheck *check)
{
    struct info info = {0};
    Elf64_Ehdr head;
    Elf64_Phdr phdrs[IMAGE_MAX_HEADERS];
    uint64_t end = 0;
    char number[32], sum[IMAGE_SUM_CHARS + 1];

    if (!headers_read(path, elf, len_bytes, &head, phdrs))
        return false;
    info_add(&info, "skiff", SKIFF_VERSION);
    info_add(&info, "cc", facts->cc);
    info_add(&info, "flags", facts->flags);
    info_add(&info, "src", facts->sources);
    info_add_bytes(&info, phdrs, head.e_phnum, map);
    info_add_words(&info, "calls", &check->calls);
    info_add_words(&info, "stubs", &check->stubs);
    for (unsigned i = 0; i < head.e_phnum; i++)
        if (phdrs[i].p_type == PT_LOAD && phdrs[i].p_paddr + phdrs[i].p_memsz > end)
            end = phdrs[i].p_paddr + phdrs[i].p_memsz;
    end = (end + INFO_FLOOR_WORK_BYTES + 4095) & ~4095ull;
    snprintf(number, sizeof(number), "%" PRIu64, end);
    info_add(&info, "floor", number);
    for (size_t i = 0; facts->run && i < facts->run->n; i++) {
        char *line = str_fmt("run.%s", facts->run->items[i]), *value = strchr(line, '=');
        *value++ = '\0';
        info_add(&info, line, value);
        free(line);
    }
    info_write(&info, out);
    info_fini(&info);
    if (!image_sum(elf, len_bytes, text_str(out), out->len, sum)) {
        const struct place at = {.file = path};
        msg_error_at(&at, "the linker did not make an x86-64 program; see its flags");
        return false;
    }
    text_addf(out, "sum=%s\n", sum);
    return true;
}

/* ---- writing ELF ----------------------------------------------------------------------------- */

static void text_align(struct text *t, size_t align)
{
    static const char zeros[16];
    while (t->len % align)
        text_add_n(t, zeros, align - t->len % align < 16 ? align - t->len % align : 16);
}

/* Section headers being collected, with their names. */
struct table {
    Elf64_Shdr *headers;
    unsigned n;
    struct text names;
};

static Elf64_Shdr *table_add(struct table *table, const char *name, Elf64_Shdr shdr)
{
    table->headers = mem_grow(table->headers, (table->n + 1) * sizeof(shdr));
    if (table->n == 0)
        text_add_n(&table->names, "", 1);
    shdr.sh_name = *name ? (Elf64_Word)table->names.len : 0;
    if (*name)
        text_add_n(&table->names, name, strlen(name) + 1);
    table->headers[table->n++] = shdr;
    return &table->headers[table->n - 1];
}

static void table_add_text(struct table *table, struct text *out, const char *name,
                           const struct text *content)
{
    table_add(table, name,
              (Elf64_Shdr){.sh_type = SHT_PROGBITS,
                           .sh_offset = out->len,
                           .sh_size = content->len,
                           .sh_addralign = 1});
    text_add_n(out, text_str(content), content->len);
}

/* Appends names and headers to out, and lets its ELF header point at them. */
static void table_write(struct table *table, struct text *out)
{
    Elf64_Ehdr head;
    Elf64_Shdr *names =
        table_add(table, ".shstrtab",
                  (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = out->len, .sh_addralign = 1});
    names->sh_size = table->names.len;
    text_add_n(out, table->names.data, table->names.len);
    text_align(out, 8);
    memcpy(&head, out->data, sizeof(head));
    head.e_shoff = out->len;
    head.e_shnum = (Elf64_Half)table->n;
    head.e_shstrndx = (Elf64_Half)(table->n - 1);
    memcpy(out->data, &head, sizeof(head));
    text_add_n(out, (const char *)table->headers, table->n * sizeof(*table->headers));
    free(table->headers);
    text_fini(&table->names);
}

/* Copies section headers of the input: all of them, or only those of loaded sections. */
static void table_copy(struct table *table, const char *elf, size_t len, const Elf64_Ehdr *head,
                       bool loaded_only)
{
    Elf64_Shdr names, shdr;
    memcpy(&names, elf + head->e_shoff + head->e_shstrndx * sizeof(names), sizeof(names));
    for (unsigned i = 0; i < head->e_shnum; i++) {
        memcpy(&shdr, elf + head->e_shoff + i * sizeof(shdr), sizeof(shdr));
        if (loaded_only && i > 0 && !(shdr.sh_flags & SHF_ALLOC))
            continue;
        if (loaded_only)
            shdr.sh_link = shdr.sh_info = 0; /* they pointed at sections that are gone */
        const char *name = "";
        uint64_t at = names.sh_offset + shdr.sh_name;
        if (at >= names.sh_offset && at < len && memchr(elf + at, '\0', len - at))
            name = elf + at;
        table_add(table, name, shdr);
    }
}

bool pack_strip(struct text *out, const char *path, const char *elf, size_t len_bytes,
                const struct text *info)
{
    Elf64_Ehdr head;
    Elf64_Phdr phdrs[IMAGE_MAX_HEADERS];
    struct table table = {0};
    uint64_t end = 0;

    if (!headers_read(path, elf, len_bytes, &head, phdrs))
        return false;
    for (unsigned i = 0; i < head.e_phnum; i++)
        if (phdrs[i].p_filesz && phdrs[i].p_offset + phdrs[i].p_filesz > end)
            end = phdrs[i].p_offset + phdrs[i].p_filesz;
    text_add_n(out, elf, end < len_bytes ? end : len_bytes);
    table_copy(&table, elf, len_bytes, &head, true);
    table_add_text(&table, out, INFO_SECTION, info);
    table_write(&table, out);
    return true;
}

bool pack_stamp(struct text *out, const char *path, const char *elf, size_t len_bytes,
                const struct text *info, const struct text *origin)
{
    Elf64_Ehdr head;
    Elf64_Phdr phdrs[IMAGE_MAX_HEADERS];
    struct table table = {0};

    if (!headers_read(path, elf, len_bytes, &head, phdrs))
        return false;
    text_add_n(out, elf, len_bytes);
    table_copy(&table, elf, len_bytes, &head, false);
    table_add_text(&table, out, INFO_SECTION, info);
    table_add_text(&table, out, INFO_ORIGIN_SECTION, origin);
    table_write(&table, out);
    return true;
}

bool pack_write(const char *path, const struct text *data)
{
    const struct place at = {.file = path};
    char *aside = str_fmt("%s.new", path);
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);
    int err = fd < 0 ? errno : 0;

    for (size_t done = 0; !err && done < data->len;) {
        ssize_t n = write(fd, data->data + done, data->len - done);
        if (n < 0 && errno != EINTR)
            err = errno;
        else if (n > 0)
            done += (size_t)n;
    }
    if (fd >= 0 && close(fd) != 0 && !err)
        err = errno;
    if (!err && rename(aside, path) != 0)
        err = errno;
    if (err) {
        msg_error_at(&at, "cannot write: %s", strerror(err));
        if (fd >= 0)
            unlink(aside);
    }
    free(aside);
    return !err;
}
