/* path_resolution(7), open(2), rename(2): the path walk, and the errnos of calls on names. */
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

#include "fs/generator.h"
#include "fs/hostname.h"
#include "fs/ramfs.h"
#include "fs/vfs.h"

static struct inode *at; /* the root, borrowed for the length of a test */

static int setup(void **state)
{
    (void)state;
    at = fs_cwd();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    inode_put(at);
    return 0;
}

static int open_as(const char *path, u32 flags, struct file **out)
{
    return fs_open(at, path, flags, 0666, out);
}

/* Opens and closes. */
static int try_open(const char *path, u32 flags)
{
    struct file *f;
    int err = open_as(path, flags, &f);
    if (!err)
        file_put(f);
    return err;
}

static void make(const char *path)
{
    assert_int_equal(try_open(path, O_CREAT | O_EXCL | O_WRONLY), 0);
}

static int find(const char *path, struct stat *st)
{
    struct inode *inode;
    int err = fs_find(at, path, FS_FOLLOW, &inode);
    if (err)
        return err;
    memset(st, 0, sizeof(*st));
    fs_stat(inode, st);
    inode_put(inode);
    return 0;
}

static bool is_there(const char *path)
{
    struct stat st;
    return find(path, &st) == 0;
}

static void walks(void **state)
{
    char name[300], path[5000];
    struct stat root, st;

    (void)state;
    assert_int_equal(find("/", &root), 0);
    assert_int_equal(find("//./tmp/../.", &st), 0);
    assert_int_equal(st.st_ino, root.st_ino);
    assert_int_equal(find("/../..", &st), 0);
    assert_int_equal(st.st_ino, root.st_ino);
    assert_int_equal(find("tmp", &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 01777);
    assert_int_equal(find("", &st), -ENOENT);
    assert_int_equal(find("/none/x", &st), -ENOENT);
    assert_int_equal(find("/none", &st), -ENOENT);
    assert_int_equal(find("/etc/hosts/", &st), -ENOTDIR);
    assert_int_equal(find("/etc/hosts/x", &st), -ENOTDIR);
    assert_int_equal(find("/etc/hosts/..", &st), -ENOTDIR);

    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    assert_int_equal(find(name, &st), -ENAMETOOLONG);
    name[255] = '\0';
    assert_int_equal(find(name, &st), -ENOENT);
    memset(path, '/', sizeof(path));
    path[4096] = '\0';
    assert_int_equal(find(path, &st), -ENAMETOOLONG);
    path[4095] = '\0';
    assert_int_equal(find(path, &st), 0);
}

static void links(void **state)
{
    char target[100], path[100];
    struct inode *inode;
    struct stat st;

    (void)state;
    assert_int_equal(fs_mkdir(at, "/tmp/d", 0755), 0);
    make("/tmp/d/f");
    assert_int_equal(fs_symlink("d/f", at, "/tmp/rel"), 0);
    assert_int_equal(fs_symlink("/tmp/d", at, "/tmp/abs"), 0);
    assert_int_equal(fs_symlink("../abs/../rel", at, "/tmp/d/back"), 0);
    assert_int_equal(fs_symlink("", at, "/tmp/empty"), -ENOENT);
    assert_int_equal(fs_symlink("x", at, "/tmp/abs"), -EEXIST);
    assert_int_equal(fs_symlink("x", at, "/tmp/new/"), -ENOENT);
    assert_true(is_there("/tmp/rel"));
    assert_true(is_there("/tmp/abs/f"));
    assert_true(is_there("/tmp/abs/back"));
    assert_int_equal(find("/tmp/rel/", &st), -ENOTDIR);
    assert_int_equal(find("/tmp/abs/", &st), 0);
    assert_true(S_ISDIR(st.st_mode));

    assert_int_equal(fs_find(at, "/tmp/abs", 0, &inode), 0);
    assert_true(S_ISLNK(inode->mode));
    assert_int_equal(inode->size, 6);
    assert_int_equal(inode->ops->readlink(inode, target, 4), 4);
    assert_memory_equal(target, "/tmp", 4);
    inode_put(inode);
    assert_int_equal(fs_find(at, "/tmp/abs/", 0, &inode), 0); /* the slash follows it */
    assert_true(inode_is_dir(inode));
    inode_put(inode);

    assert_int_equal(fs_symlink("loop", at, "/tmp/loop"), 0);
    assert_int_equal(find("/tmp/loop", &st), -ELOOP);
    make("/tmp/l0");
    for (int i = 0; i < 41; i++) {
        snprintf(target, sizeof(target), "l%d", i);
        snprintf(path, sizeof(path), "/tmp/l%d", i + 1);
        assert_int_equal(fs_symlink(target, at, path), 0);
    }
    assert_int_equal(find("/tmp/l40", &st), 0);
    assert_int_equal(find("/tmp/l41", &st), -ELOOP);
    for (int i = 0; i < 42; i++) {
        snprintf(path, sizeof(path), "/tmp/l%d", i);
        assert_int_equal(fs_unlink(at, path), 0);
    }
    /* A dangling link: open makes what it points to; mkdir and O_EXCL refuse. */
    assert_int_equal(fs_symlink("made", at, "/tmp/dangling"), 0);
    assert_int_equal(try_open("/tmp/dangling", O_RDONLY), -ENOENT);
    assert_int_equal(try_open("/tmp/dangling", O_CREAT | O_EXCL | O_WRONLY), -EEXIST);
    assert_int_equal(fs_mkdir(at, "/tmp/dangling", 0700), -EEXIST);
    assert_int_equal(try_open("/tmp/dangling", O_CREAT | O_WRONLY), 0);
    assert_true(is_there("/tmp/made"));

    assert_int_equal(try_open("/tmp/rel", O_NOFOLLOW), -ELOOP);
    assert_int_equal(try_open("/tmp/rel", O_NOFOLLOW | O_PATH), 0);
    assert_int_equal(try_open("/tmp/abs/f", O_NOFOLLOW), 0);

    static const char *const all[] = {"rel", "abs", "d/back", "d/f", "loop", "dangling", "made"};
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        snprintf(path, sizeof(path), "/tmp/%s", all[i]);
        assert_int_equal(fs_unlink(at, path), 0);
    }
    assert_int_equal(fs_rmdir(at, "/tmp/d"), 0);
}

