/* An image is judged by its bytes; a wrong one is told what is wrong (builder/image.h, DESIGN D9).
 */
/* sources: builder/image.c builder/info.c builder/sha256.c builder/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "msg.h"

/* Said by image_open() only, which is not called here. */
void msg_error_at(const struct place *at, const char *fmt, ...)
{
    (void)at;
    (void)fmt;
}

/* The smallest image: headers, one PVH note, one page of code, one variable, a record. */
struct model {
    Elf64_Ehdr head;
    Elf64_Phdr phdrs[3]; /* code, data, note */
    struct {
        Elf64_Nhdr head;
        char owner[4];
        uint32_t entry;
    } pvh;
    struct {
        Elf64_Nhdr head;
        char owner[4];
        uint8_t id[8];
    } build_id;
    uint8_t code[32];
    uint8_t data[16];
    char names[32]; /* "", ".skiff.info" */
    Elf64_Shdr shdrs[3];
    char info[160];
};

#define CODE_VA 0x100000
#define DATA_VA 0x102000

static void model_make(struct model *m)
{
    *m = (struct model){
        .head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_EXEC,
                 .e_machine = EM_X86_64,
                 .e_entry = CODE_VA + offsetof(struct model, code) + 8,
                 .e_phoff = offsetof(struct model, phdrs),
                 .e_phentsize = sizeof(Elf64_Phdr),
                 .e_phnum = 3,
                 .e_shoff = offsetof(struct model, shdrs),
                 .e_shentsize = sizeof(Elf64_Shdr),
                 .e_shnum = 3,
                 .e_shstrndx = 1},
        .phdrs = {{.p_type = PT_LOAD,
                   .p_flags = PF_R | PF_X,
                   .p_vaddr = CODE_VA,
                   .p_paddr = CODE_VA,
                   .p_filesz = offsetof(struct model, data),
                   .p_memsz = offsetof(struct model, data)},
                  {.p_type = PT_LOAD,
                   .p_flags = PF_R | PF_W,
                   .p_offset = offsetof(struct model, data),
                   .p_vaddr = DATA_VA,
                   .p_paddr = DATA_VA,
                   .p_filesz = 16,
                   .p_memsz = 4096},
                  {.p_type = PT_NOTE,
                   .p_offset = offsetof(struct model, pvh),
                   .p_filesz = offsetof(struct model, code) - offsetof(struct model, pvh)}},
        .pvh = {{4, 4, 18}, "Xen", CODE_VA + offsetof(struct model, code)},
        .build_id = {{4, 8, NT_GNU_BUILD_ID}, "GNU", {0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4}},
        .names = "\0.skiff.info",
        .shdrs = {{0},
                  {.sh_type = SHT_STRTAB,
                   .sh_offset = offsetof(struct model, names),
                   .sh_size = sizeof(m->names)},
                  {.sh_name = 1,
                   .sh_type = SHT_PROGBITS,
                   .sh_offset = offsetof(struct model, info)}},
    };
    static const char record[] = "skiff=1\nfloor=2097152\nrun.port=80:80\nrun.port=53:53/udp\n";
    char sum[IMAGE_SUM_CHARS + 1];
    assert_true(image_sum(m, sizeof(*m), record, strlen(record), sum));
    char *text = str_fmt("%ssum=%s\n", record, sum);
    memcpy(m->info, text, strlen(text));
    m->shdrs[2].sh_size = strlen(text);
    free(text);
}

/* Judges the first len bytes; the complaint, or NULL. The caller frees. */
static char *judge_some(const struct model *m, size_t len)
{
    /* A copy of exactly that size, so that the sanitizer sees a read beyond. */
    uint8_t *copy = malloc(len ? len : 1);
    struct image image;
    struct text why = {0};
    memcpy(copy, m, len);
    bool is_good = image_parse(&image, copy, len, &why);
    image_close(&image);
    free(copy);
    assert_true(is_good == (why.len == 0));
    return is_good ? NULL : text_take(&why);
}

