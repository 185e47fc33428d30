/* open(2), lseek(2), ftruncate(2), readdir(3), sendfile(2): files in /tmp, with holes. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define DIR_PATH "/tmp/rf"

static char buf[100000], back[100000];

int main(void)
{
    struct timespec times[2] = {{1000000000, 5}, {0, UTIME_OMIT}};
    struct stat st, before;
    off_t at = 10;
    int fd, p[2], n = 0;

    CHECK_EQ(mkdir(DIR_PATH, 0700), 0);
    fd = open(DIR_PATH "/f", O_CREAT | O_RDWR, 0666);
    for (size_t i = 0; i < sizeof(buf); i++)
        buf[i] = (char)(i * 31 + i / 4096);
    CHECK_EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
    CHECK_EQ(pread(fd, back, sizeof(back), 0), sizeof(back));
    CHECK(!memcmp(buf, back, sizeof(buf)));
    CHECK_EQ(pread(fd, back, 100, sizeof(buf) - 10), 10);
    CHECK_EQ(pread(fd, back, 100, sizeof(buf)), 0);
    CHECK_EQ(lseek(fd, 5000000, SEEK_SET), 5000000);
    CHECK_EQ(write(fd, "end", 3), 3);
    CHECK(fstat(fd, &st) == 0 && st.st_size == 5000003 && st.st_blocks < 2000);
    CHECK(pread(fd, back, 3, 4999999) == 3 && !memcmp(back, "\0en", 3));
    CHECK_EQ(ftruncate(fd, 3), 0);
    CHECK_EQ(ftruncate(fd, 6), 0);
    CHECK_EQ(pread(fd, back, 100, 0), 6);
    CHECK(!memcmp(back, buf, 3) && !memcmp(back + 3, "\0\0\0", 3));
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERRNO(lseek(fd, 0, 99), EINVAL);
    CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
    CHECK_ERRNO(pread(fd, back, 1, -1), EINVAL);
    CHECK_EQ(pwrite(fd, "0123456789abcdef", 16, 0), 16);
    close(fd);

    fd = open(DIR_PATH "/f", O_WRONLY | O_APPEND);
    CHECK_EQ(write(fd, "gh", 2), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 18);
    CHECK_ERRNO(read(fd, back, 1), EBADF);
    close(fd);
    fd = open(DIR_PATH "/f", O_RDONLY);
    CHECK_ERRNO(write(fd, back, 1), EBADF);
    CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(sendfile(p[1], fd, &at, 4), 4);
    CHECK(at == 14 && read(p[0], back, 100) == 4 && !memcmp(back, "abcd", 4));
    CHECK_EQ(sendfile(p[1], fd, NULL, 1000), 18);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 18);
    CHECK_EQ(read(p[0], back, 100), 18);
    CHECK_ERRNO(sendfile(p[1], p[0], NULL, 1), EINVAL);

    CHECK_EQ(fstat(fd, &before), 0);
    CHECK_EQ(futimens(fd, times), 0);
    CHECK_EQ(fstat(fd, &st), 0);
    CHECK(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 5);
    CHECK(st.st_mtim.tv_sec == before.st_mtim.tv_sec &&
          st.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    close(fd);
    CHECK_EQ(close(open(DIR_PATH "/f", O_WRONLY | O_TRUNC)), 0);
    CHECK(stat(DIR_PATH "/f", &st) == 0 && st.st_size == 0 && st.st_blocks == 0);
    CHECK_EQ(truncate(DIR_PATH "/f", 7), 0);
    CHECK(stat(DIR_PATH "/f", &st) == 0 && st.st_size == 7);
    CHECK_ERRNO(truncate(DIR_PATH, 7), EISDIR);

    for (int i = 0; i < 50; i++) {
        snprintf(buf, sizeof(buf), DIR_PATH "/%d", i);
        CHECK_EQ(close(open(buf, O_CREAT | O_EXCL, 0600)), 0);
    }
    DIR *dir = opendir(DIR_PATH);
    for (struct dirent *e; (e = readdir(dir)); n++) {
        if (e->d_name[0] == '.')
            continue;
        CHECK_EQ(e->d_type, DT_REG);
        CHECK_EQ(unlinkat(dirfd(dir), e->d_name, 0), 0);
    }
    CHECK_EQ(n, 53);
    closedir(dir);
    CHECK_EQ(rmdir(DIR_PATH), 0);

    FILE *f = tmpfile();
    CHECK(f && fprintf(f, "%d\n", 42) == 3 && fseek(f, 0, SEEK_SET) == 0);
    CHECK(fscanf(f, "%d", &n) == 1 && n == 42);
    fclose(f);
    return 0;
}
