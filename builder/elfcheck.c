#include "elfcheck.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/info.h"
#include "msg.h"

#define NOBODY SIZE_MAX

/* A function or an object: a vertex of the graph. */
struct vertex {
    uint64_t va, len_bytes; /* of no size in the file: up to the next vertex or section */
    const char *name;
    bool is_function, is_global;
    bool is_users;   /* the service's own or a library's of it */
    size_t seen_for; /* number of the walk that was here, from 1 */
};

/* from refers to to; sorted by to, then site. */
struct edge {
    size_t from, to;
    uint64_t site;      /* address of the reference */
    const char *callee; /* as the reference names it */
};

struct graph {
    Elf *elf;
    Dwarf *dwarf; /* NULL if there is none */
    const struct linkmap *map;
    struct linkmap own_map;
    struct vertex *vertices; /* sorted by va */
    size_t n_vertices;
    struct edge *edges;
    size_t n_edges, edge_cap;
    size_t *queue; /* of a walk; room for every vertex */
};

enum elfcheck_type elfcheck_type(const char *path)
{
    unsigned char head[20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ELF_IS_NONE;
    ssize_t n = read(fd, head, sizeof(head));
    int err = n < 0 ? errno : 0;
    close(fd);
    errno = err;
    if (n >= 8 && (memcmp(head, "!<arch>\n", 8) == 0 || memcmp(head, "!<thin>\n", 8) == 0))
        return ELF_IS_ARCHIVE;
    if (n < (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return ELF_IS_NONE;
    return head[16] == ET_REL ? ELF_IS_OBJECT : ELF_IS_LINKED;
}

/* ---- vertices: the symbol table ---------------------------------------------------------- */

static Elf_Scn *section_by_type(Elf *elf, GElf_Word type, GElf_Shdr *shdr)
{
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, shdr) && shdr->sh_type == type)
            return scn;
    return NULL;
}

static Elf_Data *section_by_name(Elf *elf, const char *name)
{
    size_t names;
    Elf_Scn *scn = NULL;
    GElf_Shdr shdr;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return NULL;
    while ((scn = elf_nextscn(elf, scn))) {
        const char *s = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;
        if (s && strcmp(s, name) == 0 && shdr.sh_type != SHT_NOBITS)
            return elf_getdata(scn, NULL);
    }
    return NULL;
}

/* Of two names for one address: a function, one with a size, a global, the first by name. */
static bool is_better(const struct vertex *a, const struct vertex *b)
{
    if (a->is_function != b->is_function)
        return a->is_function;
    if (!a->len_bytes != !b->len_bytes)
        return a->len_bytes;
    if (a->is_global != b->is_global)
        return a->is_global;
    return strcmp(a->name, b->name) < 0;
}

static int by_address(const void *a, const void *b)
{
    const struct vertex *x = a, *y = b;
    if (x->va != y->va)
        return x->va < y->va ? -1 : 1;
    return is_better(x, y) ? -1 : is_better(y, x);
}

static bool is_code_section(Elf *elf, size_t index)
{
    GElf_Shdr shdr;
    Elf_Scn *scn = elf_getscn(elf, index);
    return scn && gelf_getshdr(scn, &shdr) && (shdr.sh_flags & SHF_EXECINSTR);
}

/* Assembly may give no size: then it is up to the next symbol, but not into the next section. */
static void vertices_size(struct graph *g)
{
    for (size_t i = 0; i < g->n_vertices; i++) {
        struct vertex *v = &g->vertices[i];
        uint64_t end = i + 1 < g->n_vertices ? v[1].va : UINT64_MAX;
        Elf_Scn *scn = NULL;
        GElf_Shdr shdr;
        if (v->len_bytes)
            continue;
        while ((scn = elf_nextscn(g->elf, scn)))
            if (gelf_getshdr(scn, &shdr) && (shdr.sh_flags & SHF_ALLOC) &&
                !(shdr.sh_flags & SHF_TLS) && v->va >= shdr.sh_addr &&
                v->va - shdr.sh_addr < shdr.sh_size && shdr.sh_addr + shdr.sh_size < end)
                end = shdr.sh_addr + shdr.sh_size;
        v->len_bytes = end - v->va;
    }
}

static bool vertex_from(Elf *elf, const GElf_Sym *sym, const char *name, struct vertex *v)
{
    unsigned type = GELF_ST_TYPE(sym->st_info);
    if (!name || !*name || sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
        return false;
    /* Assembly functions may be untyped; linker script symbols in data are not objects. */
    bool is_code = sym->st_shndx < SHN_LORESERVE && is_code_section(elf, sym->st_shndx);
    if (type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC &&
        !(type == STT_NOTYPE && is_code && GELF_ST_BIND(sym->st_info) != STB_LOCAL))
        return false;
    *v = (struct vertex){
        .va = sym->st_value,
        .len_bytes = sym->st_size,
        .name = name,
        .is_function = type != STT_OBJECT,
        .is_global = GELF_ST_BIND(sym->st_info) != STB_LOCAL,
    };
    return true;
}

static void vertices_read(struct graph *g, Elf_Data *symbols, const GElf_Shdr *shdr)
{
    size_t n = shdr->sh_entsize ? symbols->d_size / shdr->sh_entsize : 0;
    g->vertices = mem_new((n + 1) * sizeof(*g->vertices));
    for (size_t i = 1; i < n; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(symbols, (int)i, &sym))
            break;
        if (vertex_from(g->elf, &sym, elf_strptr(g->elf, shdr->sh_link, sym.st_name),
                        &g->vertices[g->n_vertices]))
            g->n_vertices++;
    }
    if (g->n_vertices == 0)
        return;
    qsort(g->vertices, g->n_vertices, sizeof(*g->vertices), by_address);
    size_t kept = 1;
    for (size_t i = 1; i < g->n_vertices; i++)
        if (g->vertices[i].va != g->vertices[kept - 1].va)
            g->vertices[kept++] = g->vertices[i];
    g->n_vertices = kept;
    vertices_size(g);
    for (size_t i = 0; i < kept; i++) {
        const struct linkmap_piece *piece = linkmap_find(g->map, g->vertices[i].va);
        g->vertices[i].is_users = piece && origin_is_users(piece->origin);
    }
}

static size_t vertex_at(const struct graph *g, uint64_t va)
{
    size_t lo = 0, hi = g->n_vertices;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (g->vertices[mid].va <= va)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return NOBODY;
    const struct vertex *v = &g->vertices[lo - 1];
    return va - v->va < v->len_bytes ? lo - 1 : NOBODY;
}

/* ---- edges: the relocations the linker left in ------------------------------------------- */

static int by_target(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static bool is_pc_relative(unsigned type)
{
    return type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_GOTPCREL ||
           type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX;
}

static void edge_add(struct graph *g, const GElf_Rela *rela, const GElf_Sym *sym, const char *name)
{
    uint64_t target = sym->st_value;
    bool is_section = GELF_ST_TYPE(sym->st_info) == STT_SECTION;
    if (sym->st_shndx == SHN_UNDEF)
        return;
    if (is_section) /* a reference to a static function: section + offset, less 4 where relative */
        target += (uint64_t)rela->r_addend + (is_pc_relative(GELF_R_TYPE(rela->r_info)) ? 4 : 0);
    struct edge e = {.from = vertex_at(g, rela->r_offset), .site = rela->r_offset};
    e.to = vertex_at(g, target);
    if (e.to == NOBODY || e.from == e.to)
        return;
    e.callee = !is_section && name && *name ? name : g->vertices[e.to].name;
    if (g->n_edges == g->edge_cap) {
        g->edge_cap = g->edge_cap ? 2 * g->edge_cap : 1024;
        g->edges = mem_grow(g->edges, g->edge_cap * sizeof(*g->edges));
    }
    g->edges[g->n_edges++] = e;
}

/* Returns whether there was any relocation section for loaded contents. */
static bool edges_read(struct graph *g, Elf_Data *symbols, const GElf_Shdr *symtab)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr shdr, target;
    size_t names;
    bool has_any = false;

    if (elf_getshdrstrndx(g->elf, &names) != 0)
        return false;
    while ((scn = elf_nextscn(g->elf, scn))) {
        if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA || shdr.sh_entsize == 0)
            continue;
        Elf_Scn *of = elf_getscn(g->elf, shdr.sh_info);
        const char *name =
            of && gelf_getshdr(of, &target) ? elf_strptr(g->elf, names, target.sh_name) : NULL;
        if (!name || !(target.sh_flags & SHF_ALLOC) || strcmp(name, ".eh_frame") == 0)
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        if (!data)
            continue;
        has_any = true;
        for (size_t i = 0; i < data->d_size / shdr.sh_entsize; i++) {
            GElf_Rela rela;
            GElf_Sym sym;
            if (gelf_getrela(data, (int)i, &rela) && GELF_R_SYM(rela.r_info) &&
                gelf_getsym(symbols, (int)GELF_R_SYM(rela.r_info), &sym))
                edge_add(g, &rela, &sym, elf_strptr(g->elf, symtab->sh_link, sym.st_name));
        }
    }
    if (g->n_edges)
        qsort(g->edges, g->n_edges, sizeof(*g->edges), by_target);
    return has_any;
}

