/* The table of calls is sorted, so that each is found; each that matters has advice (calls.h). */
/* sources: builder/calls.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "calls.h"

static void sorted_and_found(void **state)
{
    const struct call *table = call_table();

    (void)state;
    for (size_t i = 0; table[i].name; i++) {
        if (i > 0)
            assert_true(strcmp(table[i - 1].name, table[i].name) < 0);
        assert_ptr_equal(call_find(table[i].name), &table[i]);
        assert_true(table[i].kind == CALL_HARMLESS || *table[i].instead);
    }
}

static void unknown_calls_fail(void **state)
{
    (void)state;
    assert_int_equal(call_find("no_such_call")->kind, CALL_FAILS);
    assert_true(*call_find("no_such_call")->instead);
    assert_int_equal(call_find("madvise")->kind, CALL_HARMLESS);
    assert_int_equal(call_find("fork")->kind, CALL_FAILS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_found),
        cmocka_unit_test(unknown_calls_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
