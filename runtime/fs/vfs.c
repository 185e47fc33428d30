#define _GNU_SOURCE 1
#include "fs/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sched/clock.h"

static struct inode *cwd; /* NULL: the root */
static u32 umask_now = 022;

struct inode *fs_cwd(void)
{
    return cwd ? inode_get(cwd) : fs_root();
}

int fs_chdir(struct inode *dir)
{
    if (!inode_is_dir(dir))
        return -ENOTDIR;
    inode_get(dir);
    if (cwd)
        inode_put(cwd);
    cwd = dir;
    return 0;
}

u32 fs_umask(u32 mask)
{
    u32 old = umask_now;

    umask_now = mask & 0777;
    return old;
}

/* -- getcwd -- */

struct name_search {
    u64 ino;
    char *end; /* the name goes right before it */
    size_t room;
    ssize_t len; /* of the name; 0 = not found yet */
};

static bool is_dots(const char *name, size_t len)
{
    return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static bool name_search_emit(void *ctx, u64 next_pos, u64 ino, u32 mode, const char *name,
                             size_t len)
{
    struct name_search *s = ctx;

    (void)next_pos;
    (void)mode;
    if (s->len || ino != s->ino || is_dots(name, len))
        return true;
    s->len = len < s->room ? (ssize_t)len : -ERANGE;
    if (s->len > 0)
        memcpy(s->end - len, name, len);
    return true;
}

ssize_t fs_getcwd(char *buf, size_t size)
{
    struct inode *root = fs_root(), *dir = fs_cwd();
    char *end = buf + size;
    ssize_t r = 0;

    if (size < 2) {
        r = -ERANGE;
        goto put;
    }
    *--end = '\0';
    while (dir != root && !r) {
        struct inode *below = dir, *parent;
        struct name_search s = {.end = end, .room = (size_t)(end - buf)};
        u64 pos = 0;

        r = fs_parent(dir, &parent);
        if (r)
            break;
        while (below == below->super->root && below->super->covered)
            below = below->super->covered;
        s.ino = below->ino;
        r = parent->ops->getdents(parent, &pos, name_search_emit, &s);
        inode_put(dir);
        dir = parent;
        if (!r && s.len <= 0)
            r = s.len ? s.len : -ENOENT;
        if (!r) {
            end -= s.len;
            *--end = '/';
        }
    }
    if (!r && !*end)
        *--end = '/';
    if (!r) {
        r = buf + size - end;
        memmove(buf, end, (size_t)r);
    }
put:
    inode_put(dir);
    inode_put(root);
    return r;
}

/* -- making and removing names -- */

/* Walk to a name that must be free. Returns 0, then fs_place_fini(). */
static int walk_to_free(struct inode *at, const char *path, bool is_dir, struct fs_place *p)
{
    int err = fs_walk(at, path, 0, p);

    if (err)
        return err;
    if (p->inode)
        err = -EEXIST;
    else if (p->wants_dir && !is_dir)
        err = -ENOENT;
    if (err)
        fs_place_fini(p);
    return err;
}

int fs_mkdir(struct inode *at, const char *path, u32 mode)
{
    struct inode *made;
    struct fs_place p;
    int err = walk_to_free(at, path, true, &p);

    if (err)
        return err;
    err = p.dir->ops->create(p.dir, p.name, p.name_len, S_IFDIR | (mode & 01777 & ~umask_now), 0,
                             &made);
    if (!err)
        inode_put(made);
    fs_place_fini(&p);
    return err;
}

int fs_symlink(const char *target, struct inode *at, const char *path)
{
    struct fs_place p;
    int err;

    if (!*target)
        return -ENOENT;
    err = walk_to_free(at, path, false, &p);
    if (err)
        return err;
    err = p.dir->ops->symlink(p.dir, p.name, p.name_len, target);
    fs_place_fini(&p);
    return err;
}

int fs_link(struct inode *inode, struct inode *at, const char *path)
{
    struct fs_place p;
    int err = walk_to_free(at, path, false, &p);

    if (err)
        return err;
    if (inode->super != p.dir->super)
        err = -EXDEV;
    else if (inode_is_dir(inode))
        err = -EPERM;
    else if (!inode->nlink)
        err = -ENOENT;
    else
        err = p.dir->ops->link(p.dir, p.name, p.name_len, inode);
    fs_place_fini(&p);
    return err;
}

int fs_unlink(struct inode *at, const char *path)
{
    struct fs_place p;
    int err = fs_walk(at, path, 0, &p);

    if (err)
        return err;
    if (p.last != FS_LAST_NAME || (p.inode && inode_is_dir(p.inode)))
        err = -EISDIR;
    else if (!p.inode)
        err = -ENOENT;
    else
        err = p.dir->ops->unlink(p.dir, p.name, p.name_len, p.inode);
    fs_place_fini(&p);
    return err;
}

static bool is_mount(const struct inode *inode)
{
    return inode->mounted || (inode == inode->super->root);
}

int fs_rmdir(struct inode *at, const char *path)
{
    static const int last_errs[] = {
        [FS_LAST_DOT] = -EINVAL, [FS_LAST_DOTDOT] = -ENOTEMPTY, [FS_LAST_ROOT] = -EBUSY};
    struct fs_place p;
    int err = fs_walk(at, path, 0, &p);

    if (err)
        return err;
    if (p.last != FS_LAST_NAME)
        err = last_errs[p.last];
    else if (!p.inode)
        err = -ENOENT;
    else if (!inode_is_dir(p.inode))
        err = -ENOTDIR;
    else if (is_mount(p.inode))
        err = -EBUSY;
    else
        err = p.dir->ops->unlink(p.dir, p.name, p.name_len, p.inode);
    fs_place_fini(&p);
    return err;
}

/* Is @dir the directory @top or somewhere below it? */
static bool is_within(struct inode *dir, const struct inode *top)
{
    struct inode *up;
    bool is_root;

    inode_get(dir);
    while (dir != top) {
        if (fs_parent(dir, &up))
            up = inode_get(dir);
        inode_put(dir);
        is_root = up == dir;
        dir = up;
        if (is_root)
            break;
    }
    inode_put(dir);
    return dir == top;
}

/* rename(2), in the order in which Linux finds fault. */
static int rename_check(const struct fs_place *from, const struct fs_place *to, u32 flags)
{
    if (from->dir->super != to->dir->super)
        return -EXDEV;
    if (from->last != FS_LAST_NAME)
        return -EBUSY;
    if (to->last != FS_LAST_NAME)
        return flags & FS_RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!from->inode)
        return -ENOENT;
    if (to->inode && flags & FS_RENAME_NOREPLACE)
        return -EEXIST;
    if (!inode_is_dir(from->inode) && (from->wants_dir || to->wants_dir))
        return -ENOTDIR;
    if (inode_is_dir(from->inode) && is_within(to->dir, from->inode))
        return -EINVAL;
    if (to->inode && inode_is_dir(to->inode) && is_within(from->dir, to->inode))
        return -ENOTEMPTY;
    if (is_mount(from->inode) || (to->inode && is_mount(to->inode)))
        return -EBUSY;
    if (!to->inode || to->inode == from->inode)
        return 0;
    if (inode_is_dir(from->inode) && !inode_is_dir(to->inode))
        return -ENOTDIR;
    if (!inode_is_dir(from->inode) && inode_is_dir(to->inode))
        return -EISDIR;
    return 0;
}

