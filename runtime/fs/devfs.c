#include "fs/devfs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/random.h"
#include "file/console.h"

/* /dev/stdin and its like: a major number that Linux leaves to local use. */
#define MAJOR_FD 240

static const struct {
    const char *name;
    u32 major, minor, mode;
} nodes[] = {
    {"null", 1, 3, 0666},          {"zero", 1, 5, 0666},         {"full", 1, 7, 0666},
    {"random", 1, 8, 0666},        {"urandom", 1, 9, 0666},      {"tty", 5, 0, 0666},
    {"console", 5, 1, 0600},       {"stdin", MAJOR_FD, 0, 0666}, {"stdout", MAJOR_FD, 1, 0666},
    {"stderr", MAJOR_FD, 2, 0666},
};

int devfs_populate(struct inode *dev)
{
    for (unsigned i = 0; i < ARRAY_SIZE(nodes); i++) {
        struct inode *node;
        int err =
            dev->ops->create(dev, nodes[i].name, strlen(nodes[i].name), S_IFCHR | nodes[i].mode,
                             makedev(nodes[i].major, nodes[i].minor), &node);

        if (err)
            return err;
        inode_put(node);
    }
    return 0;
}

static ssize_t null_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)iov;
    (void)n_iov;
    (void)off;
    return 0;
}

static ssize_t null_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    return (ssize_t)iov_len(iov, n_iov);
}

static ssize_t zero_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    for (int i = 0; i < n_iov; i++)
        memset(iov[i].iov_base, 0, iov[i].iov_len);
    return (ssize_t)iov_len(iov, n_iov);
}

static ssize_t full_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    return iov_len(iov, n_iov) ? -ENOSPC : 0;
}

static ssize_t random_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    for (int i = 0; i < n_iov; i++)
        random_bytes(iov[i].iov_base, iov[i].iov_len);
    return (ssize_t)iov_len(iov, n_iov);
}

static u32 random_poll(struct file *f)
{
    (void)f;
    return EPOLLIN | EPOLLOUT;
}

/* null(4): seeking works and moves nothing. */
static s64 null_seek(struct file *f, s64 off, int whence)
{
    (void)f;
    (void)off;
    (void)whence;
    return 0;
}

#define DEV_COMMON .seek = null_seek, .stat = fs_file_stat, .release = fs_file_release

static const struct file_ops mem_ops[] = {
    [3] = {.read = null_read, .write = null_write, DEV_COMMON},
    [5] = {.read = zero_read, .write = null_write, DEV_COMMON},
    [7] = {.read = zero_read, .write = full_write, DEV_COMMON},
    [8] = {.read = random_read, .write = null_write, .poll = random_poll, DEV_COMMON},
    [9] = {.read = random_read, .write = null_write, DEV_COMMON},
};

int devfs_ops(u64 rdev, const struct file_ops **ops)
{
    if (major(rdev) != 1 || minor(rdev) >= ARRAY_SIZE(mem_ops) || !mem_ops[minor(rdev)].release)
        return -ENXIO;
    *ops = &mem_ops[minor(rdev)];
    return 0;
}

bool devfs_file(u64 rdev, struct file **out)
{
    *out = NULL;
    if (rdev == makedev(5, 0)) /* there is no controlling terminal: tty(4) */
        return true;
    if (rdev == makedev(5, 1))
        *out = console_file();
    else if (major(rdev) == MAJOR_FD)
        *out = fd_get((int)minor(rdev));
    else
        return false;
    return true;
}
