/* rename(2): what replaces what, and each errno; link(2) counts; an unlinked open file lives on. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

static void make(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, path, strlen(path)), (long)strlen(path));
    close(fd);
}

static long nlink_of(const char *path)
{
    struct stat st;
    CHECK_EQ(stat(path, &st), 0);
    return (long)st.st_nlink;
}

int main(void)
{
    char buf[20] = "";
    int fd;

    CHECK_EQ(mkdir("/tmp/rr", 0700), 0);
    CHECK_EQ(chdir("/tmp/rr"), 0);
    CHECK(mkdir("a", 0700) == 0 && mkdir("a/b", 0700) == 0 && mkdir("e", 0700) == 0);
    make("f");
    make("g");
    CHECK_ERRNO(rename("none", "x"), ENOENT);
    CHECK_ERRNO(rename("a", "a/b/c"), EINVAL);
    CHECK_ERRNO(rename("a/b", "a"), ENOTEMPTY);
    CHECK_ERRNO(rename("f", "a"), EISDIR);
    CHECK_ERRNO(rename("e", "f"), ENOTDIR);
    CHECK_ERRNO(rename("e", "a"), ENOTEMPTY);
    CHECK_ERRNO(rename("f", "x/"), ENOTDIR);
    CHECK_ERRNO(rename("f/", "x"), ENOTDIR);
    CHECK_ERRNO(rename(".", "x"), EBUSY);
    CHECK_ERRNO(rename("f", "a/.."), EBUSY);
    CHECK_ERRNO(rename("f", ""), ENOENT);
    CHECK_EQ(rename("f", "f"), 0);

    CHECK_EQ(link("f", "a/l"), 0);
    CHECK_EQ(nlink_of("f"), 2);
    CHECK_EQ(rename("f", "a/l"), 0); /* both names of one file stay */
    CHECK_EQ(nlink_of("f"), 2);
    CHECK_ERRNO(link("f", "g"), EEXIST);
    CHECK_ERRNO(link("a", "h"), EPERM);
    CHECK_EQ(unlink("a/l"), 0);

    fd = open("g", O_RDONLY);
    CHECK_EQ(rename("f", "g"), 0);
    CHECK_ERRNO(access("f", F_OK), ENOENT);
    CHECK(read(fd, buf, 20) == 1 && buf[0] == 'g'); /* the replaced file is still open */
    close(fd);
    fd = open("g", O_RDONLY);
    CHECK(read(fd, buf, 20) == 1 && buf[0] == 'f');

    CHECK_EQ(nlink_of("a"), 3);
    CHECK_EQ(rename("a/b", "e"), 0);
    CHECK_EQ(nlink_of("a"), 2);
    CHECK_EQ(unlink("g"), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_END), 1);
    close(fd);

    CHECK_ERRNO(unlink("a"), EISDIR);
    CHECK_ERRNO(rmdir("none"), ENOENT);
    make("a/f");
    CHECK_ERRNO(rmdir("a"), ENOTEMPTY);
    CHECK_ERRNO(rmdir("a/f"), ENOTDIR);
    CHECK_ERRNO(rmdir("a/."), EINVAL);
    CHECK_ERRNO(unlink("a/f/"), ENOTDIR);
    CHECK_EQ(unlinkat(AT_FDCWD, "a/f", 0), 0);
    CHECK(rmdir("a") == 0 && unlinkat(AT_FDCWD, "e", AT_REMOVEDIR) == 0);
    CHECK(chdir("/") == 0 && rmdir("/tmp/rr") == 0);
    return 0;
}
