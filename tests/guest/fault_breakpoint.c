/* signal(7): an int3 of the service's own is SIGTRAP, 128 + 5, not a keel call. */
/* want-status: 133 */
#include "check.h"

int main(void)
{
    puts("before");
    fflush(stdout);
    __asm__ volatile("int3" ::"a"(0), "b"(0), "c"(0), "d"(0));
    return 0;
}
