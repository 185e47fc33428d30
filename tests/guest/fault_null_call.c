/* DESIGN D3: a call through a NULL function pointer is SIGSEGV, not a restart of the machine. */
/* want-status: 139 */
#include "check.h"

static void (*volatile nothing)(void);

int main(void)
{
    puts("before");
    fflush(stdout);
    nothing();
    puts("after");
    return 0;
}
