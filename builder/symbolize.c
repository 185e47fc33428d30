#include "symbolize.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctlread.h"
#include "unwind.h"

struct symbolizer {
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL: no symbols, lack says why */
    char *lack;
};

/* An image lies at its link address and has no other parts: no search, no relocation. */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

/* The build-id of a file in hex; "" if it has none, or is no ELF. */
static char *build_id_of(const char *path)
{
    struct text hex = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = NULL;
    const void *bytes;

    elf_version(EV_CURRENT);
    if (fd >= 0)
        elf = elf_begin(fd, ELF_C_READ, NULL);
    ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &bytes) : 0;
    for (ssize_t i = 0; i < n; i++)
        text_addf(&hex, "%02x", ((const unsigned char *)bytes)[i]);
    if (elf)
        elf_end(elf);
    if (fd >= 0)
        close(fd);
    return text_take(&hex);
}

static bool open_module(struct symbolizer *s, const char *path)
{
    s->dwfl = dwfl_begin(&callbacks);
    if (!s->dwfl)
        return false;
    dwfl_report_begin(s->dwfl);
    s->module = dwfl_report_offline(s->dwfl, "image", path, -1);
    dwfl_report_end(s->dwfl, NULL, NULL);
    GElf_Addr bias;
    return s->module &&
           (dwfl_module_getsymtab(s->module) > 1 || dwfl_module_getdwarf(s->module, &bias) != NULL);
}

static void close_module(struct symbolizer *s)
{
    if (s->dwfl)
        dwfl_end(s->dwfl);
    s->dwfl = NULL;
    s->module = NULL;
}

struct symbolizer *symbolizer_new(const char *image_path, const char *build_id)
{
    struct symbolizer *s = mem_new(sizeof(*s));
    char *debug = str_fmt("%s.debug", image_path);

    if (access(debug, R_OK) == 0) {
        char *id = build_id_of(debug);
        if (strcmp(id, build_id) != 0)
            s->lack = str_fmt("%s belongs to another build", debug);
        else if (!open_module(s, debug))
            s->lack = str_fmt("%s has no symbols", debug);
        free(id);
    } else {
        s->lack = str_fmt("%s: %s", debug, strerror(errno));
    }
    if (s->lack) {
        /* An image that was linked by hand, or not stripped. */
        close_module(s);
        if (open_module(s, image_path)) {
            free(s->lack);
            s->lack = NULL;
        } else {
            close_module(s);
        }
    }
    free(debug);
    return s;
}

void symbolizer_free(struct symbolizer *s)
{
    close_module(s);
    free(s->lack);
    free(s);
}

const char *symbolizer_lack(const struct symbolizer *s)
{
    return s->lack;
}

/* Innermost function DIEs at an address, inlined ones first; their call sites give the outer
 * lines. Returns false if DWARF says nothing there. */
static bool name_by_dwarf(Dwfl_Module *module, uint64_t addr, struct strvec *lines)
{
    Dwarf_Addr bias;
    Dwarf_Die *cu = dwfl_module_addrdie(module, addr, &bias), *innermost, *scopes;
    Dwfl_Line *line = dwfl_module_getsrc(module, addr);
    int lineno = 0, n;
    const char *file = line ? dwfl_lineinfo(line, NULL, &lineno, NULL, NULL, NULL) : NULL;
    bool is_found = false;

    n = cu ? dwarf_getscopes(cu, addr - bias, &innermost) : 0;
    if (n <= 0)
        return false;
    /* Those are scopes of the source; what is wanted is which call was put inside which. */
    n = dwarf_getscopes_die(&innermost[0], &scopes);
    free(innermost);
    if (n <= 0)
        return false;
    for (int i = 0; i < n; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
            continue;
        Dwarf_Attribute attr;
        const char *name = dwarf_formstring(dwarf_attr_integrate(&scopes[i], DW_AT_name, &attr));
        if (file)
            strvec_addf(lines, "%s at %s:%d", name ? name : "?", path_base(file), lineno);
        else
            strvec_add(lines, name ? name : "?");
        is_found = true;
        if (tag == DW_TAG_subprogram)
            break;
        /* The next one out is at the place where this one was inlined. */
        Dwarf_Word word;
        Dwarf_Files *files;
        size_t n_files;
        lineno = dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_line, &attr), &word) == 0
                     ? (int)word
                     : 0;
        file = NULL;
        if (dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_file, &attr), &word) == 0 &&
            dwarf_getsrcfiles(cu, &files, &n_files) == 0)
            file = dwarf_filesrc(files, word, NULL, NULL);
    }
    free(scopes);
    return is_found;
}

