/* pipe(7): writes of up to PIPE_BUF bytes are whole or not at all; capacity, end of file, EPIPE. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static char buf[70000];

int main(void)
{
    struct stat st;
    long filled = 0, n;
    int p[2], left;

    CHECK_ERRNO(pipe2(p, 1), EINVAL);
    CHECK_EQ(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    CHECK(fcntl(p[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
    CHECK_ERRNO(read(p[0], buf, 1), EAGAIN);
    CHECK_ERRNO(write(p[0], buf, 1), EBADF);
    CHECK_ERRNO(read(p[1], buf, 1), EBADF);
    CHECK_ERRNO(lseek(p[0], 0, SEEK_SET), ESPIPE);
    CHECK_ERRNO(pread(p[0], buf, 1, 0), ESPIPE);
    CHECK(fstat(p[0], &st) == 0 && S_ISFIFO(st.st_mode));

    CHECK_EQ(fcntl(p[0], F_GETPIPE_SZ), 65536);
    while ((n = write(p[1], buf, PIPE_BUF)) > 0) {
        CHECK_EQ(n, PIPE_BUF);
        filled += n;
    }
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(filled, 65536);
    CHECK(ioctl(p[0], FIONREAD, &left) == 0 && left == 65536);
    CHECK_EQ(read(p[0], buf, 4096), 4096);
    CHECK_ERRNO(write(p[1], buf, PIPE_BUF) < 0 || write(p[1], buf, PIPE_BUF) < 0 ? -1 : 0, EAGAIN);
    CHECK_EQ(read(p[0], buf, sizeof(buf)), 65536);

    CHECK_EQ(write(p[1], buf, sizeof(buf)), 65536); /* more than PIPE_BUF may be cut */
    CHECK_EQ(read(p[0], buf, sizeof(buf)), 65536);

    CHECK_EQ(write(p[1], "end", 3), 3);
    CHECK_EQ(close(p[1]), 0);
    CHECK_EQ(read(p[0], buf, 10), 3);
    CHECK_EQ(read(p[0], buf, 10), 0);
    CHECK_EQ(read(p[0], buf, 10), 0);
    close(p[0]);

    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(pipe(p), 0);
    close(p[0]);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    return 0;
}
