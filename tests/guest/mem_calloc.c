/* calloc(3), posix_memalign(3): zeroed also when used again, aligned as asked, no overflow. */
#include "check.h"

#include <stdint.h>

int main(void)
{
    for (int round = 0; round < 50; round++) {
        char *p = calloc(1000, 37);
        CHECK(p);
        for (int i = 0; i < 37000; i++)
            CHECK_EQ(p[i], 0);
        memset(p, 0xff, 37000);
        free(p);
    }
    volatile size_t half = SIZE_MAX / 2, too_much = SIZE_MAX - 5;
    CHECK(calloc(half, 3) == NULL);
    CHECK_EQ(errno, ENOMEM);
    CHECK(malloc(too_much) == NULL);
    for (size_t align = 8; align <= 65536; align *= 2) {
        void *p;
        CHECK_EQ(posix_memalign(&p, align, 100), 0);
        CHECK_EQ((uintptr_t)p % align, 0);
        memset(p, 1, 100);
        free(p);
        p = aligned_alloc(align, align);
        CHECK(p && (uintptr_t)p % align == 0);
        free(p);
    }
    void *p;
    CHECK_EQ(posix_memalign(&p, 3, 100), EINVAL);
    free(NULL);
    return 0;
}
