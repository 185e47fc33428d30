/* DESIGN D3: code cannot be written: SIGSEGV. */
/* want-status: 139 */
#include "check.h"

int main(void)
{
    unsigned char *volatile p = (unsigned char *)main;
    puts("before");
    fflush(stdout);
    *p = 0xc3;
    puts("after");
    return 0;
}
