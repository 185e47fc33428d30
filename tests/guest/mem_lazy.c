/* mmap(2), DESIGN D6: a large mapping costs memory only where it is touched. */
/* memory: 16M */
#include "check.h"

#include <stdint.h>
#include <sys/mman.h>

int main(void)
{
    const size_t len = 1u << 30;
    char *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED);
    for (size_t at = 0; at < len; at += len / 64) {
        CHECK_EQ(p[at + 100], 0);
        p[at + 100] = (char)(at >> 24);
    }
    for (size_t at = 0; at < len; at += len / 64)
        CHECK_EQ(p[at + 100], (char)(at >> 24));
    CHECK_EQ(munmap(p, len), 0);
    return 0;
}
