/* gcc -fstack-protector-strong: a smashed frame ends the service; musl does so by hlt, SIGSEGV. */
/* want-status: 139 */
#include "check.h"

static __attribute__((noinline)) void fill(char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((volatile char *)p)[i] = 'A';
}

static __attribute__((noinline)) int victim(volatile size_t len)
{
    char name[16];
    fill(name, len);
    return name[3];
}

int main(void)
{
    printf("%d\n", victim(16));
    fflush(stdout);
    printf("%d\n", victim(40));
    return 0;
}
