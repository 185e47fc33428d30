/* read(2): standard input gives its bytes, then 0 at its end, as often as it is asked. */
/* stdin: $'first line\nsecond' */
#include "check.h"

#include <poll.h>

int main(void)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};
    char buf[100];
    long n, sum = 0;

    CHECK_EQ(poll(&p, 1, 10000), 1);
    while ((n = read(0, buf + sum, sizeof(buf) - (size_t)sum)) > 0)
        sum += n;
    CHECK_EQ(n, 0);
    CHECK_EQ(sum, 17);
    CHECK(!memcmp(buf, "first line\nsecond", 17));
    CHECK_EQ(read(0, buf, 1), 0);
    CHECK_EQ(poll(&p, 1, 10000), 1);
    return 0;
}
