/* atexit(3): handlers run last registered first, may add more; then destructors, then buffers. */
/* want-status: 3 */
#include "check.h"

static void third(void)
{
    puts("third");
}

static void second(void)
{
    puts("second");
    atexit(third);
}

static void fourth(void)
{
    puts("fourth");
}

static __attribute__((destructor)) void last(void)
{
    printf("destructor, then what is buffered");
}

static __attribute__((constructor)) void before_main(void)
{
    puts("constructor");
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 4096);
    atexit(fourth);
    atexit(second);
    for (int i = 0; i < 3; i++)
        puts("first");
    exit(3);
}
