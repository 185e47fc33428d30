/* malloc(3): blocks of all sizes keep what is in them, and freed memory is used again. */
/* memory: 16M */
#include "check.h"

#include <stdint.h>

enum { N = 400 };

static uint32_t seed = 1;

static uint32_t next(void)
{
    return seed = seed * 1664525 + 1013904223;
}

int main(void)
{
    static unsigned char *block[N];
    static size_t len[N];
    /* 40,000 steps hold about 2 MB at a time but allocate hundreds in all. */
    for (int step = 0; step < 40000; step++) {
        unsigned i = next() / 65536 % N;
        if (block[i]) {
            for (size_t k = 0; k < len[i]; k += 61)
                CHECK_EQ(block[i][k], (unsigned char)(i + len[i] + k));
            if (next() & 0x10000) {
                free(block[i]);
                block[i] = NULL;
                continue;
            }
        }
        size_t want = (size_t)1 << next() / 65536 % 15;
        want += next() / 65536 % want;
        unsigned char *p = realloc(block[i], want);
        CHECK(p);
        CHECK_EQ((uintptr_t)p % 16, 0);
        for (size_t k = 0; block[i] && k < len[i] && k < want; k += 61)
            CHECK_EQ(p[k], (unsigned char)(i + len[i] + k));
        block[i] = p;
        len[i] = want;
        for (size_t k = 0; k < want; k++)
            p[k] = (unsigned char)(i + want + k);
    }
    for (int i = 0; i < N; i++)
        free(block[i]);
    /* Large ones come and go: 400 MB in all. */
    for (int i = 0; i < 100; i++) {
        size_t n = 4u << 20;
        char *p = malloc(n);
        CHECK(p);
        p[0] = p[n - 1] = 1;
        free(p);
    }
    return 0;
}
