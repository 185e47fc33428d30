/* abort(3): SIGABRT, 128 + 6, even when it is ignored; a handler runs first. */
/* want-status: 134 */
#include "check.h"

#include <signal.h>

static void on_abort(int sig)
{
    (void)sig;
    write(1, "handler\n", 8);
}

int main(void)
{
    signal(SIGABRT, on_abort);
    raise(SIGABRT);
    signal(SIGABRT, SIG_IGN);
    raise(SIGABRT);
    puts("ignored");
    fflush(stdout);
    abort();
}
