/* epoll_ctl(2), epoll_wait(2): the errnos; and that a closed file is no longer watched. */
#include "check.h"

#include <fcntl.h>
#include <sys/epoll.h>

int main(void)
{
    struct epoll_event ev = {.events = EPOLLIN}, got[4];
    int p[2], ep = epoll_create1(0), other, copy, file;

    CHECK(pipe(p) == 0);
    CHECK_ERRNO(epoll_create1(1), EINVAL);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 999, &ev), EBADF);
    CHECK_ERRNO(epoll_ctl(999, EPOLL_CTL_ADD, p[0], &ev), EBADF);
    CHECK_ERRNO(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &ev), EINVAL);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev), EINVAL);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev), ENOENT);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL), ENOENT);
    CHECK_ERRNO(epoll_ctl(ep, 99, p[0], &ev), EINVAL);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), EEXIST);
    CHECK_ERRNO(epoll_wait(ep, got, 0, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(ep, got, -1, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(p[0], got, 1, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(999, got, 1, 0), EBADF);

    file = open("/tmp/epoll_errors", O_CREAT | O_RDWR, 0600);
    CHECK(file >= 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev), EPERM);
    CHECK_EQ(unlink("/tmp/epoll_errors"), 0);
    int null = open("/dev/null", O_RDWR);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, null, &ev), EPERM);

    /* Instances within each other are fine, in a circle they are not. */
    other = epoll_create1(0);
    CHECK_EQ(epoll_ctl(other, EPOLL_CTL_ADD, ep, &ev), 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, other, &ev), ELOOP);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(epoll_wait(other, got, 4, 0), 1);

    /* A duplicate keeps the file, and so the watch, alive. */
    copy = dup(p[0]);
    CHECK_EQ(close(p[0]), 0);
    CHECK_EQ(epoll_wait(ep, got, 4, 0), 1);
    CHECK_EQ(close(copy), 0);
    CHECK_EQ(epoll_wait(ep, got, 4, 0), 0);
    CHECK_EQ(epoll_wait(other, got, 4, 0), 0);
    return 0;
}
