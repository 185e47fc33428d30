/* ramfs: content against a plain array, holes, truncation, ENOSPC; nothing leaks; getdents64(2). */
/* sources: runtime/fs/walk.c runtime/fs/vfs.c runtime/fs/open.c runtime/fs/ramfs.c */
/* sources: runtime/fs/root.c runtime/fs/devfs.c runtime/fs/procfs.c */
/* sources: runtime/fs/hostname.c runtime/file/console.c runtime/file/file.c runtime/file/wait.c */
/* sources: runtime/file/fdtable.c runtime/base/fmt.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/vfs.h"
#include "mem/page.h"

static struct inode *root;
static struct file *f;
static struct inode *inode;
static long n_heap, n_pages;

static int setup(void **state)
{
    (void)state;
    root = fs_root();
    n_heap = host_n_heap;
    n_pages = host_n_pages;
    assert_int_equal(fs_open(root, "/tmp/f", O_CREAT | O_RDWR, 0600, &f), 0);
    inode = fs_inode_of(f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fs_unlink(root, "/tmp/f"), 0);
    file_put(f); /* an unlinked file lives until it is closed */
    inode_put(root);
    assert_int_equal(host_n_heap, n_heap);
    assert_int_equal(host_n_pages, n_pages);
    return 0;
}

static long write_at(const void *buf, size_t len, s64 off)
{
    struct iovec iov = {(void *)buf, len};
    return f->ops->write(f, &iov, 1, off);
}

static long read_at(void *buf, size_t len, s64 off)
{
    struct iovec iov = {buf, len};
    return f->ops->read(f, &iov, 1, off);
}

/* Random writes, reads and truncations, each compared with an array. */
static void like_an_array(void **state)
{
    enum { MAX_BYTES = 3 << 20 };
    u8 *model = calloc(1, MAX_BYTES), *buf = malloc(40000);
    size_t size = 0;

    (void)state;
    srandom(7);
    for (int round = 0; round < 4000; round++) {
        size_t off = (size_t)random() % (MAX_BYTES - 40000);
        size_t len = (size_t)random() % (random() % 4 ? 300 : 40000);
        switch (random() % 8) {
        case 0:
            off = random() % 2 ? off : size - size % 4096;
            off = MIN(off, (size_t)MAX_BYTES - 40000);
            assert_int_equal(f->ops->truncate(f, (s64)off), 0);
            if (off < size)
                memset(model + off, 0, size - off);
            size = off;
            break;
        case 1:
        case 2:
        case 3:
            memset(buf, (int)random(), len);
            assert_int_equal(write_at(buf, len, (s64)off), len);
            memcpy(model + off, buf, len);
            size = len ? MAX(size, off + len) : size;
            break;
        default:
            if (size)
                off %= size;
            memset(buf, 0xee, len);
            assert_int_equal(read_at(buf, len, (s64)off), MIN(len, size > off ? size - off : 0));
            assert_memory_equal(buf, model + off, MIN(len, size > off ? size - off : 0));
        }
        assert_int_equal(inode->size, size);
    }
    free(model);
    free(buf);
}

static void holes_cost_nothing(void **state)
{
    s64 far = (s64)1 << 50;
    char c = 1;

    (void)state;
    assert_int_equal(write_at("x", 1, far), 1);
    assert_int_equal(inode->size, far + 1);
    assert_int_equal(inode->n_sectors, 8);
    assert_true(host_n_pages - n_pages <= 6);
    assert_int_equal(read_at(&c, 1, far - 1), 1);
    assert_int_equal(c, 0);
    assert_int_equal(read_at(&c, 1, far), 1);
    assert_int_equal(c, 'x');
    assert_int_equal(write_at("y", 1, 0), 1);
    assert_int_equal(inode->n_sectors, 16);
    assert_int_equal(f->ops->truncate(f, far), 0);
    assert_int_equal(inode->n_sectors, 8);
    assert_int_equal(f->ops->truncate(f, INT64_MAX), 0);
    assert_int_equal(read_at(&c, 1, far), 1);
    assert_int_equal(c, 0);
    assert_int_equal(write_at("zz", 2, INT64_MAX - 1), -EFBIG);
    assert_int_equal(f->ops->truncate(f, -1), -EINVAL);
    assert_int_equal(f->ops->truncate(f, 0), 0);
    assert_int_equal(inode->n_sectors, 0);
}

static void grows_by_zeros(void **state)
{
    char buf[10];

    (void)state;
    assert_int_equal(write_at("0123456789", 10, 0), 10);
    assert_int_equal(f->ops->truncate(f, 3), 0);
    assert_int_equal(f->ops->truncate(f, 10), 0);
    assert_int_equal(read_at(buf, 10, 0), 10);
    assert_memory_equal(buf, "012\0\0\0\0\0\0\0", 10);
}

static void no_space(void **state)
{
    static u8 buf[64 * 4096];
    long left = host_pages_left;

    (void)state;
    host_pages_left = (long)(page_total() >> 4) + 10; /* the reserve, and ten pages */
    long n = write_at(buf, sizeof(buf), 0);
    assert_in_range(n, 8 * 4096, 10 * 4096);
    assert_int_equal(write_at(buf, 1, n), -ENOSPC);
    assert_int_equal(inode->size, n);
    assert_int_equal(f->ops->truncate(f, 0), 0);
    host_pages_left = left;
}

