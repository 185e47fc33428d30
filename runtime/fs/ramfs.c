#include "fs/ramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "arch/copy.h"
#include "base/list.h"
#include "mem/heap.h"
#include "mem/page.h"
#include "mem/vm.h"
#include "sched/clock.h"

#pragma weak vm_shared_cut /* not linked unless something maps files */

#define RAMFS_MAGIC   0x858458f6
#define N_SLOTS       512u /* pointers in a page */
#define SLOT_BITS     9
/* This part of RAM is not for files: the network and the service's own memory come first. */
#define RESERVE_SHIFT 4

struct ramfs_inode {
    struct inode inode;
    union {
        struct {
            struct list entries;        /* ramfs_entry, oldest first */
            struct ramfs_inode *parent; /* no reference: outlives us while nlink > 0 */
            u64 last_pos;               /* of the newest entry */
        } dir;
        struct {
            void *top; /* radix tree: at height 0 the page itself, else N_SLOTS pointers */
            u32 height;
            fs_generator_fn *generate;
        } file;
        char *target; /* symbolic link */
    };
};

/* LIMIT: a directory is a list; lift when one with thousands of files matters. */
struct ramfs_entry {
    struct list node;
    struct ramfs_inode *to; /* counted in nlink */
    u64 pos;                /* for getdents: grows along the list; 1 and 2 are "." and ".." */
    u8 len;
    char name[];
};

struct ramfs {
    struct super super;
    u64 last_ino;
};

static const struct inode_ops ramfs_ops;

static struct ramfs_inode *ram_of(struct inode *inode)
{
    return CONTAINER_OF(inode, struct ramfs_inode, inode);
}

static void touch(struct inode *inode)
{
    inode->mtime_ns = inode->ctime_ns = clock_wall_ns();
}

static struct ramfs_inode *ram_new(struct super *super, u32 mode, u64 rdev)
{
    struct ramfs_inode *ri = heap_new(sizeof(*ri));

    if (!ri)
        return NULL;
    ri->inode = (struct inode){.ops = &ramfs_ops,
                               .super = super,
                               .ino = ++CONTAINER_OF(super, struct ramfs, super)->last_ino,
                               .rdev = rdev,
                               .refs = 1,
                               .mode = mode};
    touch(&ri->inode);
    ri->inode.atime_ns = ri->inode.btime_ns = ri->inode.mtime_ns;
    if (S_ISDIR(mode)) {
        list_init(&ri->dir.entries);
        ri->dir.last_pos = 2;
        ri->inode.nlink = 1; /* its own "." */
    }
    return ri;
}

/* -- file content -- */

static void *zero_page(void)
{
    void *page = page_avail() > page_total() >> RESERVE_SHIFT ? page_alloc(1) : NULL;

    if (page)
        memset(page, 0, PAGE_SIZE);
    return page;
}

/* Page @i of the file; where there is none, make it or return NULL. */
static u8 *content_page(struct ramfs_inode *ri, u64 i, bool make)
{
    void **slot = &ri->file.top;

    while (i >> (ri->file.height * SLOT_BITS)) { /* the tree is too low */
        void **node;

        if (!make)
            return NULL;
        if (ri->file.top) {
            node = zero_page();
            if (!node)
                return NULL;
            node[0] = ri->file.top;
            ri->file.top = node;
        }
        ri->file.height++;
    }
    for (u32 level = ri->file.height;; level--) {
        if (!*slot && make) {
            *slot = zero_page();
            if (*slot && !level)
                ri->inode.n_sectors += PAGE_SIZE / 512;
        }
        if (!*slot || !level)
            return *slot;
        slot = &((void **)*slot)[i >> ((level - 1) * SLOT_BITS) & (N_SLOTS - 1)];
    }
}

/* Free the pages from number @from on, of a tree that starts at 0. Depth is at most 6. */
static void content_free(struct ramfs_inode *ri, void **slot, u32 level, u64 from)
{
    if (!*slot)
        return;
    if (level) {
        u64 span_bits = (level - 1) * SLOT_BITS;

        for (u64 i = from >> span_bits; i < N_SLOTS; i++) {
            u64 start = i << span_bits;

            content_free(ri, &((void **)*slot)[i], level - 1, from > start ? from - start : 0);
        }
    }
    if (from)
        return;
    page_free(*slot, 1);
    *slot = NULL;
    if (!level)
        ri->inode.n_sectors -= PAGE_SIZE / 512;
}

static ssize_t ramfs_read(struct inode *inode, void *buf, size_t len, u64 off)
{
    size_t done = 0;

    if (off >= inode->size)
        return 0;
    len = MIN(len, inode->size - off);
    while (done < len) {
        size_t at = (off + done) % PAGE_SIZE, n = MIN(len - done, PAGE_SIZE - at);
        u8 *page = content_page(ram_of(inode), (off + done) / PAGE_SIZE, false);

        if (page)
            copy_block((u8 *)buf + done, page + at, n);
        else
            memset((u8 *)buf + done, 0, n);
        done += n;
    }
    return (ssize_t)done;
}

