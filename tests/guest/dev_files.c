/* null(4), zero, full(4), random(4): the device files; umask(2). */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
    char a[32] = "x", b[32] = "y";
    struct stat st;
    int fd = open("/dev/null", O_RDWR);

    CHECK_EQ(write(fd, "abc", 3), 3);
    CHECK_EQ(read(fd, a, 3), 0);
    CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        CHECK(!a[i]);
    close(fd);
    fd = open("/dev/full", O_WRONLY);
    CHECK_ERRNO(write(fd, "x", 1), ENOSPC);
    close(fd);
    fd = open("/dev/urandom", O_RDONLY);
    CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
    CHECK_EQ(read(fd, b, sizeof(b)), sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)));
    close(fd);

    umask(027);
    CHECK_EQ(umask(077), 027);
    CHECK_EQ(close(open("/tmp/dev_files", O_CREAT | O_EXCL, 0777)), 0);
    CHECK(stat("/tmp/dev_files", &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK_EQ(unlink("/tmp/dev_files"), 0);

    FILE *f = fopen("/etc/hosts", "r"), *text = fopen("/proc/meminfo", "r");
    CHECK(f && fgets(a, sizeof(a), f));
    CHECK(text && fgets(a, sizeof(a), text) && !strncmp(a, "MemTotal:", 9));
    return 0;
}
