/* socket(2): what the image was linked without is refused as what a kernel was built without. */
/* vm-only: a Linux machine has all of it */
#include "net.h"

#include <sys/syscall.h>

int main(void)
{
    volatile long number = SYS_socket; /* a constant would link all it might mean */
    int s = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(s >= 0);
    CHECK_ERRNO(syscall(number, AF_INET6, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERRNO(syscall(number, AF_INET, SOCK_DGRAM, 0), EPROTONOSUPPORT);
    CHECK_ERRNO(syscall(number, AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_EQ(syscall(number, AF_INET, SOCK_STREAM, 0), s + 1);
    return 0;
}
