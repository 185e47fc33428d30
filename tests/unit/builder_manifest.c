/* skiff.yaml: every key read as builder/manifest.h says; messages are in tests/builder/yaml_*. */
/* sources: builder/manifest.c builder/vmflag.c builder/text.c builder/msg.c */
/* libs: yaml */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "manifest.h"

static bool parse(struct manifest *m, const char *text)
{
    return manifest_parse(m, "skiff.yaml", text, strlen(text));
}

static void all_keys(void **state)
{
    struct manifest m;

    (void)state;
    assert_true(parse(&m, "name: shop\n"
                          "sources: [main.c, 'src/*.c']\n"
                          "cflags: -O2  -DX=1\n"
                          "ldflags: -Wl,-s\n"
                          "libs: [m, ./z.a]\n"
                          "include: inc\n"
                          "memory: 4M\n"
                          "args: [--verbose, 'two words']\n"
                          "env: {LANG: C, EMPTY: ''}\n"
                          "ports: [8080:80, '53:53/udp']\n"
                          "machine: q35\n"
                          "net: tap=t0,ip=10.0.0.2/24\n"));
    assert_string_equal(m.name, "shop");
    assert_int_equal(m.sources.n, 2);
    assert_string_equal(m.sources.items[1], "src/*.c");
    assert_int_equal(m.cflags.n, 2);
    assert_string_equal(m.cflags.items[1], "-DX=1");
    assert_string_equal(m.ldflags.items[0], "-Wl,-s");
    assert_string_equal(m.libs.items[1], "./z.a");
    assert_string_equal(m.include.items[0], "inc");
    assert_int_equal(m.memory_bytes, 4 << 20);
    assert_int_equal(m.memory_at.line, 7);
    assert_int_equal(m.memory_at.col, 9);
    assert_string_equal(m.args.items[1], "two words");
    assert_string_equal(m.env.items[0], "LANG=C");
    assert_string_equal(m.env.items[1], "EMPTY=");
    assert_string_equal(m.ports.items[0], "8080:80");
    assert_string_equal(m.ports.items[1], "53:53/udp");
    assert_string_equal(m.machine, "q35");
    assert_string_equal(m.net, "tap=t0,ip=10.0.0.2/24");
    manifest_fini(&m);
}

static void an_empty_file_says_nothing(void **state)
{
    const char *const empty[] = {"", "# only a comment\n", "---\n", "\n\n"};
    struct manifest m;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_true(parse(&m, empty[i]));
        assert_null(m.name);
        assert_int_equal(m.memory_bytes, 0);
        manifest_fini(&m);
    }
}

static void no_file_is_no_error(void **state)
{
    struct manifest m;

    (void)state;
    assert_true(manifest_load(&m, "/nonexistent"));
    assert_string_equal(m.path, "");
    manifest_fini(&m);
}

/* Each breaks one rule; none may be taken. */
static void wrong_ones_are_refused(void **state)
{
    const char *const wrong[] = {
        "colour: red\n",
        "name: a\nname: b\n",
        "name: [a]\n",
        "name:\n",
        "name: ../x\n",
        "memory: 1K\n",
        "memory: 99999G\n",
        "memory: [4M]\n",
        "sources: {a: b}\n",
        "sources: [[a]]\n",
        "ports: [80]\n",
        "ports: {80: 80}\n",
        "env: [X]\n",
        "env: {A=B: c}\n",
        "env: {A: [b]}\n",
        "machine: arm\n",
        "net: wifi\n",
        "- a\n",
        "a\n",
        "{a: b\n",
        "? [a]\n: b\n",
        "\t\n  x",
        "name: \"a\\0b\"\n",
        "\xff\xfe\xff",
        "name: &a [*a]\n",
        "env: {A: \"b\\nc\"}\n",
        "args: [\"a\\tb\"]\n",
        "name: 'x\n",
        "env: {'': x}\n",
    };
    struct manifest m;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (parse(&m, wrong[i]))
            fail_msg("taken: %s", wrong[i]);
    }
}

static void memory_bounds(void **state)
{
    (void)state;
    assert_true(memory_is_possible(2 << 20, 2 << 20, NULL, "-m"));
    assert_false(memory_is_possible((2 << 20) - 1, 2 << 20, NULL, "-m"));
    assert_true(memory_is_possible(MEMORY_MAX_BYTES, 1 << 20, NULL, "-m"));
    assert_false(memory_is_possible(MEMORY_MAX_BYTES + 1, 1 << 20, NULL, "-m"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys),
        cmocka_unit_test(an_empty_file_says_nothing),
        cmocka_unit_test(no_file_is_no_error),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(memory_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
