/* syscall(2): a call by its number, of which nothing else in the program speaks. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

int main(void)
{
    unsigned char random[16] = {0};
    struct timespec ts = {0};
    int fd[2];
    char byte = 0;
    unsigned sum = 0;

    CHECK_EQ(syscall(SYS_gettid), syscall(SYS_getpid));
    CHECK_EQ(syscall(SYS_getrandom, random, sizeof random, 0), sizeof random);
    for (unsigned i = 0; i < sizeof random; i++)
        sum += random[i];
    CHECK(sum > 0);
    CHECK_EQ(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts), 0);
    CHECK(ts.tv_sec || ts.tv_nsec);
    CHECK_EQ(syscall(SYS_pipe2, fd, O_NONBLOCK), 0);
    CHECK_EQ(syscall(SYS_read, fd[0], &byte, 1), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(syscall(SYS_write, fd[1], "x", 1), 1);
    CHECK_EQ(syscall(SYS_read, fd[0], &byte, 1), 1);
    CHECK_EQ(byte, 'x');
    CHECK_EQ(syscall(SYS_close, 1000), -1);
    CHECK_EQ(errno, EBADF);
    volatile long number = 100000;
    CHECK_EQ(syscall(number), -1);
    CHECK_EQ(errno, ENOSYS);
    number = SYS_getpid;
    CHECK_EQ(syscall(number), syscall(SYS_getpid));
    return 0;
}