static void open_errors(void **state)
{
    struct file *f;

    (void)state;
    assert_int_equal(try_open("/tmp/f", O_RDONLY), -ENOENT);
    assert_int_equal(try_open("/tmp/f/", O_CREAT | O_RDWR), -EISDIR);
    make("/tmp/f");
    assert_int_equal(try_open("/tmp/f", O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(try_open("/tmp/f", O_CREAT), 0);
    assert_int_equal(try_open("/tmp/f", O_DIRECTORY), -ENOTDIR);
    assert_int_equal(try_open("/tmp/f/", O_RDONLY), -ENOTDIR);
    assert_int_equal(try_open("/tmp", O_RDONLY), 0);
    assert_int_equal(try_open("/tmp", O_WRONLY), -EISDIR);
    assert_int_equal(try_open("/tmp", O_CREAT), -EISDIR);
    assert_int_equal(try_open("/tmp", O_TRUNC), -EISDIR);
    assert_int_equal(try_open("/tmp/.", O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(open_as("/tmp", O_RDONLY | O_DIRECTORY, &f), 0);
    assert_int_equal(host_read(f, &(char){0}, 1), -EISDIR);
    file_put(f);
    assert_int_equal(fs_unlink(at, "/tmp/f"), 0);
    assert_int_equal(try_open("/dev/tty", O_RDWR), -ENXIO);
}

static void dirs(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(find("/tmp", &st), 0);
    u64 nlink = st.st_nlink;
    assert_int_equal(fs_mkdir(at, "/tmp/d/", 0777), 0);
    assert_int_equal(find("/tmp/d", &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0755); /* umask 022 */
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(find("/tmp", &st), 0);
    assert_int_equal(st.st_nlink, nlink + 1);
    assert_int_equal(fs_mkdir(at, "/tmp/d", 0777), -EEXIST);
    assert_int_equal(fs_mkdir(at, "/tmp/d/.", 0777), -EEXIST);
    assert_int_equal(fs_mkdir(at, "/", 0777), -EEXIST);
    assert_int_equal(fs_mkdir(at, "/tmp/no/d", 0777), -ENOENT);
    assert_int_equal(fs_unlink(at, "/tmp/d"), -EISDIR);
    make("/tmp/d/f");
    assert_int_equal(fs_rmdir(at, "/tmp/d"), -ENOTEMPTY);
    assert_int_equal(fs_rmdir(at, "/tmp/d/f"), -ENOTDIR);
    assert_int_equal(fs_unlink(at, "/tmp/d/f/"), -ENOTDIR);
    assert_int_equal(fs_unlink(at, "/tmp/d/f"), 0);
    assert_int_equal(fs_rmdir(at, "/tmp/d/."), -EINVAL);
    assert_int_equal(fs_rmdir(at, "/tmp/d/.."), -ENOTEMPTY);
    assert_int_equal(fs_rmdir(at, "/"), -EBUSY);
    assert_int_equal(fs_rmdir(at, "/tmp/d"), 0);
    assert_int_equal(fs_rmdir(at, "/tmp/d"), -ENOENT);
    assert_int_equal(find("/tmp", &st), 0);
    assert_int_equal(st.st_nlink, nlink);
}

static int mv(const char *from, const char *to)
{
    return fs_rename(at, from, at, to, 0);
}

static void renames(void **state)
{
    struct stat st;

    (void)state;
    fs_mkdir(at, "/tmp/a", 0777);
    fs_mkdir(at, "/tmp/a/b", 0777);
    fs_mkdir(at, "/tmp/e", 0777);
    make("/tmp/f");
    make("/tmp/g");
    assert_int_equal(mv("/tmp/none", "/tmp/x"), -ENOENT);
    assert_int_equal(mv("/tmp/a", "/tmp/a/b/c"), -EINVAL);
    assert_int_equal(mv("/tmp/a", "/tmp/a/b"), -EINVAL);
    assert_int_equal(mv("/tmp/a/b", "/tmp/a"), -ENOTEMPTY);
    assert_int_equal(mv("/tmp/f", "/tmp/a"), -EISDIR);
    assert_int_equal(mv("/tmp/e", "/tmp/f"), -ENOTDIR);
    assert_int_equal(mv("/tmp/e", "/tmp/a"), -ENOTEMPTY);
    assert_int_equal(mv("/tmp/f", "/tmp/x/"), -ENOTDIR);
    assert_int_equal(mv("/tmp/.", "/tmp/x"), -EBUSY);
    assert_int_equal(mv("/tmp/f", "/tmp/a/.."), -EBUSY);
    assert_int_equal(mv("/", "/tmp/x"), -EBUSY);
    assert_int_equal(mv("/tmp/f", "/tmp/f"), 0);
    assert_int_equal(fs_rename(at, "/tmp/f", at, "/tmp/g", FS_RENAME_NOREPLACE), -EEXIST);

    assert_int_equal(find("/tmp/f", &st), 0);
    u64 ino = st.st_ino;
    assert_int_equal(mv("/tmp/f", "/tmp/g"), 0);
    assert_false(is_there("/tmp/f"));
    assert_int_equal(find("/tmp/g", &st), 0);
    assert_int_equal(st.st_ino, ino);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(mv("/tmp/a/b", "/tmp/e"), 0); /* over an empty directory, and up */
    assert_int_equal(find("/tmp/a", &st), 0);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(find("/tmp/e", &st), 0);
    assert_int_equal(st.st_nlink, 2);
    u64 tmp_ino;
    assert_int_equal(find("/tmp", &st), 0);
    tmp_ino = st.st_ino;
    assert_int_equal(find("/tmp/e/..", &st), 0);
    assert_int_equal(st.st_ino, tmp_ino);

    struct inode *g;
    assert_int_equal(fs_find(at, "/tmp/g", 0, &g), 0);
    assert_int_equal(fs_link(g, at, "/tmp/h"), 0);
    assert_int_equal(fs_link(g, at, "/tmp/h"), -EEXIST);
    assert_int_equal(g->nlink, 2);
    assert_int_equal(mv("/tmp/g", "/tmp/h"), 0); /* two names of one file: both stay */
    assert_int_equal(g->nlink, 2);
    assert_int_equal(fs_unlink(at, "/tmp/g"), 0);
    assert_int_equal(fs_unlink(at, "/tmp/h"), 0);
    assert_int_equal(g->nlink, 0);
    assert_int_equal(fs_link(g, at, "/tmp/h"), -ENOENT);
    inode_put(g);
    struct inode *dir;
    assert_int_equal(fs_find(at, "/tmp/a", 0, &dir), 0);
    assert_int_equal(fs_link(dir, at, "/tmp/h"), -EPERM);
    inode_put(dir);
    assert_int_equal(fs_rmdir(at, "/tmp/a"), 0);
    assert_int_equal(fs_rmdir(at, "/tmp/e"), 0);
}

static void working_directory(void **state)
{
    struct inode *dir, *here;
    struct stat st;
    char buf[64];

    (void)state;
    assert_int_equal(fs_getcwd(buf, sizeof(buf)), 2);
    assert_string_equal(buf, "/");
    fs_mkdir(at, "/tmp/.hidden", 0777);
    fs_mkdir(at, "/tmp/.hidden/deep", 0777);
    assert_int_equal(fs_find(at, "/tmp/.hidden/deep", 0, &dir), 0);
    assert_int_equal(fs_chdir(dir), 0);
    assert_int_equal(fs_getcwd(buf, sizeof(buf)), 18);
    assert_string_equal(buf, "/tmp/.hidden/deep");
    assert_int_equal(fs_getcwd(buf, 18), 18);
    assert_int_equal(fs_getcwd(buf, 17), -ERANGE);
    assert_int_equal(fs_getcwd(buf, 1), -ERANGE);
    /* Removed under our feet, and its parent too. */
    assert_int_equal(fs_rmdir(at, "/tmp/.hidden/deep"), 0);
    assert_int_equal(fs_rmdir(at, "/tmp/.hidden"), 0);
    assert_int_equal(fs_getcwd(buf, sizeof(buf)), -ENOENT);
    here = fs_cwd();
    assert_int_equal(fs_mkdir(here, "x", 0777), -ENOENT);
    assert_int_equal(fs_find(here, "..", 0, &dir), -ENOENT);
    inode_put(here);
    inode_put(dir);
    assert_int_equal(find("/tmp", &st), 0);
    assert_int_equal(fs_chdir(at), 0);
    struct inode *file;
    assert_int_equal(fs_find(at, "/etc/hosts", 0, &file), 0);
    assert_int_equal(fs_chdir(file), -ENOTDIR);
    inode_put(file);
}

static bool mount_emit(void *ctx, u64 pos, u64 ino, u32 mode, const char *name, size_t len)
{
    (void)pos, (void)ino, (void)mode, (void)name, (void)len;
    ++*(int *)ctx;
    return true;
}

static void mounts(void **state)
{
    struct inode *other = ramfs_new(), *dir;
    struct stat st;
    char buf[64];
    int n = 0;
    u64 pos = 0;

    (void)state;
    fs_mkdir(at, "/tmp/mnt", 0777);
    make("/tmp/mnt/covered");
    assert_int_equal(fs_mount("/tmp/mnt", other->super), 0);
    assert_false(is_there("/tmp/mnt/covered"));
    make("/tmp/mnt/f");
    make("/tmp/f");
    assert_int_equal(mv("/tmp/f", "/tmp/mnt/g"), -EXDEV);
    assert_int_equal(fs_rmdir(at, "/tmp/mnt"), -EBUSY);
    assert_int_equal(find("/tmp/mnt/../f", &st), 0);
    assert_int_equal(fs_find(at, "/tmp/mnt", 0, &dir), 0);
    assert_ptr_equal(dir, other);
    dir->ops->getdents(dir, &pos, mount_emit, &n);
    assert_int_equal(n, 3);
    fs_chdir(dir);
    assert_int_equal(fs_getcwd(buf, sizeof(buf)), 9);
    assert_string_equal(buf, "/tmp/mnt");
    fs_chdir(at);
    inode_put(dir);
    fs_unlink(at, "/tmp/f");
}

static void custom_text(struct fmt_out *o)
{
    static int n;
    fmt_put(o, "text %d\n", ++n);
}

static u32 n_lines;

static void long_text(struct fmt_out *o)
{
    for (u32 i = 0; i < n_lines; i++)
        fmt_put(o, "line %08u\n", i);
}

FS_FILES const struct fs_generator net_files[] = {
    {"/etc/resolv.conf", custom_text},
    {"/proc/net/absent", NULL},
    {"/proc/net/tcp", long_text},
};

/* a generated text has any length, and is whole or not there */
static void generated_long(void **state)
{
    (void)state;
    struct file *f;
    char buf[15];

    assert_int_equal(try_open("/proc/net/absent", O_RDONLY), -ENOENT);
    for (n_lines = 10000; n_lines; n_lines /= 10) { /* shorter than it was, too */
        assert_int_equal(open_as("/proc/self/net/tcp", O_RDONLY, &f), 0);
        for (u32 i = 0; i < n_lines; i++) {
            assert_int_equal(host_read(f, buf, 14), 14);
            buf[14] = 0;
            assert_int_equal(strtoul(buf + 5, NULL, 10), i);
        }
        assert_int_equal(host_read(f, buf, 14), 0);
        file_put(f);
    }
}

static void generated(void **state)
{
    struct file *f;
    char buf[200] = {0};

    (void)state;
    hostname_set("boat", 4);
    assert_int_equal(open_as("/etc/hostname", O_RDONLY, &f), 0);
    assert_int_equal(host_read(f, buf, sizeof(buf)), 5);
    assert_string_equal(buf, "boat\n");
    file_put(f);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(open_as("/etc/resolv.conf", O_RDONLY, &f), 0);
        assert_int_equal(host_read(f, buf, sizeof(buf)), 7);
        assert_int_equal(buf[5], '0' + i);
        file_put(f);
    }
    /* Who writes it, has it. */
    assert_int_equal(open_as("/etc/resolv.conf", O_WRONLY | O_TRUNC, &f), 0);
    assert_int_equal(host_write(f, "mine", 4), 4);
    file_put(f);
    assert_int_equal(open_as("/etc/resolv.conf", O_RDONLY, &f), 0);
    assert_int_equal(host_read(f, buf, sizeof(buf)), 4);
    assert_memory_equal(buf, "mine", 4);
    file_put(f);
    static const char *const all[] = {"/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/etc/passwd",
                                      "/proc/uptime",  "/proc/loadavg", "/etc/hosts"};
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        assert_int_equal(open_as(all[i], O_RDONLY, &f), 0);
        assert_true(host_read(f, buf, sizeof(buf)) > 4);
        file_put(f);
    }
}

static void devices(void **state)
{
    struct file *f;
    struct stat st = {0};
    u8 buf[16];

    (void)state;
    assert_int_equal(open_as("/dev/null", O_RDWR | O_TRUNC, &f), 0);
    assert_int_equal(host_write(f, "abc", 3), 3);
    assert_int_equal(host_read(f, buf, 3), 0);
    assert_int_equal(f->ops->stat(f, &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    file_put(f);
    assert_int_equal(open_as("/dev/zero", O_RDONLY, &f), 0);
    memset(buf, 1, sizeof(buf));
    assert_int_equal(host_read(f, buf, sizeof(buf)), sizeof(buf));
    assert_int_equal(buf[15], 0);
    file_put(f);
    assert_int_equal(open_as("/dev/full", O_WRONLY, &f), 0);
    assert_int_equal(host_write(f, "x", 1), -ENOSPC);
    file_put(f);
    assert_int_equal(open_as("/dev/urandom", O_RDONLY, &f), 0);
    assert_int_equal(host_read(f, buf, sizeof(buf)), sizeof(buf));
    assert_int_equal(buf[15], 0x5a);
    file_put(f);
    assert_int_equal(try_open("/dev/stdin", O_RDONLY), -ENXIO); /* nothing is open here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walks, setup, teardown),
        cmocka_unit_test_setup_teardown(links, setup, teardown),
        cmocka_unit_test_setup_teardown(open_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(dirs, setup, teardown),
        cmocka_unit_test_setup_teardown(renames, setup, teardown),
        cmocka_unit_test_setup_teardown(working_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(generated, setup, teardown),
        cmocka_unit_test_setup_teardown(generated_long, setup, teardown),
        cmocka_unit_test_setup_teardown(devices, setup, teardown),
        cmocka_unit_test_setup_teardown(mounts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
