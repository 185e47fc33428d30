/* printf(3): a format that is a constant says what the same format says in a variable. */
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>

#pragma GCC diagnostic ignored "-Wformat" /* what is undefined in C shall be the same, too */

static char small[200], full[200];

/* The second call cannot see the format: the formatter of all of C11. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        int n_ = snprintf(small, sizeof small, __VA_ARGS__);                                       \
        CHECK_EQ(n_, unseen(__VA_ARGS__));                                                         \
        CHECK(strcmp(small, full) == 0);                                                           \
        CHECK_EQ(sprintf(small, __VA_ARGS__), n_);                                                 \
        CHECK(strcmp(small, full) == 0);                                                           \
        CHECK_EQ(printf(__VA_ARGS__), n_);                                                         \
        CHECK_EQ(fprintf(stdout, "%s", "\n"), 1);                                                  \
    } while (0)
#define unseen(...) ((snprintf_volatile)(full, sizeof full, __VA_ARGS__))

static int (*volatile snprintf_volatile)(char *, size_t, const char *, ...) = snprintf;

int main(void)
{
    void *volatile nowhere = NULL, *volatile somewhere = (void *)0x123456789abc;
    const char *volatile no_text = NULL;
    volatile size_t too_large = (size_t)INT_MAX + 1;
    int n;

    SAME("text alone");
    SAME("%d|%5d|%-5d|%05d|%+d|% d|%.3d|%*d|%-*d|", 42, 42, 42, 42, 42, 4, 6, 7, 3, 5, 1);
    SAME("%i %d %u %d", INT_MIN, INT_MAX, UINT_MAX, 0);
    SAME("%hhd %hhu %hd %hu", 300, 300, 70000, 70000);
    SAME("%ld %lu %lld %jd", LONG_MIN, ULONG_MAX, LLONG_MIN, INTMAX_MAX);
    SAME("%zu %td %" PRIu64 " %" PRIx32, (size_t)-1, (ptrdiff_t)-1, UINT64_MAX, UINT32_MAX);
    SAME("%x %X %#x %#X %o %#o %#o %#x", 255, 255, 255, 255, 8, 8, 0, 0);
    SAME("[%.0d] [%.0x] [%#.0o] [%5.0d] [%05.3d] [%-05d]", 0, 0, 0, 0, 7, 7);
    SAME("[%s] [%10s] [%-10s] [%.2s] [%.*s] [%s]", "text", "right", "left", "cut", 1, "by",
         no_text);
    SAME("[%c] [%3c] [%-3c] [%%] [%c]", 'a', 'b', 'c', 200);
    SAME("%p %p %20p %-20p %020p %.3p", nowhere, somewhere, somewhere, somewhere, somewhere,
         nowhere);
    SAME("%+05d %+.3d % 05d %-+5d| %+s", 1, 2, 3, 4, "x");
    SAME("%1$s", "numbered");
    SAME("%f", 0.5);
    CHECK_EQ(snprintf(small, 4, "%d%d", 123, 456), 6);
    CHECK(strcmp(small, "123") == 0);
    CHECK_EQ(snprintf(NULL, 0, "%s", "five!"), 5);
    CHECK_ERRNO(snprintf(small, too_large, "%d", 1), EOVERFLOW);
    CHECK_ERRNO(snprintf(small, sizeof small, "%*d%s", INT_MAX, 1, "more"), EOVERFLOW);
    n = fprintf(stderr, "%s", "");
    CHECK_EQ(n, 0);
    for (int i = 0; i < 40; i++) /* longer than any buffer on the way */
        CHECK_EQ(printf("%*d|%s\n", 40 * i, i, "some text behind it"), i ? 40 * i + 21 : 22);
    FILE *closed = fopen("/dev/null", "r");
    CHECK(closed);
    CHECK_EQ(fprintf(closed, "%d", 1), -1);
    CHECK(ferror(closed));
    return 0;
}