static ssize_t ramfs_write(struct inode *inode, const void *buf, size_t len, u64 off)
{
    size_t done = 0;

    while (done < len) {
        size_t at = (off + done) % PAGE_SIZE, n = MIN(len - done, PAGE_SIZE - at);
        u8 *page = content_page(ram_of(inode), (off + done) / PAGE_SIZE, true);

        if (!page)
            break;
        copy_block(page + at, (const u8 *)buf + done, n);
        done += n;
    }
    inode->size = MAX(inode->size, done ? off + done : 0);
    touch(inode);
    return done || !len ? (ssize_t)done : -ENOSPC;
}

static void *ramfs_page(struct inode *inode, u64 i)
{
    return content_page(ram_of(inode), i, true);
}

static int ramfs_truncate(struct inode *inode, u64 size)
{
    struct ramfs_inode *ri = ram_of(inode);

    if (size < inode->size) {
        u64 first_gone = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;
        u8 *page = size % PAGE_SIZE ? content_page(ri, size / PAGE_SIZE, false) : NULL;

        if (vm_shared_cut)
            vm_shared_cut(inode, first_gone);
        if (page) /* if the file grows again, it grows by zeros */
            memset(page + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
        if (!(first_gone >> (ri->file.height * SLOT_BITS)))
            content_free(ri, &ri->file.top, ri->file.height, first_gone);
        if (!size)
            ri->file.height = 0;
    }
    inode->size = size;
    touch(inode);
    return 0;
}

void ramfs_set_generator(struct inode *inode, fs_generator_fn *fn)
{
    ram_of(inode)->file.generate = fn;
}

/* Text on its way into a file. */
struct generation {
    struct fmt_out out;
    struct inode *inode;
    u64 len_bytes; /* that are there already */
    int err;
};

static void generation_flush(struct fmt_out *o)
{
    struct generation *g = CONTAINER_OF(o, struct generation, out);
    ssize_t n = ramfs_write(g->inode, o->buf, o->used, g->len_bytes);

    if (n != (ssize_t)o->used) /* rather no text than a part of it */
        g->err = -ENOMEM;
    g->len_bytes += o->used;
    o->used = 0;
}

static int ramfs_open(struct inode *inode, u32 flags)
{
    struct ramfs_inode *ri = ram_of(inode);
    struct generation g = {.out = {.size = PAGE_SIZE, .flush = generation_flush}, .inode = inode};

    if (!S_ISREG(inode->mode) || !ri->file.generate)
        return 0;
    if ((flags & O_ACCMODE) != O_RDONLY) {
        ri->file.generate = NULL;
        return 0;
    }
    g.out.buf = page_alloc(1);
    if (!g.out.buf)
        return -ENOMEM;
    ri->file.generate(&g.out);
    generation_flush(&g.out);
    ramfs_truncate(inode, g.len_bytes);
    page_free(g.out.buf, 1);
    return g.err;
}

/* -- directories -- */

static struct ramfs_entry *entry_find(struct inode *dir, const char *name, size_t len)
{
    list_for_each (node, &ram_of(dir)->dir.entries) {
        struct ramfs_entry *e = list_entry(node, struct ramfs_entry, node);

        if (e->len == len && !memcmp(e->name, name, len))
            return e;
    }
    return NULL;
}

static int entry_add(struct inode *dir, const char *name, size_t len, struct ramfs_inode *to)
{
    struct ramfs_inode *rd = ram_of(dir);
    struct ramfs_entry *e;

    if (!dir->nlink) /* somebody's working directory that was removed */
        return -ENOENT;
    e = heap_new(sizeof(*e) + len);
    if (!e)
        return -ENOSPC;
    e->to = to;
    e->pos = ++rd->dir.last_pos;
    e->len = (u8)len;
    memcpy(e->name, name, len);
    list_push_back(&rd->dir.entries, &e->node);
    to->inode.nlink++;
    if (S_ISDIR(to->inode.mode)) {
        to->dir.parent = rd;
        dir->nlink++; /* its ".." */
    }
    touch(dir);
    to->inode.ctime_ns = dir->ctime_ns;
    return 0;
}

static void entry_remove(struct inode *dir, struct ramfs_entry *e)
{
    struct inode *inode = &e->to->inode;

    list_remove(&e->node);
    heap_free(e);
    inode->nlink--;
    if (inode_is_dir(inode))
        dir->nlink--;
    touch(dir);
    inode->ctime_ns = dir->ctime_ns;
}

static int ramfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
    struct ramfs_entry *e;

    if (!dir->nlink) /* removed: its parent may be gone */
        return -ENOENT;
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        *out = inode_get(&ram_of(dir)->dir.parent->inode);
        return 0;
    }
    e = entry_find(dir, name, len);
    if (!e)
        return -ENOENT;
    *out = inode_get(&e->to->inode);
    return 0;
}

static int ramfs_create(struct inode *dir, const char *name, size_t len, u32 mode, u64 rdev,
                        struct inode **out)
{
    struct ramfs_inode *ri = ram_new(dir->super, mode, rdev);
    int err;

