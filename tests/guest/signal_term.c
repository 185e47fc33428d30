/* signal(7): SIGTERM's default ends the program: 128 + 15; exit handlers do not run. */
/* want-status: 143 */
#include "check.h"

#include <signal.h>

static void never(void)
{
    puts("exit handler");
}

int main(void)
{
    atexit(never);
    puts("before");
    fflush(stdout);
    kill(getpid(), SIGTERM);
    puts("after");
    return 0;
}
