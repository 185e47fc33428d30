/* Intel SDM 3 §6.15: a non-canonical address is a general protection fault: SIGSEGV too. */
/* want-status: 139 */
#include "check.h"

int main(void)
{
    volatile long *volatile wild = (long *)0x8000123412341234;
    puts("before");
    fflush(stdout);
    return (int)*wild;
}
