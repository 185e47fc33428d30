/* time(2), gettimeofday(2): wall time is that of this century, and all calls agree on it. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/time.h>
#include <time.h>

int main(void)
{
    struct timespec ts;
    struct timeval tv;
    CHECK_EQ(clock_gettime(CLOCK_REALTIME, &ts), 0);
    time_t now = time(NULL);
    CHECK_EQ(gettimeofday(&tv, NULL), 0);
    CHECK(ts.tv_sec > 1700000000); /* November 2023 */
    CHECK(ts.tv_sec < 4102444800); /* the year 2100 */
    CHECK(now == ts.tv_sec || now == ts.tv_sec + 1);
    CHECK(tv.tv_sec == now || tv.tv_sec == now + 1);
    CHECK(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
    struct tm tm;
    CHECK(gmtime_r(&now, &tm));
    CHECK(tm.tm_year + 1900 >= 2023);

    /* The calendar itself, which needs no clock */
    time_t t = 951782400;
    char text[64];
    CHECK(strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %j %a", gmtime(&t)));
    puts(text);
    struct tm utc = {.tm_year = 100, .tm_mon = 1, .tm_mday = 30};
    printf("%ld\n", (long)timegm(&utc));
    return 0;
}
