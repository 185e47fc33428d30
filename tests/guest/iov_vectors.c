/* readv(2), preadv(2): vectors fill in order, sums are checked; writev(2) reaches stdout. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/uio.h>

#define PATH "/tmp/iov_vectors"

int main(void)
{
    char a[3], b[5], c[10];
    struct iovec out[] = {{"one ", 4}, {NULL, 0}, {"two", 3}, {"\n", 1}};
    struct iovec in[] = {{a, 3}, {NULL, 0}, {b, 5}, {c, 10}};
    int fd = open(PATH, O_CREAT | O_TRUNC | O_RDWR, 0600);

    CHECK_EQ(writev(1, out, 4), 8);
    CHECK_EQ(writev(1, out, 0), 0);
    CHECK_EQ(writev(fd, out, 4), 8);
    CHECK_EQ(pwritev(fd, out, 3, 5), 7);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
    CHECK_EQ(preadv(fd, in, 4, 0), 12);
    CHECK(!memcmp(a, "one", 3) && !memcmp(b, " tone", 5) && !memcmp(c, " two", 4));
    CHECK_EQ(lseek(fd, 1, SEEK_SET), 1);
    CHECK_EQ(readv(fd, in, 3), 8);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 9);
    CHECK_ERRNO(readv(fd, in, -1), EINVAL);
    CHECK_ERRNO(readv(fd, in, 1025), EINVAL);
    CHECK_ERRNO(preadv(fd, in, 4, -1), EINVAL);
    in[0].iov_len = (size_t)-1;
    CHECK_ERRNO(readv(fd, in, 3), EINVAL);
    CHECK_ERRNO(readv(999, in, 1), EBADF);
    CHECK_EQ(unlink(PATH), 0);
    return 0;
}
