/* mmap(2): a shared mapping of a file is the file, for whoever reads, writes or maps it. */
/* memory: 16M */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096

static char *map(int fd, size_t len, int prot, off_t off)
{
    char *p = mmap(NULL, len, prot, MAP_SHARED, fd, off);

    CHECK(p != MAP_FAILED);
    return p;
}

static int file_new(const char *path, off_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0 && ftruncate(fd, size) == 0);
    return fd;
}

static void sees_what_others_write(void)
{
    int fd = file_new("/tmp/shared", 3 * PAGE + 100), ro;
    char *p = map(fd, 3 * PAGE + 100, PROT_READ | PROT_WRITE, 0), *q, *r, buf[16];
    struct stat st;

    CHECK(p[0] == 0 && p[3 * PAGE + 99] == 0);
    memcpy(p + PAGE - 3, "border", 6);
    CHECK(pread(fd, buf, 6, PAGE - 3) == 6 && !memcmp(buf, "border", 6));
    CHECK_EQ(pwrite(fd, "written", 7, 2 * PAGE), 7);
    CHECK(!memcmp(p + 2 * PAGE, "written", 7));
    q = map(fd, PAGE, PROT_READ, 2 * PAGE);
    CHECK(q != p + 2 * PAGE && !memcmp(q, "written", 7));
    p[2 * PAGE] = 'W';
    CHECK_EQ(q[0], 'W');

    /* Private: what it changes is its own. */
    r = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 2 * PAGE);
    CHECK(r != MAP_FAILED && r[0] == 'W');
    r[0] = 'p';
    CHECK_EQ(q[0], 'W');

    /* Neither descriptor nor name is needed any more. */
    ro = open("/tmp/shared", O_RDONLY);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(unlink("/tmp/shared"), 0);
    p[0] = 'x';
    CHECK(pread(ro, buf, 1, 0) == 1 && buf[0] == 'x');
    CHECK_EQ(msync(p, PAGE, MS_SYNC), 0);
    CHECK(fstat(ro, &st) == 0 && st.st_size == 3 * PAGE + 100);
    CHECK_EQ(munmap(p, 3 * PAGE + 100), 0);
    CHECK(!memcmp(q, "Written", 7));
    CHECK(pread(ro, buf, 1, 0) == 1 && buf[0] == 'x');
    CHECK_EQ(munmap(q, PAGE), 0);
    CHECK_EQ(munmap(r, PAGE), 0);
    close(ro);
}

static void grows_and_shrinks(void)
{
    int fd = file_new("/tmp/grows", PAGE);
    char *p = map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, 0);

    memset(p, 'a', PAGE);
    CHECK_EQ(ftruncate(fd, 4 * PAGE), 0);
    CHECK_EQ(p[3 * PAGE], 0);
    memset(p, 'b', 4 * PAGE);
    CHECK_EQ(ftruncate(fd, PAGE + 10), 0);
    CHECK_EQ(ftruncate(fd, 4 * PAGE), 0);
    CHECK(p[PAGE + 9] == 'b' && p[PAGE + 10] == 0 && p[2 * PAGE] == 0 && p[4 * PAGE - 1] == 0);
    CHECK_EQ(ftruncate(fd, 0), 0);
    CHECK_EQ(pwrite(fd, "new", 3, 3 * PAGE), 3);
    CHECK(p[0] == 0 && !memcmp(p + 3 * PAGE, "new", 3));

    /* Parts of it: unmapped, protected, dropped, mapped over. */
    CHECK_EQ(ftruncate(fd, 4 * PAGE), 0);
    for (int i = 0; i < 4; i++)
        p[i * PAGE] = (char)('0' + i);
    CHECK_EQ(munmap(p + PAGE, PAGE), 0);
    CHECK_EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
    CHECK_EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
    CHECK(p[0] == '0' && p[2 * PAGE] == '2' && p[3 * PAGE] == '3');
    CHECK(mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 3 * PAGE) == p + PAGE);
    CHECK_EQ(p[PAGE], '3');
    CHECK_EQ(munmap(p, 4 * PAGE), 0);

    p = map(fd, PAGE, PROT_READ | PROT_WRITE, PAGE);
    char *wall = mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                      -1, 0); /* there or not: it has to move */
    CHECK_EQ(p[0], '1');
    char *moved = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved[0] == '1' && moved[PAGE] == '2' && moved[2 * PAGE] == '3');
    moved[2 * PAGE] = 'm';
    CHECK(pread(fd, moved, 1, 3 * PAGE) == 1 && moved[0] == 'm');
    CHECK_EQ(munmap(moved, 3 * PAGE), 0);
    if (wall != MAP_FAILED)
        munmap(wall, PAGE);
    close(fd);
    unlink("/tmp/grows");
}

