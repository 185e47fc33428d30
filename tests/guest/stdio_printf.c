/* printf(3): every kind of conversion, and what it returns. */
#include "check.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

int main(void)
{
    int n = 0;
    CHECK_EQ(printf("%d %i %u %o %x %X %#x %#o\n", -1, 2, 3u, 8, 255, 255, 255, 8), 25);
    printf("[%5d] [%-5d] [%05d] [%+d] [% d] [%.3d] [%*d]\n", 42, 42, 42, 42, 42, 4, 6, 7);
    printf("%hhd %hd %ld %lld %zu %jd %td\n", (signed char)-1, (short)-2, -3l, -4ll, (size_t)5,
           (intmax_t)6, (ptrdiff_t)7);
    printf("%" PRIu64 " %" PRId64 "\n", UINT64_MAX, INT64_MIN);
    printf("[%s] [%10s] [%-10s] [%.2s] [%c] [%%]\n", "text", "right", "left", "cut off", 'c');
    printf("%f %.0f %.3f %e %g %g %g %a\n", 1.5, 2.5, -0.0005, 12345.678, 0.0001, 1e10, 1e-10, 1.0);
    printf("%f %F %g %Lf\n", INFINITY, -INFINITY, 0.1 + 0.2, 1.25L);
    printf("%.17g %.40f\n", 0.1, 0.1);
    printf("one%n two\n", &n);
    CHECK_EQ(n, 3);
    printf("%2$s %1$s\n", "world", "hello");
    char small[8];
    const char *volatile longer = "longer than eight";
    CHECK_EQ(snprintf(small, sizeof small, "%s", longer), 17);
    CHECK(strcmp(small, "longer ") == 0);
    CHECK_EQ(snprintf(NULL, 0, "%d", 12345), 5);
    int a, b;
    char word[16];
    CHECK_EQ(sscanf("10 0x20 word", "%d %i %15s", &a, &b, word), 3);
    printf("%d %d %s\n", a, b, word);
    return 0;
}
