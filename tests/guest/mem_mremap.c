/* mremap(2): a mapping grows, moves and shrinks with its contents; the rest is zero. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/mman.h>

int main(void)
{
    const size_t page = 4096;
    char *p = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    memset(p, 9, 4 * page);
    for (size_t pages = 8; pages <= 256; pages *= 2) {
        p = mremap(p, pages / 2 * page, pages * page, MREMAP_MAYMOVE);
        CHECK(p != MAP_FAILED);
        CHECK_EQ(p[0], 9);
        CHECK_EQ(p[4 * page - 1], 9);
        CHECK_EQ(p[4 * page], 0);
        CHECK_EQ(p[pages * page - 1], 0);
    }
    char *same = mremap(p, 256 * page, 2 * page, 0);
    CHECK(same == p);
    CHECK_EQ(p[2 * page - 1], 9);
    CHECK_EQ(munmap(p, 2 * page), 0);

    /* A neighbour in the way: growing in place fails, moving works. */
    p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    p[0] = 3;
    CHECK_ERRNO((long)mremap(p, page, 2 * page, 0), ENOMEM);
    char *q = mremap(p, page, 2 * page, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && q != p);
    CHECK_EQ(q[0], 3);

    /* realloc() of large blocks stands on it. */
    char *r = NULL;
    for (size_t n = 1 << 17; n <= 1 << 21; n *= 2) {
        r = realloc(r, n);
        CHECK(r);
        if (n > 1 << 17)
            CHECK_EQ(r[n / 2 - 1], 4);
        r[n - 1] = 4;
    }
    free(r);
    return 0;
}
