/* DESIGN D3: page 0 is not mapped: a write through NULL ends the service with SIGSEGV, 128 + 11. */
/* want-status: 139 */
#include "check.h"

static int *volatile nowhere;

int main(void)
{
    puts("before");
    fflush(stdout);
    *nowhere = 1;
    puts("after");
    return 0;
}
