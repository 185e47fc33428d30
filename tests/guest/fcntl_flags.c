/* fcntl(2): what F_GETFL and F_SETFL show and change; locks are granted; errnos. */
#include "check.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#define PATH "/tmp/fcntl_flags"

int main(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(PATH, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600), p[2], on = 1;

    CHECK(fd >= 0 && pipe(p) == 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_CREAT | O_TRUNC), O_WRONLY | O_APPEND);
    CHECK_EQ(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), 0); /* the access mode stays */
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    CHECK_ERRNO(read(fd, &on, 1), EBADF);
    CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(ioctl(fd, FIONCLEX), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    CHECK_ERRNO(fcntl(fd, 12345, 0), EINVAL);
    CHECK_ERRNO(fcntl(999, F_GETFL), EBADF);

    CHECK_EQ(ioctl(p[0], FIONBIO, &on), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY | O_NONBLOCK);
    CHECK_ERRNO(read(p[0], &on, 1), EAGAIN);
    on = 0;
    CHECK_EQ(ioctl(p[0], FIONBIO, &on), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    CHECK_ERRNO(ioctl(p[0], TIOCGWINSZ, &lock), ENOTTY);
    CHECK_ERRNO(ioctl(999, FIONBIO, &on), EBADF);

    CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0);
    lock.l_type = F_RDLCK;
    CHECK_EQ(fcntl(fd, F_GETLK, &lock), 0);
    CHECK_EQ(lock.l_type, F_UNLCK);
    CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
    CHECK_EQ(flock(fd, LOCK_UN), 0);
    CHECK_ERRNO(flock(fd, 77), EINVAL);
    CHECK_EQ(unlink(PATH), 0);

    CHECK_EQ(fsync(fd), 0);
    CHECK_ERRNO(fsync(p[0]), EINVAL);
    CHECK_ERRNO(fsync(999), EBADF);
    return 0;
}
