/* mmap(2), munmap(2): fresh pages are zero, parts can go, what is gone can be had again. */
/* memory: 16M */
#define _GNU_SOURCE
#include "check.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGE 4096

static char *map(size_t len)
{
    char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_EQ((uintptr_t)p % PAGE, 0);
    return p;
}

int main(void)
{
    /* 2 GB in all, 1 MB at a time: munmap() really frees. */
    for (int i = 0; i < 2000; i++) {
        char *p = map(1 << 20);
        CHECK_EQ(p[0] | p[12345] | p[(1 << 20) - 1], 0);
        memset(p, 0xaa, 1 << 20);
        CHECK_EQ(munmap(p, 1 << 20), 0);
    }
    /* A hole in the middle; both sides stay. */
    char *p = map(10 * PAGE);
    memset(p, 7, 10 * PAGE);
    CHECK_EQ(munmap(p + 3 * PAGE, 4 * PAGE), 0);
    CHECK_EQ(p[3 * PAGE - 1], 7);
    CHECK_EQ(p[7 * PAGE], 7);
    /* MAP_FIXED into the hole, over part of the right side: it is replaced. */
    char *q = mmap(p + 5 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(q == p + 5 * PAGE);
    CHECK_EQ(q[0] | q[2 * PAGE] | q[3 * PAGE - 1], 0);
    CHECK_EQ(p[8 * PAGE], 7);
    CHECK_EQ(munmap(p, 10 * PAGE), 0); /* over the rest of the hole too */
    CHECK_EQ(munmap(p, 10 * PAGE), 0); /* nothing there: no error */

    CHECK_ERRNO((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 987, 0), EBADF);
    CHECK_ERRNO(munmap((void *)123, PAGE), EINVAL);
    p = map(PAGE);
    CHECK_ERRNO(
        (long)mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        EEXIST);

    /* Less than a page is a page. */
    p = map(1);
    p[PAGE - 1] = 1;
    CHECK_EQ(munmap(p, 1), 0);
    return 0;
}