static size_t first_edge_to(const struct graph *g, size_t to)
{
    size_t lo = 0, hi = g->n_edges;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (g->edges[mid].to < to)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- calls: sc_X, and whether uk_X is the stub ------------------------------------------- */

struct symbol_ref {
    const char *name;
    uint64_t va;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct symbol_ref *)a)->name, ((const struct symbol_ref *)b)->name);
}

static const struct symbol_ref *symbol_find(const struct symbol_ref *refs, size_t n,
                                            const char *name)
{
    struct symbol_ref key = {.name = name};
    return n ? bsearch(&key, refs, n, sizeof(*refs), by_name) : NULL;
}

static const char *call_of(const char *symbol)
{
    return str_starts(symbol, "skiff.sc_")    ? symbol + 9
           : str_starts(symbol, "skiff.scp_") ? symbol + 10
                                              : NULL;
}

static int by_string(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct strvec *v)
{
    if (v->n == 0)
        return;
    qsort(v->items, v->n, sizeof(*v->items), by_string);
    size_t kept = 1;
    for (size_t i = 1; i < v->n; i++) {
        if (strcmp(v->items[i], v->items[kept - 1]) == 0)
            free(v->items[i]);
        else
            v->items[kept++] = v->items[i];
    }
    v->n = kept;
    v->items[kept] = NULL;
}

