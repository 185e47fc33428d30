/* path_resolution(7): ".", "..", links, slashes, lengths; the …at() calls; getcwd(2). */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
    char buf[300], name[300];
    struct stat a, b;
    int dir, fd;

    CHECK_EQ(mkdir("/tmp/pw", 0700), 0);
    CHECK_EQ(chdir("/tmp/pw"), 0);
    CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, "/tmp/pw"));
    CHECK_ERRNO(getcwd(buf, 7) ? 0 : -1, ERANGE);
    CHECK_EQ(mkdir("d/", 0700), 0);
    fd = open("d/f", O_CREAT | O_EXCL | O_RDWR, 0640);
    CHECK(fd >= 0 && fstat(fd, &a) == 0);
    CHECK(stat("/tmp/../tmp/./pw//d/../d/f", &b) == 0 && a.st_ino == b.st_ino);
    CHECK(S_ISREG(a.st_mode) && (a.st_mode & 0777) == 0640 && a.st_nlink == 1 && a.st_size == 0);
    CHECK_ERRNO(stat("", &b), ENOENT);
    CHECK_ERRNO(stat("d/none", &b), ENOENT);
    CHECK_ERRNO(stat("none/f", &b), ENOENT);
    CHECK_ERRNO(stat("d/f/", &b), ENOTDIR);
    CHECK_ERRNO(stat("d/f/x", &b), ENOTDIR);
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    CHECK_ERRNO(stat(name, &b), ENAMETOOLONG);

    CHECK_EQ(symlink("d/f", "rel"), 0);
    CHECK_EQ(symlink("/tmp/pw/d", "abs"), 0);
    CHECK_EQ(symlink("loop", "loop"), 0);
    CHECK_EQ(symlink("new", "dangling"), 0);
    CHECK(stat("rel", &b) == 0 && a.st_ino == b.st_ino);
    CHECK(stat("abs/f", &b) == 0 && a.st_ino == b.st_ino);
    CHECK(lstat("rel", &b) == 0 && S_ISLNK(b.st_mode) && b.st_size == 3);
    CHECK(lstat("abs/", &b) == 0 && S_ISDIR(b.st_mode));
    CHECK(readlink("rel", buf, 2) == 2 && !memcmp(buf, "d/", 2));
    CHECK_ERRNO(readlink("d", buf, 2), EINVAL);
    CHECK_ERRNO(stat("loop", &b), ELOOP);
    CHECK_ERRNO(open("rel", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERRNO(open("dangling", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK_ERRNO(mkdir("dangling", 0700), EEXIST);
    CHECK_EQ(close(open("dangling", O_CREAT | O_RDWR, 0600)), 0);
    CHECK_EQ(unlink("new"), 0);
    CHECK_ERRNO(symlink("", "x"), ENOENT);
    CHECK_ERRNO(symlink("x", "rel"), EEXIST);

    CHECK_ERRNO(open("d", O_WRONLY), EISDIR);
    CHECK_ERRNO(open("d", O_CREAT, 0600), EISDIR);
    CHECK_ERRNO(open("d/f", O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(open("x/", O_CREAT | O_RDWR, 0600), EISDIR);
    dir = open("d", O_RDONLY | O_DIRECTORY);
    CHECK_ERRNO(read(dir, buf, 1), EISDIR);
    CHECK_EQ(close(openat(dir, "f", O_RDONLY)), 0);
    CHECK_EQ(close(openat(dir, "../rel", O_RDONLY)), 0);
    CHECK_EQ(close(openat(999, "/tmp/pw/d/f", O_RDONLY)), 0);
    CHECK_ERRNO(openat(999, "f", O_RDONLY), EBADF);
    CHECK_ERRNO(openat(fd, "f", O_RDONLY), ENOTDIR);
    CHECK(fstatat(dir, "f", &b, 0) == 0 && a.st_ino == b.st_ino);
    CHECK(fstatat(fd, "", &b, AT_EMPTY_PATH) == 0 && a.st_ino == b.st_ino);
    CHECK_EQ(renameat(dir, "f", AT_FDCWD, "g"), 0);
    CHECK_EQ(linkat(AT_FDCWD, "g", dir, "h", 0), 0);
    CHECK_EQ(fchdir(dir), 0);
    CHECK(getcwd(buf, sizeof(buf)) && !strcmp(buf, "/tmp/pw/d"));
    CHECK_EQ(unlink("h"), 0);
    CHECK_EQ(chdir(".."), 0);
    CHECK_ERRNO(chdir("g"), ENOTDIR);
    CHECK_ERRNO(access("g", X_OK), EACCES);
    CHECK_EQ(chmod("g", 0755), 0);
    CHECK_EQ(access("g", R_OK | W_OK | X_OK), 0);

    CHECK(unlink("g") == 0 && unlink("rel") == 0 && unlink("abs") == 0);
    CHECK(unlink("loop") == 0 && unlink("dangling") == 0 && rmdir("d") == 0);
    CHECK(chdir("/") == 0 && rmdir("/tmp/pw") == 0);
    return 0;
}
