/* Names of AF_UNIX sockets: inodes that hold nothing and cannot be opened (unix(7)). */
#include "fs/sockname.h"

#include <errno.h>
#include <sys/stat.h>

#include "fs/vfs.h"

int sockname_make(const char *path, struct inode **out)
{
    struct inode *at = fs_cwd();
    struct fs_place p;
    int err = fs_walk(at, path, 0, &p);
    u32 mask;

    inode_put(at);
    if (err)
        return err;
    mask = fs_umask(0);
    fs_umask(mask);
    if (p.inode)
        err = -EADDRINUSE;
    else if (p.wants_dir)
        err = -ENOENT;
    else
        err = p.dir->ops->create(p.dir, p.name, p.name_len, S_IFSOCK | (0777 & ~mask), 0, out);
    fs_place_fini(&p);
    return err;
}

int sockname_find(const char *path, struct inode **out)
{
    struct inode *at = fs_cwd();
    int err = fs_find(at, path, FS_FOLLOW, out);

    inode_put(at);
    if (err || S_ISSOCK((*out)->mode))
        return err;
    inode_put(*out);
    return -ECONNREFUSED;
}
