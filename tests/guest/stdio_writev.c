/* writev(2): several vectors to the console are one text, empty ones included. */
#include "check.h"

#include <sys/uio.h>

int main(void)
{
    struct iovec iov[] = {{"one ", 4}, {"", 0}, {"two ", 4}, {NULL, 0}, {"three\n", 6}};
    CHECK_EQ(writev(1, iov, 5), 14);
    CHECK_EQ(writev(2, iov, 3), 8);
    CHECK_EQ(writev(1, iov + 4, 1), 6);
    CHECK_EQ(write(1, "", 0), 0);
    CHECK_ERRNO(writev(1, iov, -1), EINVAL);
    CHECK_ERRNO(writev(1, iov, 1025), EINVAL);
    CHECK_ERRNO(writev(987, iov, 1), EBADF);
    return 0;
}
