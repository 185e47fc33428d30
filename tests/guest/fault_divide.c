/* signal(7): an integer division by zero is SIGFPE, 128 + 8. */
/* want-status: 136 */
#include "check.h"

int main(void)
{
    volatile int zero = 0, one = 1;
    puts("before");
    fflush(stdout);
    return one / zero;
}
