/* unix(7): SCM_RIGHTS passes descriptors, SCM_CREDENTIALS tells who sent; cycles do not leak. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static long give(int via, const int *fds, int n, const char *text)
{
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(10 * sizeof(int))];
    } ctl = {0};
    struct iovec iov = {(void *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl};
    m.msg_controllen = CMSG_SPACE(n * sizeof(int));
    ctl.h.cmsg_level = SOL_SOCKET;
    ctl.h.cmsg_type = SCM_RIGHTS;
    ctl.h.cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(&ctl.h), fds, n * sizeof(int));
    return sendmsg(via, &m, MSG_NOSIGNAL);
}

/* How many descriptors came; msg_flags in @flags. */
static int take(int via, int *fds, int room, char *text, int *flags)
{
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(10 * sizeof(int))];
    } ctl = {0};
    struct iovec iov = {text, 10};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl};
    m.msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0;
    ssize_t n = recvmsg(via, &m, MSG_CMSG_CLOEXEC);
    CHECK(n >= 0);
    text[n] = 0;
    *flags = m.msg_flags & (MSG_CTRUNC | MSG_TRUNC);
    if (!m.msg_controllen)
        return 0;
    CHECK_EQ(ctl.h.cmsg_type, SCM_RIGHTS);
    n = (ctl.h.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(&ctl.h), n * sizeof(int));
    return (int)n;
}

int main(void)
{
    int s[2], p[2], fds[10], flags, on = 1, bad = 999;
    char text[20];

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(give(s[0], p, 2, "ab"), 2);
    CHECK_EQ(write(s[0], "cd", 2), 2);
    close(p[0]);
    CHECK_EQ(take(s[1], fds, 10, text, &flags), 2);
    CHECK(!strcmp(text, "ab")); /* bytes behind descriptors come by themselves */
    CHECK_EQ(flags, 0);
    CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(read(fds[0], text, 10), 1);
    CHECK_EQ(take(s[1], fds, 10, text, &flags), 0);
    CHECK(!strcmp(text, "cd"));
    CHECK_ERRNO(give(s[0], &bad, 1, "x"), EBADF);

    int three[3] = {0, 1, 2}; /* room for fewer */
    CHECK_EQ(give(s[0], three, 3, "x"), 1);
    CHECK_EQ(take(s[1], fds, 2, text, &flags), 2);
    CHECK_EQ(flags, MSG_CTRUNC);
    CHECK_EQ(give(s[0], three, 3, "x"), 1);
    CHECK_EQ(take(s[1], fds, 0, text, &flags), 0);
    CHECK_EQ(flags, MSG_CTRUNC);
    CHECK_EQ(give(s[0], three, 1, "x"), 1); /* read(2) drops them */
    CHECK_EQ(read(s[1], text, 10), 1);

    CHECK_EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    CHECK_EQ(write(s[0], "me", 2), 2);
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } ctl = {0};
    struct iovec iov = {text, 10};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl};
    CHECK_EQ(recvmsg(s[1], &m, 0), 2);
    CHECK_EQ(ctl.h.cmsg_type, SCM_CREDENTIALS);
    CHECK_EQ(ctl.h.cmsg_len, CMSG_LEN(sizeof(struct ucred)));
    CHECK_EQ(((struct ucred *)(void *)CMSG_DATA(&ctl.h))->pid, getpid());

    /* A user may have RLIMIT_NOFILE of them under way, and Linux collects in its own time. */
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);

    /* Sockets in each other's queues and nowhere else: without collecting, what they hold stays. */
    for (int i = 0; i < 2000; i++) {
        int a[2], b[2];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, a), 0);
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
        CHECK_EQ(give(a[0], b, 2, "b"), 1);
        CHECK_EQ(give(b[0], a, 2, "a"), 1);
        if (!i) /* and the pipe's writing end: seen to close */
            CHECK_EQ(give(a[1], &p[1], 1, "p"), 1);
        close(a[0]);
        close(a[1]);
        close(b[0]);
        close(b[1]);
    }
    /* What can still be reached is not collected. */
    int a[2], b[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    CHECK_EQ(write(b[1], "kept", 4), 4);
    CHECK_EQ(give(a[0], b, 1, "b"), 1);
    close(b[0]);
    close(b[1]);
    close(a[0]);
    CHECK_EQ(take(a[1], fds, 10, text, &flags), 1);
    CHECK_EQ(read(fds[0], text, 10), 4);
    return 0;
}
