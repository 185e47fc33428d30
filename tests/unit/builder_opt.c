/* The command line: one table drives parsing (builder/opt.h). */
/* sources: builder/opt.c builder/text.c builder/msg.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "opt.h"

static const struct opt table[] = {
    {'m', "memory", "SIZE", "memory", "SKIFF_TEST_MEMORY", NULL},
    {'p', "port", "PORT", "port", NULL, NULL},
    {'x', NULL, NULL, "only a letter", NULL, NULL},
    {0, "dry-run", NULL, "only a name", NULL, NULL},
    {0},
};
static const struct verb verb = {.name = "run", .options = table};

/* Parses words; what is said about wrong ones goes nowhere. */
#define PARSE(opts, ...) parse(opts, (char *[]){"run", __VA_ARGS__, NULL})

static bool parse(struct opts *opts, char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    return opt_parse(&verb, argc, argv, opts);
}

static void values_attached_or_apart(void **state)
{
    char *forms[][3] = {{"-m4M"}, {"-m", "4M"}, {"--memory=4M"}, {"--memory", "4M"}, {"-xm4M"}};
    struct opts opts;

    (void)state;
    for (int i = 0; i < 5; i++) {
        if (forms[i][1])
            assert_true(PARSE(&opts, forms[i][0], forms[i][1]));
        else
            assert_true(PARSE(&opts, forms[i][0]));
        assert_string_equal(opt_value(&opts, "memory"), "4M");
        assert_int_equal(opts.words.n, 0);
        opt_fini(&opts);
    }
}

static void flags_and_words_mix(void **state)
{
    struct opts opts;

    (void)state;
    assert_true(PARSE(&opts, "a.elf", "--dry-run", "-", "-q", "--", "--dry-run", "-x"));
    assert_int_equal(opts.words.n, 2);
    assert_string_equal(opts.words.items[1], "-");
    assert_true(opt_has(&opts, "dry-run"));
    assert_true(opt_has(&opts, "quiet"));
    assert_false(opt_has(&opts, "verbose"));
    assert_true(opts.has_guest);
    assert_int_equal(opts.guest.n, 2);
    assert_string_equal(opts.guest.items[0], "--dry-run");
    opt_fini(&opts);
}

static void an_empty_guest_line_is_told_from_none(void **state)
{
    struct opts opts;

    (void)state;
    assert_true(PARSE(&opts, "a.elf", "--"));
    assert_true(opts.has_guest);
    assert_int_equal(opts.guest.n, 0);
    opt_fini(&opts);
    assert_true(PARSE(&opts, "a.elf"));
    assert_false(opts.has_guest);
    opt_fini(&opts);
}

static void the_last_value_wins_and_all_are_kept(void **state)
{
    struct opts opts;
    size_t i = 0;

    (void)state;
    assert_true(PARSE(&opts, "-p1:1", "-m1M", "-p", "2:2", "-m2M"));
    assert_string_equal(opt_value(&opts, "memory"), "2M");
    assert_string_equal(opt_next(&opts, "port", &i), "1:1");
    assert_string_equal(opt_next(&opts, "port", &i), "2:2");
    assert_null(opt_next(&opts, "port", &i));
    opt_fini(&opts);
}

static void flags_beat_the_environment(void **state)
{
    struct opts opts;
    const char *by;

    (void)state;
    setenv("SKIFF_TEST_MEMORY", "8M", 1);
    assert_true(PARSE(&opts, "a"));
    assert_string_equal(opt_value_from(&opts, "memory", &by), "8M");
    assert_string_equal(by, "SKIFF_TEST_MEMORY");
    assert_false(opt_has(&opts, "memory"));
    opt_fini(&opts);
    assert_true(PARSE(&opts, "-m", "2M"));
    assert_string_equal(opt_value_from(&opts, "memory", &by), "2M");
    assert_string_equal(by, "-m");
    opt_fini(&opts);
    setenv("SKIFF_TEST_MEMORY", "", 1);
    assert_true(PARSE(&opts, "a"));
    assert_null(opt_value(&opts, "memory"));
    opt_fini(&opts);
    unsetenv("SKIFF_TEST_MEMORY");
}

static void wrong_lines_are_refused(void **state)
{
    struct opts opts;

    (void)state;
    assert_false(PARSE(&opts, "--memroy", "4M"));
    assert_false(PARSE(&opts, "--mem=4M"));
    assert_false(PARSE(&opts, "-m"));
    assert_false(PARSE(&opts, "--memory"));
    assert_false(PARSE(&opts, "--dry-run=1"));
    assert_false(PARSE(&opts, "-xz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_attached_or_apart),
        cmocka_unit_test(flags_and_words_mix),
        cmocka_unit_test(an_empty_guest_line_is_told_from_none),
        cmocka_unit_test(the_last_value_wins_and_all_are_kept),
        cmocka_unit_test(flags_beat_the_environment),
        cmocka_unit_test(wrong_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
