/* The Internet checksum is that of RFC 1071, whatever the length, the alignment and the carries. */
/* sources: runtime/net/csum.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net/csum.h"

static u16 simple(const u8 *p, size_t len, u32 more)
{
    u64 s = more;

    for (size_t i = 0; i < len; i++)
        s += i & 1 ? (u32)p[i] << 8 : p[i];
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (u16)~s;
}

/* bytes of all kinds; those full of ones make every carry there is */
static void against_the_simple_way(void **state)
{
    u8 a[300], b[300];

    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rand() % 16, len = (size_t)rand() % 280,
               cut = len ? (size_t)rand() % len : 0;
        u32 more = (u32)rand() & 0x3ffff;
        for (size_t i = 0; i < sizeof(a); i++)
            a[i] = round % 3 ? (u8)(rand() >> 7) : (u8)(rand() % 8 ? 0xff : rand());
        u16 want = simple(a + at, len, more);
        assert_int_equal(csum_finish(csum_add(a + at, len) + more), want);
        assert_int_equal(csum_finish(csum_copy(b + 3, a + at, len) + more), want);
        assert_memory_equal(b + 3, a + at, len);
        u32 joined =
            csum_join((u32)csum_add(a + at, cut), cut, (u32)csum_add(a + at + cut, len - cut));
        assert_int_equal(csum_finish((u64)joined + more), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_the_simple_way)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
