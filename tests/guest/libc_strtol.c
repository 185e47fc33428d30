/* strtol(3), strtoul(3): every base, where they stop, and what they say of numbers too large. */
#include "check.h"

#include <inttypes.h>
#include <limits.h>

static void is_long(const char *text, int base, long want, int used, int want_errno)
{
    char *end = NULL;

    errno = 0;
    CHECK_EQ(strtol(text, &end, base), want);
    CHECK_EQ(errno, want_errno);
    CHECK_EQ(end - text, used);
    CHECK_EQ(strtoll(text, NULL, base), want);
    CHECK_EQ(strtoimax(text, NULL, base), want);
}

static void is_ulong(const char *text, int base, unsigned long want, int used, int want_errno)
{
    char *end = NULL;

    errno = 0;
    CHECK(strtoul(text, &end, base) == want);
    CHECK_EQ(errno, want_errno);
    CHECK_EQ(end - text, used);
    CHECK(strtoull(text, NULL, base) == want);
    CHECK(strtoumax(text, NULL, base) == want);
}

/* As a Linux process this is libc's own scanner of streams. */
static void as_scanf(const char *text)
{
    long a = 0, b = 0;
    int n = sscanf(text, "%li", &a);

    if (n == 1) {
        b = strtol(text, NULL, 0);
        CHECK_EQ(a, b);
    }
}

int main(void)
{
    is_long("42", 10, 42, 2, 0);
    is_long(" \t\n\v\f\r-42x", 10, -42, 9, 0);
    is_long("+7", 0, 7, 2, 0);
    is_long("", 10, 0, 0, EINVAL);
    is_long("  ", 10, 0, 0, EINVAL);
    is_long("-", 10, 0, 0, EINVAL);
    is_long("+-1", 10, 0, 0, EINVAL);
    is_long("x", 16, 0, 0, EINVAL);
    is_long("0x1F", 0, 31, 4, 0);
    is_long("0x1f", 16, 31, 4, 0);
    is_long("0X", 16, 0, 1, 0);
    is_long("0xg", 0, 0, 1, 0);
    is_long("-0x10", 16, -16, 5, 0);
    is_long("0755", 0, 493, 4, 0);
    is_long("08", 0, 0, 1, 0);
    is_long("102", 2, 2, 2, 0);
    is_long("zZ", 36, 35 * 36 + 35, 2, 0);
    is_long("1", 1, 0, 0, EINVAL);
    is_long("1", 37, 0, 0, EINVAL);
    is_long("1", -10, 0, 0, EINVAL);
    is_long("9223372036854775807", 10, LONG_MAX, 19, 0);
    is_long("9223372036854775808", 10, LONG_MAX, 19, ERANGE);
    is_long("-9223372036854775808", 10, LONG_MIN, 20, 0);
    is_long("-9223372036854775809", 10, LONG_MIN, 20, ERANGE);
    is_long("99999999999999999999999", 10, LONG_MAX, 23, ERANGE);
    is_long("-18446744073709551617", 10, LONG_MIN, 21, ERANGE);
    is_ulong("18446744073709551615", 10, ULONG_MAX, 20, 0);
    is_ulong("18446744073709551616", 10, ULONG_MAX, 20, ERANGE);
    is_ulong("36893488147419103232", 10, ULONG_MAX, 20, ERANGE);
    is_ulong("-18446744073709551616", 10, ULONG_MAX, 21, ERANGE);
    is_ulong("-1", 10, ULONG_MAX, 2, 0);
    is_ulong("ffffffffffffffff", 16, ULONG_MAX, 16, 0);
    is_ulong("10000000000000000", 16, ULONG_MAX, 17, ERANGE);
    const char *const texts[] = {"12", "-0x7f", "077", "+0", "-9223372036854775808", "0x", "089"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        as_scanf(texts[i]);
    CHECK_EQ(atoi("-12x"), -12);
    CHECK_EQ(atol(" 34"), 34);
    return 0;
}
