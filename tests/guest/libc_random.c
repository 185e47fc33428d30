/* getrandom(2), DESIGN issue 2: bytes are never all zero, never twice the same; long reads fill. */
#include "check.h"

#include <sys/random.h>

int main(void)
{
    static unsigned char a[65536], b[65536];
    unsigned count[256] = {0};
    CHECK_EQ(getrandom(a, 16, 0), 16);
    CHECK_EQ(getrandom(b, 16, 0), 16);
    CHECK(memcmp(a, b, 16) != 0);
    CHECK_EQ(getrandom(a, 256, GRND_NONBLOCK), 256);
    CHECK_EQ(getrandom(a, 0, 0), 0);
    size_t got = 0;
    while (got < sizeof a) {
        ssize_t n = getrandom(a + got, sizeof a - got, 0);
        CHECK(n > 0);
        got += (size_t)n;
    }
    CHECK_EQ(getentropy(b, 256), 0);
    CHECK(memcmp(a, b, 256) != 0);
    for (size_t i = 0; i < sizeof a; i++)
        count[a[i]]++;
    /* 256 expected of each; ten standard deviations are 160. */
    for (int i = 0; i < 256; i++)
        CHECK(count[i] > 96 && count[i] < 416);
    CHECK_ERRNO(getrandom(a, 1, 1 << 20), EINVAL);
    return 0;
}