static void refuses(void)
{
    int fd = file_new("/tmp/refuses", PAGE), ro = open("/tmp/refuses", O_RDONLY),
        wo = open("/tmp/refuses", O_WRONLY), dir = open("/tmp", O_RDONLY), ends[2];
    int both = PROT_READ | PROT_WRITE;
    char *p;

    CHECK(fd >= 0 && ro >= 0 && wo >= 0 && dir >= 0 && pipe(ends) == 0);
    CHECK_ERRNO((long)mmap(NULL, PAGE, both, MAP_SHARED, ro, 0), EACCES);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, wo, 0), EACCES);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dir, 0), ENODEV);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ends[0], 0), ENODEV);
    CHECK_ERRNO((long)mmap(NULL, PAGE, both, MAP_SHARED, fd, 1), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, 0, both, MAP_SHARED, fd, 0), EINVAL);
    CHECK_ERRNO((long)mmap(NULL, PAGE, both, MAP_SHARED, 999, 0), EBADF);
    p = map(ro, PAGE, PROT_READ, 0);
    CHECK_ERRNO(mprotect(p, PAGE, both), EACCES);
    CHECK_EQ(pwrite(fd, "r", 1, 0), 1);
    CHECK_EQ(p[0], 'r');
    CHECK_EQ(munmap(p, PAGE), 0);
    for (int *end = ends; end < ends + 2; end++)
        close(*end);
    close(fd), close(ro), close(wo), close(dir);
    unlink("/tmp/refuses");
}

/* Pages come and go with the file, 64 MB in all on a VM of 16. */
static void gives_back(void)
{
    for (int i = 0; i < 16; i++) {
        int fd = file_new("/tmp/again", 4 << 20);
        char *p = map(fd, 4 << 20, PROT_READ | PROT_WRITE, 0);

        memset(p, i + 1, 4 << 20);
        CHECK_EQ(unlink("/tmp/again"), 0);
        if (i & 1)
            close(fd);
        CHECK_EQ(p[(4 << 20) - 1], i + 1);
        CHECK_EQ(munmap(p, 4 << 20), 0);
        if (!(i & 1))
            close(fd);
    }
}

static void has_shm(void)
{
    int a = shm_open("/skiff-mem-shared", O_RDWR | O_CREAT | O_EXCL, 0600), b;

    CHECK(a >= 0 && ftruncate(a, PAGE) == 0);
    b = shm_open("/skiff-mem-shared", O_RDWR, 0);
    CHECK(b >= 0);
    char *p = map(a, PAGE, PROT_READ | PROT_WRITE, 0), *q = map(b, PAGE, PROT_READ | PROT_WRITE, 0);
    strcpy(p, "shm");
    CHECK(!strcmp(q, "shm"));
    CHECK_EQ(shm_unlink("/skiff-mem-shared"), 0);
    close(a), close(b);
    q[0] = 'S';
    CHECK(!strcmp(p, "Shm"));
}

int main(void)
{
    sees_what_others_write();
    grows_and_shrinks();
    refuses();
    gives_back();
    has_shm();
    return 0;
}