static void position_and_append(void **state)
{
    char buf[10] = {0};

    (void)state;
    assert_int_equal(host_write(f, "abcdef", 6), 6);
    assert_int_equal(f->ops->seek(f, 0, SEEK_CUR), 6);
    assert_int_equal(f->ops->seek(f, -2, SEEK_END), 4);
    assert_int_equal(host_read(f, buf, 10), 2);
    assert_memory_equal(buf, "ef", 2);
    assert_int_equal(f->ops->seek(f, -1, SEEK_SET), -EINVAL);
    assert_int_equal(f->ops->seek(f, 0, 77), -EINVAL);
    assert_int_equal(f->ops->seek(f, INT64_MAX, SEEK_CUR), -EOVERFLOW);
    assert_int_equal(f->ops->seek(f, 6, SEEK_DATA), -ENXIO);
    assert_int_equal(f->ops->seek(f, 1, SEEK_HOLE), 6);
    assert_int_equal(f->ops->seek(f, 1, SEEK_SET), 1);
    assert_int_equal(write_at("XY", 2, 3), 2); /* leaves the position alone */
    assert_int_equal(f->ops->seek(f, 0, SEEK_CUR), 1);
    f->flags |= O_APPEND;
    assert_int_equal(host_write(f, "gh", 2), 2);
    assert_int_equal(f->ops->seek(f, 0, SEEK_CUR), 8);
    assert_int_equal(read_at(buf, 10, 0), 8);
    assert_memory_equal(buf, "abcXYfgh", 8);
    assert_int_equal(f->ops->seek(f, 100, SEEK_SET), 100);
    assert_int_equal(host_read(f, buf, 1), 0);
}

static void several_vectors(void **state)
{
    char a[3], b[5];
    struct iovec out[] = {{"ab", 2}, {NULL, 0}, {"cdefg", 5}}, in[] = {{a, 3}, {b, 5}};

    (void)state;
    assert_int_equal(f->ops->write(f, out, 3, -1), 7);
    assert_int_equal(f->ops->read(f, in, 2, 0), 7);
    assert_memory_equal(a, "abc", 3);
    assert_memory_equal(b, "defg", 4);
}

/* Entries come once each, whatever is removed or added between two calls. */
static void entries(void **state)
{
    char path[64], seen[200] = {0};
    u8 buf[128];
    struct file *dir;
    int n;

    (void)state;
    assert_int_equal(fs_mkdir(root, "/tmp/d", 0777), 0);
    for (int i = 0; i < 100; i++) {
        struct file *made;
        snprintf(path, sizeof(path), "/tmp/d/%d", i);
        assert_int_equal(fs_open(root, path, O_CREAT, 0600, &made), 0);
        file_put(made);
    }
    assert_int_equal(fs_open(root, "/tmp/d", O_RDONLY, 0, &dir), 0);
    assert_int_equal(dir->ops->getdents(dir, buf, 20), -EINVAL);
    while ((n = dir->ops->getdents(dir, buf, sizeof(buf))) > 0) {
        for (int at = 0; at < n; at += buf[at + 16] | buf[at + 17] << 8) {
            const char *name = (char *)buf + at + 19;
            assert_int_equal(buf[at + 18], name[0] == '.' ? 4 : 8); /* DT_DIR, DT_REG */
            if (name[0] == '.')
                continue;
            assert_int_equal(seen[atoi(name)]++, 0);
            snprintf(path, sizeof(path), "/tmp/d/%s", name);
            assert_int_equal(fs_unlink(root, path), 0);
        }
    }
    assert_int_equal(n, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_int_equal(fs_rmdir(root, "/tmp/d"), 0);
    assert_int_equal(dir->ops->getdents(dir, buf, sizeof(buf)), -ENOENT);
    file_put(dir);
}

static void attributes(void **state)
{
    struct stat st = {0};

    (void)state;
    assert_int_equal(fs_chmod(inode, 04755), 0);
    assert_int_equal(fs_chown(inode, 5, UINT32_MAX), 0); /* takes the set-id bit */
    assert_int_equal(fs_utime(inode, 1500000000, UINT64_MAX), 0);
    fs_stat(inode, &st);
    assert_int_equal(st.st_mode, S_IFREG | 0755);
    assert_int_equal(st.st_uid, 5);
    assert_int_equal(st.st_gid, 0);
    assert_int_equal(st.st_atim.tv_sec, 1);
    assert_int_equal(st.st_atim.tv_nsec, 500000000);
    assert_int_equal(fs_access(inode, X_OK), 0);
    fs_chmod(inode, 0644);
    assert_int_equal(fs_access(inode, X_OK), -EACCES);
    assert_int_equal(fs_access(inode, R_OK | W_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(like_an_array, setup, teardown),
        cmocka_unit_test_setup_teardown(holes_cost_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(grows_by_zeros, setup, teardown),
        cmocka_unit_test_setup_teardown(no_space, setup, teardown),
        cmocka_unit_test_setup_teardown(position_and_append, setup, teardown),
        cmocka_unit_test_setup_teardown(several_vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(entries, setup, teardown),
        cmocka_unit_test_setup_teardown(attributes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
