/* signal(7): an undefined instruction is SIGILL, 128 + 4. */
/* want-status: 132 */
#include "check.h"

int main(void)
{
    puts("before");
    fflush(stdout);
    __asm__ volatile("ud2");
    return 0;
}