int fs_rename(struct inode *from_at, const char *from, struct inode *to_at, const char *to,
              u32 flags)
{
    struct fs_place f, t;
    int err = fs_walk(from_at, from, 0, &f);

    if (err)
        return err;
    err = fs_walk(to_at, to, 0, &t);
    if (err)
        goto fini_from;
    err = rename_check(&f, &t, flags);
    if (!err && t.inode != f.inode) /* two names of one file: nothing to do */
        err = f.dir->ops->rename(f.dir, f.name, f.name_len, f.inode, t.dir, t.name, t.name_len,
                                 t.inode);
    fs_place_fini(&t);
fini_from:
    fs_place_fini(&f);
    return err;
}

/* -- attributes -- */

static struct timespec timespec_of(u64 ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NSEC_PER_SEC),
                             .tv_nsec = (long)(ns % NSEC_PER_SEC)};
}

void fs_stat(const struct inode *inode, struct stat *st)
{
    st->st_dev = inode->super->dev;
    st->st_ino = inode->ino;
    st->st_mode = inode->mode;
    st->st_nlink = inode->nlink;
    st->st_uid = inode->uid;
    st->st_gid = inode->gid;
    st->st_rdev = inode->rdev;
    st->st_size = (off_t)inode->size;
    st->st_blksize = PAGE_SIZE;
    st->st_blocks = (blkcnt_t)inode->n_sectors;
    st->st_atim = timespec_of(inode->atime_ns);
    st->st_mtim = timespec_of(inode->mtime_ns);
    st->st_ctim = timespec_of(inode->ctime_ns);
}

void fs_statfs(struct inode *inode, struct statfs *sf)
{
    inode->super->ops->statfs(inode->super, sf);
}

int fs_truncate(struct inode *inode, s64 size)
{
    if (size < 0)
        return -EINVAL;
    if (inode_is_dir(inode))
        return -EISDIR;
    return S_ISREG(inode->mode) ? inode->ops->truncate(inode, (u64)size) : -EINVAL;
}

static int attributes_changed(struct inode *inode)
{
    inode->ctime_ns = clock_wall_ns();
    return inode->ops->setattr ? inode->ops->setattr(inode) : 0;
}

int fs_chmod(struct inode *inode, u32 mode)
{
    if (S_ISLNK(inode->mode))
        return -EOPNOTSUPP;
    inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
    return attributes_changed(inode);
}

int fs_chown(struct inode *inode, u32 uid, u32 gid)
{
    if (uid != UINT32_MAX)
        inode->uid = uid;
    if (gid != UINT32_MAX)
        inode->gid = gid;
    if (S_ISREG(inode->mode)) /* chown(2): no set-id bits survive */
        inode->mode &= ~(u32)(S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0));
    return attributes_changed(inode);
}

int fs_utime(struct inode *inode, u64 atime_ns, u64 mtime_ns)
{
    if (atime_ns != UINT64_MAX)
        inode->atime_ns = atime_ns;
    if (mtime_ns != UINT64_MAX)
        inode->mtime_ns = mtime_ns;
    return attributes_changed(inode);
}

int fs_access(struct inode *inode, int mode)
{
    if (mode & X_OK && S_ISREG(inode->mode) && !(inode->mode & 0111))
        return -EACCES;
    return 0;
}

int fs_mount(const char *path, struct super *sb)
{
    struct inode *at = fs_root(), *dir;
    int err = fs_find(at, path, FS_FOLLOW, &dir);

    inode_put(at);
    if (err)
        return err;
    if (!inode_is_dir(dir)) {
        inode_put(dir);
        return -ENOTDIR;
    }
    sb->covered = dir; /* both references stay as long as it is mounted */
    dir->mounted = inode_get(sb->root);
    return 0;
}