/* Fills the two lists of calls; *refs is every global skiff.sc_, .scp_ and .uk_ symbol, sorted. */
static void calls_read(struct graph *g, Elf_Data *symbols, const GElf_Shdr *shdr,
                       struct elfcheck *check, struct symbol_ref **refs, size_t *n_refs)
{
    size_t n = shdr->sh_entsize ? symbols->d_size / shdr->sh_entsize : 0;
    *refs = mem_new((n + 1) * sizeof(**refs));
    *n_refs = 0;
    for (size_t i = 1; i < n; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(symbols, (int)i, &sym))
            break;
        const char *name = elf_strptr(g->elf, shdr->sh_link, sym.st_name);
        if (name && sym.st_shndx != SHN_UNDEF && GELF_ST_BIND(sym.st_info) != STB_LOCAL &&
            (call_of(name) || str_starts(name, "skiff.uk_")))
            (*refs)[(*n_refs)++] = (struct symbol_ref){name, sym.st_value};
    }
    if (*n_refs)
        qsort(*refs, *n_refs, sizeof(**refs), by_name);
    const struct symbol_ref *stub = symbol_find(*refs, *n_refs, "skiff.uk_enosys");
    for (size_t i = 0; i < *n_refs; i++) {
        const char *call = call_of((*refs)[i].name);
        if (!call)
            continue;
        char *impl_name = str_fmt("skiff.uk_%s", call);
        const struct symbol_ref *impl = symbol_find(*refs, *n_refs, impl_name);
        free(impl_name);
        if (impl) /* else it is a part of the trampolines, not a call */
            strvec_add(stub && impl->va == stub->va ? &check->stubs : &check->calls, call);
    }
    sort_unique(&check->calls);
    sort_unique(&check->stubs);
}

/* ---- findings: from a stubbed call up to the service -------------------------------------- */

static bool cu_find(Dwarf *dwarf, uint64_t va, Dwarf_Die *cu)
{
    if (dwarf_addrdie(dwarf, va, cu))
        return true;
    /* Some compilers write no .debug_aranges. */
    Dwarf_Off at = 0, next;
    size_t head;
    while (dwarf_nextcu(dwarf, at, &next, &head, NULL, NULL, NULL) == 0) {
        if (dwarf_offdie(dwarf, at + head, cu) && dwarf_haspc(cu, va) > 0)
            return true;
        at = next;
    }
    return false;
}

/* Source line and the innermost function, inlined ones too: the symbol may be its caller's. */
static void source_find(Dwarf *dwarf, uint64_t va, struct finding *f)
{
    Dwarf_Die cu, *scopes = NULL;
    int line;
    if (!dwarf || !cu_find(dwarf, va, &cu))
        return;
    Dwarf_Line *at = dwarf_getsrc_die(&cu, va);
    const char *file = at ? dwarf_linesrc(at, NULL, NULL) : NULL;
    if (file && dwarf_lineno(at, &line) == 0) {
        while (str_starts(file, "./"))
            file += 2;
        f->file = str_dup(file);
        f->line = (unsigned)line;
    }
    int n = dwarf_getscopes(&cu, va, &scopes);
    for (int i = 0; i < n; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) && name) {
            free(f->function);
            f->function = str_dup(name);
            break;
        }
    }
    free(scopes);
}

