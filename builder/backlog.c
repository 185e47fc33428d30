#define _GNU_SOURCE 1
#include "backlog.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg.h"
#include "text.h"
#include "vmspec.h"

#define BACKLOG 4096 /* the host cuts it to net.core.somaxconn */

/* Does this socket listen for one of the ports? */
static bool is_ours(int fd, const struct vmspec *vm)
{
    struct sockaddr_in addr = {0};
    struct in_addr ip;
    socklen_t len = sizeof(addr);

    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 || addr.sin_family != AF_INET)
        return false;
    for (size_t i = 0; i < vm->n_ports; i++)
        if (!vm->ports[i].is_udp && ntohs(addr.sin_port) == vm->ports[i].host &&
            inet_pton(AF_INET, vm->ports[i].host_ip, &ip) == 1 && ip.s_addr == addr.sin_addr.s_addr)
            return true;
    return false;
}

/* One descriptor of QEMU's. Returns 0 or -errno. */
static int widen(int pidfd, int number, const struct vmspec *vm)
{
    int fd = pidfd_getfd(pidfd, number, 0), err = 0;

    if (fd < 0)
        return -errno;
    if (is_ours(fd, vm) && listen(fd, BACKLOG) < 0)
        err = -errno;
    close(fd);
    return err;
}

static bool is_socket(int dir_fd, const char *name)
{
    static const char want[] = "socket:";
    char to[sizeof(want)];

    return readlinkat(dir_fd, name, to, sizeof(to)) >= (ssize_t)sizeof(want) - 1 &&
           memcmp(to, want, sizeof(want) - 1) == 0;
}

void backlog_widen(pid_t pid, const struct vmspec *vm)
{
    char *path = str_fmt("/proc/%d/fd", (int)pid);
    int pidfd = pidfd_open(pid, 0), err = pidfd < 0 ? -errno : 0;
    DIR *dir = opendir(path);

    if (!dir && !err)
        err = -errno;
    for (struct dirent *e; !err && (e = readdir(dir));)
        if (is_socket(dirfd(dir), e->d_name))
            err = widen(pidfd, atoi(e->d_name), vm);
    if (err)
        msg_verbose("connections to -p queue one by one: QEMU's sockets cannot be borrowed: %s",
                    strerror(-err));
    if (dir)
        closedir(dir);
    if (pidfd >= 0)
        close(pidfd);
    free(path);
}