    if (!ri)
        return -ENOSPC;
    err = entry_add(dir, name, len, ri);
    if (err) {
        ri->inode.nlink = 0;
        inode_put(&ri->inode);
        return err;
    }
    *out = &ri->inode;
    return 0;
}

static int ramfs_symlink(struct inode *dir, const char *name, size_t len, const char *target)
{
    size_t target_len = strlen(target);
    char *copy = heap_new(target_len + 1);
    struct inode *inode;
    int err;

    if (!copy)
        return -ENOSPC;
    memcpy(copy, target, target_len);
    err = ramfs_create(dir, name, len, S_IFLNK | 0777, 0, &inode);
    if (err) {
        heap_free(copy);
        return err;
    }
    ram_of(inode)->target = copy;
    inode->size = target_len;
    inode_put(inode);
    return 0;
}

static int ramfs_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
    return entry_add(dir, name, len, ram_of(inode));
}

static bool is_empty_dir(const struct inode *inode)
{
    return list_empty(&CONTAINER_OF(inode, const struct ramfs_inode, inode)->dir.entries);
}

static int ramfs_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
    if (inode_is_dir(inode) && !is_empty_dir(inode))
        return -ENOTEMPTY;
    entry_remove(dir, entry_find(dir, name, len));
    if (inode_is_dir(inode))
        inode->nlink--; /* its own "." */
    return 0;
}

static int ramfs_rename(struct inode *dir, const char *name, size_t len, struct inode *inode,
                        struct inode *to_dir, const char *to_name, size_t to_len,
                        struct inode *over)
{
    int err;

    if (over && inode_is_dir(over) && !is_empty_dir(over))
        return -ENOTEMPTY;
    err = entry_add(to_dir, to_name, to_len, ram_of(inode));
    if (err)
        return err;
    if (over) /* the older entry of that name: entry_find() meets it first */
        ramfs_unlink(to_dir, to_name, to_len, over);
    entry_remove(dir, entry_find(dir, name, len));
    return 0;
}

static int ramfs_getdents(struct inode *dir, u64 *pos, fs_emit_fn *emit, void *ctx)
{
    struct ramfs_inode *rd = ram_of(dir);

    if (!dir->nlink)
        return -ENOENT;
    if (*pos < 1) {
        if (!emit(ctx, 1, dir->ino, dir->mode, ".", 1))
            return 0;
        *pos = 1;
    }
    if (*pos < 2) {
        if (!emit(ctx, 2, rd->dir.parent->inode.ino, dir->mode, "..", 2))
            return 0;
        *pos = 2;
    }
    list_for_each (node, &rd->dir.entries) {
        struct ramfs_entry *e = list_entry(node, struct ramfs_entry, node);

        if (e->pos <= *pos)
            continue;
        if (!emit(ctx, e->pos, e->to->inode.ino, e->to->inode.mode, e->name, e->len))
            return 0;
        *pos = e->pos;
    }
    return 0;
}

static ssize_t ramfs_readlink(struct inode *inode, char *buf, size_t size)
{
    size = MIN(size, inode->size);
    memcpy(buf, ram_of(inode)->target, size);
    return (ssize_t)size;
}

static void ramfs_release(struct inode *inode)
{
    struct ramfs_inode *ri = ram_of(inode);

    if (inode->nlink)
        return;
    if (S_ISREG(inode->mode))
        content_free(ri, &ri->file.top, ri->file.height, 0);
    else if (S_ISLNK(inode->mode))
        heap_free(ri->target);
    heap_free(ri);
}

static void ramfs_statfs(struct super *sb, struct statfs *sf)
{
    size_t reserve = page_total() >> RESERVE_SHIFT, avail = page_avail();

    (void)sb;
    sf->f_type = RAMFS_MAGIC;
    sf->f_bsize = sf->f_frsize = PAGE_SIZE;
    sf->f_blocks = page_total();
    sf->f_bfree = sf->f_bavail = avail > reserve ? avail - reserve : 0;
    sf->f_namelen = FS_NAME_MAX;
}

static const struct inode_ops ramfs_ops = {
    .lookup = ramfs_lookup,
    .create = ramfs_create,
    .symlink = ramfs_symlink,
    .link = ramfs_link,
    .unlink = ramfs_unlink,
    .rename = ramfs_rename,
    .getdents = ramfs_getdents,
    .read = ramfs_read,
    .write = ramfs_write,
    .truncate = ramfs_truncate,
    .page = ramfs_page,
    .readlink = ramfs_readlink,
    .open = ramfs_open,
    .release = ramfs_release,
};

static const struct super_ops ramfs_super_ops = {.statfs = ramfs_statfs};

struct inode *ramfs_new(void)
{
    static u64 last_dev;
    struct ramfs *fs = heap_new(sizeof(*fs));
    struct ramfs_inode *root;

    if (!fs)
        return NULL;
    fs->super.ops = &ramfs_super_ops;
    fs->super.dev = ++last_dev;
    root = ram_new(&fs->super, S_IFDIR | 0755, 0);
    if (!root) {
        heap_free(fs);
        return NULL;
    }
    root->inode.nlink++;
    root->dir.parent = root;
    fs->super.root = &root->inode;
    return &root->inode;
}
