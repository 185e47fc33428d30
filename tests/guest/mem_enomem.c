/* malloc(3), DESIGN D6: when memory is out the caller hears ENOMEM, and can go on with less. */
/* memory: 16M */
#include "check.h"

#include <sys/resource.h>

int main(void)
{
    /* As a Linux process the limit has to be made; a VM has no more than it was given. */
    struct rlimit limit = {.rlim_cur = 16u << 20, .rlim_max = 16u << 20};
    setrlimit(RLIMIT_AS, &limit);

    enum { PIECE = 100000, N = 400 };
    static char *piece[N];
    for (int round = 0; round < 3; round++) {
        int n = 0;
        errno = 0;
        while (n < N && (piece[n] = malloc(PIECE)))
            memset(piece[n++], round, PIECE);
        CHECK_EQ(errno, ENOMEM);
        CHECK(n >= 20 && n < N);
        printf("memory ended\n");
        while (n > 0)
            free(piece[--n]);
    }
    char *p = malloc(1 << 20);
    CHECK(p);
    CHECK(malloc((size_t)1 << 40) == NULL);
    CHECK_EQ(errno, ENOMEM);
    return 0;
}
