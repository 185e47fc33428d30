#include "sys/sys.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/unix.h"
#include "sys/install.h"

long uk_socketpair(int domain, int type, int protocol, int fds[2])
{
    struct file *a, *b;
    int err;

    if (type & ~(0xf | SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    if (domain == AF_INET || domain == AF_INET6)
        return -EOPNOTSUPP;
    if (domain != AF_UNIX)
        return -EAFNOSUPPORT;
    if (!fds)
        return -EFAULT;
    err = unix_pair(type & ~SOCK_CLOEXEC, protocol, &a, &b);
    return err ? err : install_pair(a, b, type & SOCK_CLOEXEC, fds);
}