static void refused(const struct model *m, const char *begin)
{
    char *why = judge_some(m, sizeof(*m));
    if (!why)
        fail_msg("accepted; wanted \"%s\"", begin);
    if (strncmp(why, begin, strlen(begin)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", why, begin);
    free(why);
}

static void good_image_is_read(void **state)
{
    struct model m;
    struct image image;
    struct text why = {0};
    size_t i = 0;

    (void)state;
    model_make(&m);
    assert_true(image_parse(&image, &m, sizeof(m), &why));
    assert_int_equal(image.pvh_entry, CODE_VA + offsetof(struct model, code));
    assert_int_equal(image.entry, image.pvh_entry + 8);
    assert_int_equal(image.end_pa, DATA_VA + 4096);
    assert_int_equal(image.n_segments, 2);
    assert_true(image.segments[0].is_exec && !image.segments[0].is_write);
    assert_string_equal(image.build_id, "deadbeef01020304");
    assert_true(image.has_info);
    assert_false(image.has_symbols);
    assert_string_equal(info_get(&image.info, "floor"), "2097152");
    assert_string_equal(info_next(&image.info, "run.port", &i), "80:80");
    assert_string_equal(info_next(&image.info, "run.port", &i), "53:53/udp");
    assert_null(info_next(&image.info, "run.port", &i));
    assert_null(info_get(&image.info, "flo"));
    image_close(&image);
}

static void every_cut_is_truncated(void **state)
{
    struct model m;

    (void)state;
    model_make(&m);
    size_t end = offsetof(struct model, info) + m.shdrs[2].sh_size;
    for (size_t len = 0; len < end; len++) {
        char *why = judge_some(&m, len);
        assert_non_null(why);
        if (len >= SELFMAG && !str_starts(why, "truncated: "))
            fail_msg("cut at %zu: %s", len, why);
        free(why);
    }
    free(judge_some(&m, end));
}

static void every_changed_byte_is_found(void **state)
{
    struct model m;
    (void)state;
    for (size_t i = offsetof(struct model, code); i < offsetof(struct model, names); i++) {
        model_make(&m);
        ((uint8_t *)&m)[i] ^= 0x40;
        refused(&m, "tampered or damaged: its contents do not match");
    }
    for (size_t i = 0; i < 40; i++) { /* the record, up to its sum */
        model_make(&m);
        m.info[i] ^= 1;
        refused(&m, "tampered or damaged: its");
    }
}

static void file_offsets_may_change(void **state)
{
    struct model m;
    (void)state;
    /* What strip(1) does: the section headers go elsewhere. The sum holds. */
    struct {
        struct model m;
        Elf64_Shdr shdrs[3];
    } moved;
    memset(&moved, 0, sizeof(moved));
    model_make(&m);
    moved.m = m;
    memcpy(moved.shdrs, m.shdrs, sizeof(m.shdrs));
    moved.m.head.e_shoff = offsetof(__typeof__(moved), shdrs);
    struct image image;
    struct text why = {0};
    assert_true(image_parse(&image, &moved, sizeof(moved), &why));
    image_close(&image);
}

static void wrong_headers_are_named(void **state)
{
    struct model m;
    (void)state;
#define BROKEN(change, begin)                                                                      \
    do {                                                                                           \
        model_make(&m);                                                                            \
        change;                                                                                    \
        refused(&m, begin);                                                                        \
    } while (0)
    BROKEN(m.head.e_ident[0] = 'E', "not an ELF file; ");
    BROKEN(m.head.e_machine = EM_AARCH64, "for AArch64, not x86-64; ");
    BROKEN(m.head.e_machine = 0x1234, "for machine 4660, not x86-64; ");
    BROKEN(m.head.e_ident[EI_DATA] = ELFDATA2MSB, "for a big-endian machine");
    BROKEN(m.head.e_ident[EI_CLASS] = ELFCLASS32, "32-bit code (x32)");
    BROKEN(m.head.e_type = ET_REL, "an object file, ");
    BROKEN(m.head.e_type = ET_DYN, "a shared or position independent ELF");
    BROKEN(m.head.e_type = ET_CORE, "not a program; ");
    BROKEN(m.head.e_phnum = 0, "damaged: 0 program headers");
    BROKEN(m.head.e_phnum = 0xffff, "damaged: 65535 program headers");
    BROKEN(m.head.e_phoff = UINT64_MAX - 10, "truncated: its program headers");
    BROKEN(m.phdrs[1].p_type = PT_INTERP, "dynamically linked");
    BROKEN(m.phdrs[0].p_offset = UINT64_MAX - 1, "truncated: segment 0 needs");
    BROKEN(m.phdrs[1].p_filesz = UINT64_MAX, "truncated: segment 1 needs");
    BROKEN(m.phdrs[1].p_memsz = 1, "damaged: segment 1 has impossible sizes");
    BROKEN(m.phdrs[1].p_memsz = UINT64_MAX, "damaged: segment 1 has impossible sizes");
    BROKEN(m.phdrs[1].p_vaddr = CODE_VA + 8, "damaged: segments 0 and 1 overlap at 0x100008");
    BROKEN(m.phdrs[1].p_paddr = CODE_VA - 8, "damaged: segments 0 and 1 overlap");
    BROKEN(m.phdrs[0].p_type = m.phdrs[1].p_type = PT_NULL, "damaged: no loaded segment");
    BROKEN(m.head.e_entry = DATA_VA, "damaged: its entry 0x102000 is outside its code");
    BROKEN(m.pvh.entry = 0, "damaged: its PVH entry 0x0 is outside its code");
    BROKEN(m.pvh.owner[0] = 'Y', "no PVH note: ");
    BROKEN(m.pvh.head.n_namesz = UINT32_MAX, "no PVH note: ");
    BROKEN(m.pvh.head.n_descsz = UINT32_MAX, "no PVH note: ");
    BROKEN(m.phdrs[2].p_filesz = UINT64_MAX, "truncated: its notes");
    BROKEN(m.head.e_shoff = sizeof(m) - 8, "truncated: its section headers");
    BROKEN(m.head.e_shstrndx = 3, "damaged: impossible section headers");
    BROKEN(m.shdrs[1].sh_offset = UINT64_MAX, "truncated: its section names");
    BROKEN(m.shdrs[2].sh_size = UINT64_MAX, "truncated: its .skiff.info");
    BROKEN(m.shdrs[2].sh_size = 0, "tampered or damaged: its .skiff.info is not");
    BROKEN(m.shdrs[2].sh_size -= 1, "tampered or damaged: its .skiff.info is not");
#undef BROKEN
}

static void without_record_it_boots(void **state)
{
    struct model m;
    (void)state;
    model_make(&m);
    m.head.e_shoff = 0;
    assert_null(judge_some(&m, sizeof(m)));
    model_make(&m);
    m.shdrs[2].sh_name = sizeof(m.names) - 1;
    assert_null(judge_some(&m, sizeof(m)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_image_is_read),          cmocka_unit_test(every_cut_is_truncated),
        cmocka_unit_test(every_changed_byte_is_found), cmocka_unit_test(file_offsets_may_change),
        cmocka_unit_test(wrong_headers_are_named),     cmocka_unit_test(without_record_it_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
