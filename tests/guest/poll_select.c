/* poll(2), select(2) on pipes: who is ready, the time limit, closed descriptors. */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <stdint.h>
#include <sys/select.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

int main(void)
{
    struct timespec none = {0, 0}, bad = {0, 1000000000};
    struct timeval tv = {0, 20000};
    int p[2], q[2];
    fd_set in, out;
    char c;

    CHECK(pipe(p) == 0 && pipe(q) == 0);
    struct pollfd fds[] = {
        {p[0], POLLIN, 9}, {p[1], POLLOUT, 9}, {-5, POLLIN, 9}, {q[0], POLLIN, 9}};
    CHECK_EQ(poll(fds, 4, 1000), 1);
    CHECK(!fds[0].revents && fds[1].revents == POLLOUT && !fds[2].revents && !fds[3].revents);
    CHECK_EQ(write(q[1], "x", 1), 1);
    CHECK_EQ(poll(fds, 4, -1), 2);
    CHECK_EQ(fds[3].revents, POLLIN);
    fds[3].events = POLLIN | POLLRDNORM | POLLOUT;
    CHECK_EQ(ppoll(fds + 3, 1, &none, NULL), 1);
    CHECK_EQ(fds[3].revents, POLLIN | POLLRDNORM);
    CHECK_ERRNO(ppoll(fds, 4, &bad, NULL), EINVAL);
    int64_t start = now_ms();
    CHECK_EQ(poll(fds, 1, 20), 0);
    CHECK_EQ(poll(NULL, 0, 20), 0);
    CHECK(now_ms() - start >= 39);
    fds[0].fd = 999;
    CHECK_EQ(poll(fds, 1, 1000), 1);
    CHECK_EQ(fds[0].revents, POLLNVAL);

    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(p[0], &in);
    FD_SET(q[0], &in);
    FD_SET(p[1], &out);
    CHECK_EQ(select(q[1] + 1, &in, &out, NULL, NULL), 2);
    CHECK(!FD_ISSET(p[0], &in) && FD_ISSET(q[0], &in) && FD_ISSET(p[1], &out));
    CHECK_EQ(read(q[0], &c, 1), 1);
    FD_SET(p[0], &in);
    FD_SET(q[0], &in);
    start = now_ms();
    CHECK_EQ(select(q[1] + 1, &in, NULL, NULL, &tv), 0);
    CHECK(now_ms() - start >= 19);
    CHECK(!FD_ISSET(p[0], &in) && !FD_ISSET(q[0], &in));
    close(q[1]);
    FD_SET(q[0], &in); /* end of file is readable */
    CHECK_EQ(pselect(q[0] + 1, &in, NULL, NULL, &none, NULL), 1);
    CHECK(FD_ISSET(q[0], &in));
    close(q[0]);
    CHECK_ERRNO(select(q[0] + 1, &in, NULL, NULL, NULL), EBADF);
    CHECK_ERRNO(select(-1, &in, NULL, NULL, NULL), EINVAL);

    close(p[0]);
    fds[1].fd = p[1];
    CHECK_EQ(poll(fds + 1, 1, 0), 1);
    CHECK_EQ(fds[1].revents, POLLOUT | POLLERR);
    return 0;
}
