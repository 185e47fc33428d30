#include "sys/install.h"

long install(struct file *f, bool cloexec)
{
    int fd = fd_install(f, 0, cloexec);

    if (fd < 0)
        file_put(f);
    return fd;
}

long install_pair(struct file *a, struct file *b, bool cloexec, int fds[2])
{
    long fd_a = install(a, cloexec), fd_b;

    if (fd_a < 0) {
        file_put(b);
        return fd_a;
    }
    fd_b = install(b, cloexec);
    if (fd_b < 0) {
        fd_close((int)fd_a);
        return fd_b;
    }
    fds[0] = (int)fd_a;
    fds[1] = (int)fd_b;
    return 0;
}
