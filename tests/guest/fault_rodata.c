/* DESIGN D3: constants cannot be written: SIGSEGV. */
/* want-status: 139 */
#include "check.h"

static const char text[] = "constant";

int main(void)
{
    char *volatile p = (char *)text;
    puts(p);
    fflush(stdout);
    *p = 'C';
    puts(p);
    return 0;
}
