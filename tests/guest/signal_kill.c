/* signal(7): SIGKILL cannot be caught, blocked or ignored: 128 + 9. */
/* want-status: 137 */
#include "check.h"

#include <signal.h>

int main(void)
{
    sigset_t all;
    sigfillset(&all);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &all, NULL), 0);
    CHECK(signal(SIGKILL, SIG_IGN) == SIG_ERR);
    raise(SIGKILL);
    return 0;
}
