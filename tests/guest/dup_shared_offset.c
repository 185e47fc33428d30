/* dup(2): a duplicate shares position and status flags; open(2) again shares nothing. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>

#define PATH "/tmp/dup_shared_offset"

int main(void)
{
    struct rlimit limit;
    char buf[4] = "";
    int a = open(PATH, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600), b = dup(a), c, d;

    CHECK(a >= 0 && b == a + 1);
    CHECK_EQ(write(a, "abcdef", 6), 6);
    CHECK_EQ(lseek(b, 0, SEEK_CUR), 6);
    CHECK_EQ(lseek(b, 2, SEEK_SET), 2);
    CHECK(read(a, buf, 2) == 2 && !memcmp(buf, "cd", 2));
    CHECK_EQ(lseek(b, 0, SEEK_CUR), 4);
    CHECK_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(b, F_GETFD), 0);
    CHECK_EQ(fcntl(b, F_SETFL, O_APPEND), 0);
    CHECK(fcntl(a, F_GETFL) & O_APPEND);

    c = open(PATH, O_RDONLY);
    CHECK_EQ(lseek(c, 0, SEEK_CUR), 0);
    CHECK(!(fcntl(c, F_GETFL) & O_APPEND));
    close(a);
    CHECK_EQ(write(b, "gh", 2), 2);

    CHECK_EQ(dup2(b, b), b);
    CHECK_ERRNO(dup2(a, a), EBADF);
    CHECK_ERRNO(dup2(a, b), EBADF);
    CHECK_ERRNO(dup2(b, -1), EBADF);
    CHECK_ERRNO(dup3(b, b, 0), EINVAL);
    CHECK_EQ(dup3(b, c, O_CLOEXEC), c); /* closes what c was */
    CHECK_EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(lseek(c, 0, SEEK_CUR), 8);
    CHECK_EQ(fcntl(b, F_DUPFD, 200), 200);
    CHECK_EQ(fcntl(b, F_DUPFD_CLOEXEC, 200), 201);
    CHECK_EQ(fcntl(201, F_GETFD), FD_CLOEXEC);

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 210;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_ERRNO(fcntl(b, F_DUPFD, 210), EINVAL);
    CHECK_ERRNO(dup2(b, 210), EBADF);
    while ((d = dup(b)) >= 0)
        CHECK(d < 210);
    CHECK_EQ(errno, EMFILE);
    CHECK_ERRNO(open(PATH, O_RDONLY), EMFILE);
    close(77);
    CHECK_EQ(dup(b), 77);
    CHECK_EQ(unlink(PATH), 0);
    return 0;
}
