/* Without stock musl's hop over sendto(), which most services do not call. */
#include <sys/socket.h>
#include "syscall.h"

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	long r = __syscall_cp(SYS_sendto, fd, buf, len, flags, 0, 0);

	return r < 0 ? __syscall_ret(r) : r;
}
