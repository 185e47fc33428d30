/*
 * Between net/unix.c and the file system, which do not know each other. Linked by <sys/un.h>: see
 * libc/needs.sh.
 */
#include "fs/sockname.h"
#include "net/unix.h"

static int path_make(const char *path, void **node)
{
    struct inode *inode;
    int err = sockname_make(path, &inode);

    if (!err)
        *node = inode;
    return err;
}

static int path_find(const char *path, void **node)
{
    struct inode *inode;
    int err = sockname_find(path, &inode);

    if (!err)
        *node = inode;
    return err;
}

static void path_put(void *node)
{
    inode_put(node);
}

const struct unix_paths unix_paths = {path_make, path_find, path_put};