static void finding_worst(struct finding *f, const char *call)
{
    const struct call *c = call_find(call);
    if (f->calls.n == 0 || c->kind > f->kind) {
        f->kind = c->kind;
        f->instead = c->instead;
    }
    strvec_add(&f->calls, call);
}

static void finding_add(const struct graph *g, struct elfcheck *check, const struct edge *e,
                        const char *call)
{
    const struct linkmap_piece *piece = linkmap_find(g->map, e->site);
    struct finding f = {.object = str_dup(piece ? piece->object : ""),
                        .callee = str_dup(e->callee)};

    if (e->from != NOBODY) {
        f.function = str_dup(g->vertices[e->from].name);
        f.is_data = !g->vertices[e->from].is_function;
    }
    if (!f.is_data)
        source_find(g->dwarf, e->site, &f);
    for (size_t i = 0; i < check->n_findings; i++) {
        struct finding *old = &check->findings[i];
        bool is_same = strcmp(old->object, f.object) == 0 && strcmp(old->callee, f.callee) == 0 &&
                       !old->function == !f.function && old->line == f.line &&
                       (!f.function || strcmp(old->function, f.function) == 0);
        if (!is_same)
            continue;
        if (!strvec_has(&old->calls, call))
            finding_worst(old, call);
        free(f.object);
        free(f.callee);
        free(f.function);
        free(f.file);
        return;
    }
    finding_worst(&f, call);
    check->findings = mem_grow(check->findings, (check->n_findings + 1) * sizeof(*check->findings));
    check->findings[check->n_findings++] = f;
}

