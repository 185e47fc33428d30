/* Strings of the builder: nearest words, sizes, numbers, quoting (builder/text.h). */
/* sources: builder/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *const keys[] = {"memory", "machine", "name", "net", "env", "sources"};

static const char *near(const char *word)
{
    return text_nearest(word, keys, 6);
}

static void nearest_finds_what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(near("memroy"), "memory");
    assert_string_equal(near("source"), "sources");
    assert_string_equal(near("nmae"), "name");
    assert_string_equal(near("enviroment") ? near("enviroment") : "none", "none");
    assert_string_equal(near("memory"), "memory");
}

static void nearest_leaves_strangers_alone(void **state)
{
    char longest[1000];

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(near("colour"));
    assert_null(near(longest));
    assert_null(text_nearest("a", NULL, 0));
}

static uint64_t size(const char *s)
{
    uint64_t bytes = 0;

    return size_parse(s, 20, &bytes) ? bytes : UINT64_MAX;
}

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(size("4M"), 4 << 20);
    assert_int_equal(size("4"), 4 << 20);
    assert_int_equal(size("512K"), 512 << 10);
    assert_int_equal(size("512 KiB"), 512 << 10);
    assert_int_equal(size("1G"), 1 << 30);
    assert_int_equal(size("100B"), 100);
    assert_true(size("") == UINT64_MAX);
    assert_true(size("-1") == UINT64_MAX);
    assert_true(size("4X") == UINT64_MAX);
    assert_true(size("4MM") == UINT64_MAX);
    assert_true(size("99999999999999999999999") == UINT64_MAX);
    assert_true(size("9999999999999G") == UINT64_MAX);
}

static void shows(uint64_t bytes, const char *want)
{
    char *s = size_show(bytes);

    assert_string_equal(s, want);
    free(s);
}

static void sizes_are_shown_in_the_largest_unit(void **state)
{
    (void)state;
    shows(0, "0 bytes");
    shows(1000, "1000 bytes");
    shows(1536 << 10, "1536 KiB");
    shows(2 << 20, "2 MiB");
    shows(4ull << 40, "4 TiB");
}

static void numbers(void **state)
{
    uint64_t n = 7;

    (void)state;
    assert_true(number_parse("65535", 1, 65535, &n));
    assert_int_equal(n, 65535);
    assert_false(number_parse("65536", 1, 65535, &n));
    assert_false(number_parse("0", 1, 65535, &n));
    assert_false(number_parse("", 0, 9, &n));
    assert_false(number_parse("1x", 0, 9, &n));
    assert_false(number_parse(" 1", 0, 9, &n));
    assert_false(number_parse("18446744073709551616", 0, UINT64_MAX, &n));
    assert_int_equal(n, 65535);
}

static void a_shell_reads_the_same_words_back(void **state)
{
    char *argv[] = {"a", "", "b c", "it's", "$HOME", "x=1,2", NULL};
    char *line = shell_line(argv);

    (void)state;
    assert_string_equal(line, "a '' 'b c' 'it'\\''s' '$HOME' x=1,2");
    free(line);
}

static void a_list_is_an_argv(void **state)
{
    struct strvec v = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        strvec_addf(&v, "%d", 99 - i);
    assert_null(v.items[100]);
    strvec_sort(&v);
    assert_string_equal(v.items[1], "1");
    assert_true(strvec_has(&v, "42"));
    assert_false(strvec_has(&v, "100"));
    strvec_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_finds_what_was_meant),
        cmocka_unit_test(nearest_leaves_strangers_alone),
        cmocka_unit_test(sizes),
        cmocka_unit_test(sizes_are_shown_in_the_largest_unit),
        cmocka_unit_test(numbers),
        cmocka_unit_test(a_shell_reads_the_same_words_back),
        cmocka_unit_test(a_list_is_an_argv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
