/* write(2): after close(1) output fails with EBADF, nothing worse; stderr goes on. */
/* want-status: 5 */
#include "check.h"

int main(void)
{
    CHECK_EQ(close(1), 0);
    if (write(1, "x", 1) != -1 || errno != EBADF)
        return 1;
    if (printf("lost\n") >= 0 && fflush(stdout) == 0)
        return 2;
    fputs("stderr goes on\n", stderr);
    return 5;
}