void symbolizer_name(struct symbolizer *s, uint64_t addr, bool is_return, struct strvec *lines)
{
    /* A return address may be the first byte of the next line, or of the next function. */
    uint64_t at = is_return && addr ? addr - 1 : addr;
    GElf_Off offset;
    GElf_Sym sym;

    const char *name =
        s->module ? dwfl_module_addrinfo(s->module, at, &offset, &sym, NULL, NULL, NULL) : NULL;
    /* DWARF alone is not believed: it still has what the linker dropped, at address 0. */
    if (name && name_by_dwarf(s->module, at, lines))
        return;
    if (name) /* the runtime's own are called skiff.NAME */
        strvec_addf(lines, "%s+0x%" PRIx64, str_starts(name, "skiff.") ? name + 6 : name,
                    (uint64_t)offset + (addr - at));
    else
        strvec_add(lines, "?");
}

/* The calls that led there: unwound here, or else as the guest walked them. */
static void add_backtrace(struct symbolizer *s, const struct ctl_reader *ctl,
                          const char *image_path, struct text *out)
{
    uint64_t unwound[CTL_MAX_FRAMES];
    size_t n = s->module ? unwind(s->dwfl, image_path, ctl, unwound, CTL_MAX_FRAMES) : 0;
    const uint64_t *frames = n > ctl->n_frames ? unwound : ctl->frames;
    unsigned number = 0;

    if (frames == ctl->frames)
        n = ctl->n_frames;
    if (n)
        text_add(out, "  backtrace:\n");
    for (size_t i = 0; i < n; i++) {
        struct strvec lines = {0};
        size_t n_same = 0;
        symbolizer_name(s, frames[i], i > 0, &lines);
        for (size_t j = 0; j < lines.n; j++)
            text_addf(out, "    #%-2u 0x%08" PRIx64 "  %s%s\n", number++, frames[i], lines.items[j],
                      j + 1 < lines.n ? " (inlined)" : "");
        /* Recursion without end: the same call again and again. */
        while (i && i + 1 < n && frames[i + 1] == frames[i])
            i++, n_same++;
        if (n_same)
            text_addf(out, "    and %zu more of the same\n", n_same);
        strvec_fini(&lines);
    }
}

static void add_registers(const struct ctl_reader *ctl, struct text *out)
{
    text_add(out, "  registers:");
    for (size_t i = 0; i < ctl->n_regs; i++)
        text_addf(out, "%s%-6s 0x%016" PRIx64, i % 3 ? "   " : "\n    ", ctl->regs[i].name,
                  ctl->regs[i].value);
    text_add(out, "\n");
}

void symbolize_report(const struct ctl_reader *ctl, const char *image_path, const char *build_id,
                      struct text *out)
{
    struct symbolizer *s = symbolizer_new(image_path, build_id);
    struct strvec where = {0};

    text_add(out, "  what:  ");
    ctl_describe_fault(ctl, out);
    symbolizer_name(s, ctl->fault.rip, false, &where);
    text_addf(out, "\n  where: 0x%08" PRIx64 "  %s\n", ctl->fault.rip, where.items[0]);
    add_backtrace(s, ctl, image_path, out);
    if (symbolizer_lack(s))
        text_addf(out, "  no names: %s\n", symbolizer_lack(s));
    if (ctl->n_regs)
        add_registers(ctl, out);
    strvec_fini(&where);
    symbolizer_free(s);
}
