/* madvise(2): after MADV_DONTNEED anonymous pages read as zero and their memory is free again. */
/* memory: 16M */
#define _DEFAULT_SOURCE
#include "check.h"

#include <sys/mman.h>

int main(void)
{
    const size_t len = 4u << 20;
    char *keep[8];
    for (int i = 0; i < 8; i++) {
        char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(p != MAP_FAILED);
        memset(p, i + 1, len);
        CHECK_EQ(madvise(p + 4096, len - 4096, MADV_DONTNEED), 0);
        keep[i] = p;
    }
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(keep[i][4095], i + 1);
        CHECK_EQ(keep[i][4096] | keep[i][len - 1], 0);
    }
    return 0;
}