/* Callers of one sc_ function, breadth first. Harmless calls are not worth the walk. */
static void walk_up(struct graph *g, struct elfcheck *check, uint64_t va, const char *call,
                    size_t walk)
{
    size_t head = 0, tail = 0, start = vertex_at(g, va);
    if (start == NOBODY || call_find(call)->kind == CALL_HARMLESS)
        return;
    g->vertices[start].seen_for = walk;
    g->queue[tail++] = start;
    while (head < tail) {
        size_t to = g->queue[head++];
        for (size_t i = first_edge_to(g, to); i < g->n_edges && g->edges[i].to == to; i++) {
            const struct edge *e = &g->edges[i];
            const struct linkmap_piece *piece =
                e->from == NOBODY ? linkmap_find(g->map, e->site) : NULL;
            if (e->from == NOBODY ? piece && origin_is_users(piece->origin)
                                  : g->vertices[e->from].is_users) {
                finding_add(g, check, e, call);
            } else if (e->from != NOBODY && g->vertices[e->from].is_function &&
                       g->vertices[e->from].seen_for != walk) {
                g->vertices[e->from].seen_for = walk;
                g->queue[tail++] = e->from;
            }
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int c = strcmp(x->file ? x->file : x->object, y->file ? y->file : y->object);
    if (c == 0)
        c = x->line < y->line ? -1 : x->line > y->line;
    return c ? c : strcmp(x->callee, y->callee);
}

static void findings_make(struct graph *g, struct elfcheck *check, const struct symbol_ref *refs,
                          size_t n_refs)
{
    g->queue = mem_new((g->n_vertices + 1) * sizeof(*g->queue));
    for (size_t i = 0; i < n_refs; i++) {
        const char *call = call_of(refs[i].name);
        if (call && strvec_has(&check->stubs, call))
            walk_up(g, check, refs[i].va, call, i + 1);
    }
    for (size_t i = 0; i < check->n_findings; i++)
        sort_unique(&check->findings[i].calls);
    if (check->n_findings)
        qsort(check->findings, check->n_findings, sizeof(*check->findings), by_place);
}

bool elfcheck_read(struct elfcheck *check, const char *path, char *data, size_t len_bytes,
                   const struct linkmap *map)
{
    const struct place at = {.file = path};
    struct graph g = {.map = map};
    GElf_Shdr shdr;
    GElf_Ehdr head;

    *check = (struct elfcheck){0};
    elf_version(EV_CURRENT);
    g.elf = elf_memory(data, len_bytes);
    if (!g.elf || !gelf_getehdr(g.elf, &head) || head.e_machine != EM_X86_64 ||
        gelf_getclass(g.elf) != ELFCLASS64) {
        msg_error_at(&at, "not a whole x86-64 ELF file; build it again");
        elf_end(g.elf);
        return false;
    }
    if (!map) {
        Elf_Data *origin = section_by_name(g.elf, INFO_ORIGIN_SECTION);
        if (origin)
            linkmap_parse(&g.own_map, origin->d_buf, origin->d_size);
        g.map = &g.own_map;
    }
    Elf_Scn *scn = section_by_type(g.elf, SHT_SYMTAB, &shdr);
    Elf_Data *symbols = scn ? elf_getdata(scn, NULL) : NULL;
    if (symbols) {
        struct symbol_ref *refs;
        size_t n_refs;
        check->has_symbols = true;
        calls_read(&g, symbols, &shdr, check, &refs, &n_refs);
        if (check->stubs.n) {
            vertices_read(&g, symbols, &shdr);
            check->has_relocs = edges_read(&g, symbols, &shdr) && g.map->n > 0;
            g.dwarf = dwarf_begin_elf(g.elf, DWARF_C_READ, NULL);
            findings_make(&g, check, refs, n_refs);
            dwarf_end(g.dwarf);
        } else {
            check->has_relocs = true;
        }
        free(refs);
    }
    free(g.vertices);
    free(g.edges);
    free(g.queue);
    linkmap_fini(&g.own_map);
    elf_end(g.elf);
    return true;
}

void elfcheck_fini(struct elfcheck *check)
{
    for (size_t i = 0; i < check->n_findings; i++) {
        struct finding *f = &check->findings[i];
        free(f->file);
        free(f->function);
        free(f->object);
        free(f->callee);
        strvec_fini(&f->calls);
    }
    free(check->findings);
    strvec_fini(&check->calls);
    strvec_fini(&check->stubs);
    *check = (struct elfcheck){0};
}

void finding_text(const struct finding *f, struct text *out)
{
    if (f->function)
        text_addf(out, "%s%s ", f->function, f->is_data ? "" : "()");
    text_addf(out, "%s %s()",
              f->is_data    ? "points at"
              : f->function ? "calls"
                            : "a call of",
              f->callee);
    if (f->calls.n != 1 || strcmp(f->calls.items[0], f->callee) != 0) {
        text_add(out, f->calls.n == 1 ? ", which needs the call" : ", which needs the calls");
        for (size_t i = 0; i < f->calls.n; i++)
            text_addf(out, "%s %s", i == 0 ? "" : ",", f->calls.items[i]);
    }
    text_addf(out, ": ENOSYS in a VM of its own; %s", f->instead);
}

/* Places are not known: the names alone. */
static size_t print_names(const struct elfcheck *check, const char *path)
{
    const struct place at = {.file = path};
    size_t n_warnings = 0;
    for (size_t i = 0; i < check->stubs.n; i++) {
        const struct call *call = call_find(check->stubs.items[i]);
        if (call->kind != CALL_FAILS)
            continue;
        msg_warn_at(&at, "reaches %s: ENOSYS in a VM of its own; %s", check->stubs.items[i],
                    call->instead);
        n_warnings++;
    }
    return n_warnings;
}

size_t elfcheck_print(const struct elfcheck *check, const char *path, const char *root)
{
    size_t n_warnings = 0;
    if (!check->has_relocs)
        return print_names(check, path);
    for (size_t i = 0; i < check->n_findings; i++) {
        const struct finding *f = &check->findings[i];
        struct text text = {0};
        char *file = !f->file                      ? NULL
                     : f->file[0] == '/' || !*root ? str_dup(f->file)
                                                   : path_join(root, f->file);
        struct place at = {.file = file ? file : f->object, .line = f->line};

        finding_text(f, &text);
        if (f->kind == CALL_FAILS) {
            msg_warn_at(&at, "%s", text_str(&text));
            n_warnings++;
        } else {
            msg_note_at(&at, "%s", text_str(&text));
        }
        free(file);
        text_fini(&text);
    }
    return n_warnings;
}

int elfcheck_find_definition(const struct strvec *archives, const char *symbol)
{
    elf_version(EV_CURRENT);
    for (size_t i = 0; i < archives->n; i++) {
        int fd = open(archives->items[i], O_RDONLY | O_CLOEXEC);
        Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
        size_t n = 0;
        Elf_Arsym *index = elf && elf_kind(elf) == ELF_K_AR ? elf_getarsym(elf, &n) : NULL;
        bool has_it = false;
        for (size_t k = 0; index && k < n && index[k].as_name; k++)
            if (strcmp(index[k].as_name, symbol) == 0)
                has_it = true;
        elf_end(elf);
        if (fd >= 0)
            close(fd);
        if (has_it)
            return (int)i;
    }
    return -1;
}
