/* SHA-256 of the examples of FIPS 180-4 (NIST's example values), in one piece and in many. */
/* sources: builder/sha256.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sha256.h"

static void check(const char *text, size_t times, size_t step, const char *want)
{
    struct sha256 s;
    uint8_t sum[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];

    sha256_init(&s);
    for (size_t n = 0; n < times; n++)
        for (size_t i = 0; i < strlen(text); i += step) {
            size_t left = strlen(text) - i;
            sha256_add(&s, text + i, left < step ? left : step);
        }
    sha256_end(&s, sum);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    assert_string_equal(hex, want);
}

static void published_examples(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char two_sum[] =
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

    (void)state;
    check("", 1, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 1, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t step = 1; step <= sizeof(two_blocks); step++)
        check(two_blocks, 1, step, two_sum);
    check("aaaaaaaaaa", 100000, 7,
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
