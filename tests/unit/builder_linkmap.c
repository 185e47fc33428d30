/* Origins from GNU ld's map file, and back from the text kept in the image (builder/linkmap.h). */
/* sources: builder/linkmap.c builder/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "linkmap.h"

static const char map_text[] =
    "Discarded input sections\n"
    "\n"
    " .text.gone     0x0000000000000000        0x5 /t/0-main.c.o\n"
    "\nLinker script and memory map\n"
    "\n"
    "LOAD /s/crt1.o\n"
    "                0x0000000000102000                PROVIDE (skiff.uk_fork = skiff.uk_enosys)\n"
    "\n"
    ".text           0x0000000000101000     0x1000\n"
    " *(.text .text.*)\n"
    " .text          0x0000000000101000       0x16 /s/crt1.o\n"
    "                0x0000000000101000                _start\n"
    " *fill*         0x0000000000101016        0xa \n"
    " .text.a_rather_long_name_of_a_section\n"
    "                0x0000000000101020       0x10 /t/0-main.c.o\n"
    " .text.tcp      0x0000000000101030      0x100 /s/libskiff.a(net_tcp.o)\n"
    " .text.read     0x0000000000101130       0x08 /s/libskiff.a(sc_read.o)\n"
    " .text.puts     0x0000000000101140       0x20 /s/libc.a(puts.o)\n"
    " .text.part     0x0000000000101160       0x20 vendor/libpart.a(a/b.o)\n"
    " .text.x        0x0000000000101180       0x20 /other/libc.a(puts.o)\n"
    " .text.o        0x00000000001011a0       0x20 /usr/lib/gcc/libgcc.a(_mul.o)\n"
    " .text.none     0x00000000001011c0        0x0 /t/0-main.c.o\n"
    "\n"
    ".tbss           0x0000000000103000        0x8\n"
    " .tbss          0x0000000000103000        0x8 /s/libc.a(tls.o)\n"
    "\n"
    ".data           0x0000000000103000        0x8\n"
    " .data.x        0x0000000000103000        0x8 build/store.o\n"
    "\n"
    ".debug_info     0x0000000000000000       0x10\n"
    " .debug_info    0x0000000000000000       0x10 /t/0-main.c.o\n";

static void check(const struct linkmap *map, uint64_t va, const char *origin, const char *object)
{
    const struct linkmap_piece *piece = linkmap_find(map, va);
    if (!origin) {
        assert_null(piece);
        return;
    }
    assert_non_null(piece);
    assert_string_equal(piece->origin, origin);
    assert_string_equal(piece->object, object);
}

static void check_all(const struct linkmap *map)
{
    assert_int_equal(map->n, 9);
    check(map, 0x100fff, NULL, NULL);
    check(map, 0x101000, "libc", "crt1.o");
    check(map, 0x101015, "libc", "crt1.o");
    check(map, 0x101016, NULL, NULL);
    check(map, 0x10102f, "service", "main.c");
    check(map, 0x101030, "runtime/net", "libskiff.a(net_tcp.o)");
    check(map, 0x101130, "runtime/libc", "libskiff.a(sc_read.o)");
    check(map, 0x101140, "libc", "libc.a(puts.o)");
    check(map, 0x101160, "libpart", "libpart.a(a/b.o)");
    check(map, 0x101180, "libc", "libc.a(puts.o)");
    check(map, 0x1011a0, "libgcc", "libgcc.a(_mul.o)");
    check(map, 0x103000, "service", "store.o");
    check(map, 0x103008, NULL, NULL);
}

static void map_is_read(void **state)
{
    struct linkmap map, again;
    struct text text = {0};

    (void)state;
    linkmap_read(&map, map_text, strlen(map_text), "/s", "/t");
    check_all(&map);
    linkmap_write(&map, &text);
    linkmap_parse(&again, text_str(&text), text.len);
    check_all(&again);
    linkmap_fini(&map);
    linkmap_fini(&again);
    text_fini(&text);
}

static void nonsense_is_skipped(void **state)
{
    static const char *const texts[] = {"",      "\n",       "1",        "1 2",
                                        "1 2 x", "zz 1 a b", "1 zz a b", "1 2  b"};
    struct linkmap map;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        linkmap_parse(&map, texts[i], strlen(texts[i]));
        assert_true(map.n <= 1);
        linkmap_fini(&map);
    }
    linkmap_read(&map, "another linker's map", 20, "/s", NULL);
    assert_int_equal(map.n, 0);
    assert_null(linkmap_find(&map, 0x1000));
    linkmap_fini(&map);
}

static void users_origins(void **state)
{
    (void)state;
    assert_true(origin_is_users("service"));
    assert_true(origin_is_users("libpart"));
    assert_false(origin_is_users("libc"));
    assert_false(origin_is_users("libgcc"));
    assert_false(origin_is_users("runtime/net"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_is_read),
        cmocka_unit_test(nonsense_is_skipped),
        cmocka_unit_test(users_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
