/* C11 §7.21.6.1: the small formatter says what printf() says, for every conversion it has. */
/* sources: runtime/base/fmt.c */
#include "base/fmt.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void same(const char *fmt, ...)
{
    char ours[400], theirs[400];
    va_list ap;
    int a, b;

    va_start(ap, fmt);
    a = fmt_vsnprintf(ours, sizeof(ours), fmt, ap);
    va_end(ap);
    va_start(ap, fmt);
    b = vsnprintf(theirs, sizeof(theirs), fmt, ap);
    va_end(ap);
    if (a != b || strcmp(ours, theirs) != 0)
        fail_msg("%s: %d '%s', not %d '%s'", fmt, a, ours, b, theirs);
}

/* Every set of flags, some widths and precisions, every modifier, on numbers near every edge. */
static void integers(void **state)
{
    static const char *const sizes[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    static const char *const widths[] = {"", "1", "7", "30"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".5", ".25"};
    static const long long numbers[] = {0,       1,       -1,        7,         8,        -8,
                                        127,     128,     255,       -129,      32767,    65536,
                                        INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN, 123456789};
    (void)state;
    for (u32 flags = 0; flags < 32; flags++)
        for (u32 w = 0; w < ARRAY_SIZE(widths); w++)
            for (u32 p = 0; p < ARRAY_SIZE(precisions); p++)
                for (u32 z = 0; z < ARRAY_SIZE(sizes); z++)
                    for (const char *c = "dioxXu"; *c; c++)
                        for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
                            char fmt[40], *at = fmt;
                            at += sprintf(at, "<%%");
                            for (u32 f = 0; f < 5; f++)
                                if (flags & 1u << f)
                                    *at++ = "-+ #0"[f];
                            sprintf(at, "%s%s%s%c>", widths[w], precisions[p], sizes[z], *c);
                            same(fmt, numbers[i]);
                        }
}

static void text(void **state)
{
    (void)state;
    same("");
    same("plain");
    same("%%");
    same("100%% of %s", "it");
    same("[%s] [%10s] [%-10s] [%.2s] [%.0s] [%5.1s]", "text", "right", "left", "cut", "x", "yz");
    same("[%c] [%5c] [%-5c]", 'a', 'b', 'c');
    same("[%s] [%.3s]", NULL, "abcdef");
    same("[%*d] [%-*d] [%*d] [%.*d] [%.*d] [%.*s]", 6, 1, 6, 2, -6, 3, 4, 5, -4, 6, 2, "abc");
    same("%d %d %d %d %d %d %d %d %s", 1, 2, 3, 4, 5, 6, 7, 8, "on the stack");
}

static void pointers(void **state)
{
    char buf[40];

    (void)state;
    assert_int_equal(
        fmt_snprintf(buf, sizeof(buf), "%p %20p %p", (void *)0x12ab, (void *)0x34, NULL), 29);
    assert_string_equal(buf, "0x12ab                 0x34 0");
}

static void cut(void **state)
{
    char buf[8] = "........";

    (void)state;
    assert_int_equal(fmt_snprintf(buf, 5, "%s%d", "abc", 123), 6);
    assert_memory_equal(buf, "abc1\0...", 8);
    assert_int_equal(fmt_snprintf(NULL, 0, "%s", "abc"), 3);
    assert_int_equal(fmt_snprintf(buf, 1, "xyz"), 3);
    assert_memory_equal(buf, "\0bc1\0...", 8);
}

static void foreign(void **state)
{
    char buf[40];
    const char *volatile fmt = "%f %k %y%";

    (void)state;
    assert_int_equal(fmt_snprintf(buf, sizeof(buf), fmt), 9);
    assert_string_equal(buf, fmt);
}

static void too_much(void **state)
{
    char buf[4];
    const char *volatile fmts[] = {"%2147483648d", "%.99999999999999999999d", "%*d"};

    (void)state;
    for (u32 i = 0; i < 3; i++)
        assert_int_equal(fmt_snprintf(buf, sizeof(buf), fmts[i], INT_MIN, 1), -1);
}

static char collected[100];
static u32 n_flushes;

static void collect(struct fmt_out *o)
{
    strncat(collected, o->buf, o->used);
    o->used = 0;
    n_flushes++;
}

static int through(struct fmt_out *o, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_write(o, fmt, ap);
    va_end(ap);
    return n;
}

static void flushed(void **state)
{
    char buf[4];
    struct fmt_out o = {.buf = buf, .size = sizeof(buf), .flush = collect};

    (void)state;
    assert_int_equal(through(&o, "%s-%05d|", "abcdefgh", 42), 15);
    assert_int_equal(n_flushes, 3);
    collect(&o);
    assert_string_equal(collected, "abcdefgh-00042|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers), cmocka_unit_test(text),    cmocka_unit_test(pointers),
        cmocka_unit_test(cut),      cmocka_unit_test(foreign), cmocka_unit_test(too_much),
        cmocka_unit_test(flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
