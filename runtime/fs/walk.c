#include "fs/walk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/root.h"
#include "mem/heap.h"

#define N_LINKS_MAX 40   /* path_resolution(7) */
#define PATH_MAX_   4096 /* with its NUL */

struct inode *fs_root(void)
{
    static struct inode *root;
    struct inode *top;

    if (!root)
        root = root_build();
    for (top = root; top->mounted; top = top->mounted)
        ;
    return inode_get(top);
}

/* From a directory to what is mounted on it. */
static struct inode *cross_down(struct inode *inode)
{
    while (inode->mounted) {
        struct inode *below = inode_get(inode->mounted);

        inode_put(inode);
        inode = below;
    }
    return inode;
}

int fs_parent(struct inode *dir, struct inode **out)
{
    struct inode *root = fs_root();
    int err;

    inode_put(root); /* the root itself stays */
    if (dir == root) {
        *out = inode_get(root);
        return 0;
    }
    while (dir == dir->super->root && dir->super->covered)
        dir = dir->super->covered;
    err = dir->ops->lookup(dir, "..", 2, out);
    if (!err)
        *out = cross_down(*out);
    return err;
}

void fs_place_fini(struct fs_place *p)
{
    if (p->inode)
        inode_put(p->inode);
    inode_put(p->dir);
    heap_free(p->buf);
}

/* Replace the walked component by the link's text: what is left is TEXT/rest. */
static int link_expand(struct fs_place *p, const char **rest)
{
    size_t rest_len = strlen(*rest);
    char *buf = heap_new(PATH_MAX_ + 1);
    ssize_t n;

    if (!buf)
        return -ENOMEM;
    n = p->inode->ops->readlink(p->inode, buf, PATH_MAX_);
    if (n >= 0 && (size_t)n + rest_len >= PATH_MAX_)
        n = -ENAMETOOLONG;
    if (n <= 0) {
        heap_free(buf);
        return n ? (int)n : -ENOENT;
    }
    memcpy(buf + n, *rest, rest_len + 1); /* starts with its slash, if there is more */
    heap_free(p->buf);
    p->buf = buf;
    *rest = buf;
    inode_put(p->inode);
    p->inode = NULL;
    return 0;
}

/* Look the last component up in p->dir. */
static int component_find(struct fs_place *p)
{
    int err;

    if (p->last == FS_LAST_DOT) {
        p->inode = inode_get(p->dir);
        return 0;
    }
    if (p->last == FS_LAST_DOTDOT)
        return fs_parent(p->dir, &p->inode);
    err = p->dir->ops->lookup(p->dir, p->name, p->name_len, &p->inode);
    if (!err)
        p->inode = cross_down(p->inode);
    return err;
}

/* Start at the root if *path says so, and skip slashes. */
static const char *slashes_skip(struct fs_place *p, const char *path)
{
    if (*path == '/') {
        inode_put(p->dir);
        p->dir = fs_root();
        p->last = FS_LAST_ROOT;
    }
    while (*path == '/')
        path++;
    return path;
}

static int walk(struct fs_place *p, const char *path, u32 flags)
{
    unsigned n_links = 0;
    int err;

    path = slashes_skip(p, path);
    if (!*path) { /* nothing but slashes */
        p->inode = inode_get(p->dir);
        return 0;
    }
    for (;;) {
        const char *rest;
        bool is_last;

        p->name = path;
        while (*path && *path != '/')
            path++;
        p->name_len = (size_t)(path - p->name);
        rest = path;
        while (*path == '/')
            path++;
        is_last = !*path;
        p->wants_dir = is_last && path != rest;
        p->last = FS_LAST_NAME;
        if (p->name[0] == '.' && p->name_len == 1)
            p->last = FS_LAST_DOT;
        if (p->name[0] == '.' && p->name[1] == '.' && p->name_len == 2)
            p->last = FS_LAST_DOTDOT;
        if (p->name_len > FS_NAME_MAX)
            return -ENAMETOOLONG;

        err = component_find(p);
        if (err)
            return err == -ENOENT && is_last ? 0 : err;
        if (S_ISLNK(p->inode->mode) && (!is_last || p->wants_dir || flags & FS_FOLLOW)) {
            if (++n_links > N_LINKS_MAX)
                return -ELOOP;
            err = link_expand(p, &rest);
            if (err)
                return err;
            path = slashes_skip(p, rest);
            if (!*path) {
                p->inode = inode_get(p->dir);
                return 0;
            }
            continue;
        }
        if ((!is_last || p->wants_dir) && !inode_is_dir(p->inode))
            return -ENOTDIR;
        if (is_last)
            return 0;
        inode_put(p->dir);
        p->dir = p->inode;
        p->inode = NULL;
    }
}

int fs_walk(struct inode *at, const char *path, u32 flags, struct fs_place *out)
{
    size_t len = strlen(path);
    int err;

    if (!len)
        return -ENOENT;
    if (len >= PATH_MAX_)
        return -ENAMETOOLONG;
    if (*path != '/' && !inode_is_dir(at))
        return -ENOTDIR;
    memset(out, 0, sizeof(*out));
    out->dir = inode_get(at);
    err = walk(out, path, flags);
    if (err)
        fs_place_fini(out);
    return err;
}

int fs_find(struct inode *at, const char *path, u32 flags, struct inode **out)
{
    struct fs_place p;
    int err = fs_walk(at, path, flags, &p);

    if (err)
        return err;
    if (p.inode)
        *out = inode_get(p.inode);
    else
        err = -ENOENT;
    fs_place_fini(&p);
    return err;
}
