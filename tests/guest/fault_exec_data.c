/* DESIGN D3: data cannot be executed: SIGSEGV. */
/* want-status: 139 */
#include "check.h"

static unsigned char code[16] = {0xb8, 7, 0, 0, 0, 0xc3}; /* mov $7, %eax; ret */

int main(void)
{
    int (*volatile f)(void) = (int (*)(void))code;
    puts("before");
    fflush(stdout);
    return f();
}
