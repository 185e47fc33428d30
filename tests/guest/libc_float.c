/* strtod(3), math.h: reading is exact and rounds to nearest; functions agree to the last bit. */
#include "check.h"

#include <fenv.h>
#include <float.h>
#include <math.h>

int main(void)
{
    static const char *const text[] = {"0.1",
                                       "1e23",
                                       "2.2250738585072014e-308",
                                       "5e-324",
                                       "0x1.8p3",
                                       "1.7976931348623157e308",
                                       "1e400",
                                       "nan",
                                       "-inf",
                                       "123abc",
                                       "9007199254740993",
                                       ".5e-3x"};
    for (int i = 0; i < 12; i++) {
        char *end;
        double d = strtod(text[i], &end);
        printf("%a %.17g [%s]\n", d, d, end);
    }
    printf("%a %a %a\n", strtof("0.1", NULL), sqrt(2), exp(1));
    printf("%a %a %a %a\n", sin(1e6), cos(0.5), log(10), pow(1.0001, 10000));
    printf("%La %.20Lg\n", strtold("0.1", NULL), 1 / 3.0L);
    CHECK(isnan(NAN) && isinf(HUGE_VAL) && signbit(-0.0));
    CHECK(nextafter(1, 2) == 1 + DBL_EPSILON);
    volatile double one = 1, three = 3, big = DBL_MAX;
    feclearexcept(FE_ALL_EXCEPT);
    volatile double r = one / three;
    CHECK(fetestexcept(FE_INEXACT));
    r = big * big;
    CHECK(fetestexcept(FE_OVERFLOW));
    CHECK(isinf(r));
    fesetround(FE_UPWARD);
    volatile double up = one / three;
    fesetround(FE_DOWNWARD);
    volatile double low = one / three;
    fesetround(FE_TONEAREST);
    CHECK(up > low);
    printf("%ld %ld %g\n", lround(2.5), lrint(2.5), fma(2, 3, 4));
    return 0;
}
