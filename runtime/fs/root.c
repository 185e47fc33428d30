#include "fs/root.h"

#include <string.h>
#include <sys/stat.h>

#include "base/panic.h"
#include "fs/devfs.h"
#include "fs/generator.h"
#include "fs/hostname.h"
#include "fs/ramfs.h"

static const struct {
    const char *path;
    u32 mode;
} dirs[] = {
    {"/dev", 0755},      {"/dev/shm", 01777},  {"/etc", 0755},     {"/proc", 0555},
    {"/proc/net", 0555}, {"/proc/self", 0555}, {"/root", 0700},    {"/run", 0755},
    {"/tmp", 01777},     {"/var", 0755},       {"/var/log", 0755}, {"/var/run", 0755},
    {"/var/tmp", 01777},
};

static void hosts_text(struct fmt_out *o)
{
    fmt_put(o, "127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n", hostname_get());
}

static void hostname_text(struct fmt_out *o)
{
    fmt_put(o, "%s\n", hostname_get());
}

static void passwd_text(struct fmt_out *o)
{
    fmt_put(o, "root:x:0:0:root:/root:/bin/sh\n"
               "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
}

static void group_text(struct fmt_out *o)
{
    fmt_put(o, "root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n");
}

FS_FILES const struct fs_generator etc_files[] = {
    {"/etc/hosts", hosts_text},
    {"/etc/hostname", hostname_text},
    {"/etc/passwd", passwd_text},
    {"/etc/group", group_text},
};

/* Make @path; the tree is not walkable yet, so by hand. */
static struct inode *node_make(struct inode *root, const char *path, u32 mode)
{
    struct inode *dir = inode_get(root), *made = NULL;
    const char *name = path + 1;
    int err = 0;

    for (const char *at = name; !err && *at; at++) {
        struct inode *above = dir;

        if (*at != '/')
            continue;
        err = above->ops->lookup(above, name, (size_t)(at - name), &dir);
        inode_put(above);
        name = at + 1;
    }
    if (!err)
        err = dir->ops->create(dir, name, strlen(name), mode, 0, &made);
    if (err)
        panic("fs: cannot make %s: error %d", path, err);
    inode_put(dir);
    return made;
}

static void generators_add(struct inode *root)
{
    for (const struct fs_generator *g = __skiff_fs_files_start; g < __skiff_fs_files_end; g++) {
        struct inode *file;

        if (!g->path || !g->fn)
            continue;
        file = node_make(root, g->path, S_IFREG | 0444);
        ramfs_set_generator(file, g->fn);
        inode_put(file);
    }
}

static void self_populate(struct inode *self)
{
    self->ops->symlink(self, "exe", 3, "/service");
    self->ops->symlink(self, "net", 3, "/proc/net");
}

struct inode *root_build(void)
{
    struct inode *root = ramfs_new(), *dir;

    if (!root)
        panic("fs: no memory for the root directory");
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        dir = node_make(root, dirs[i].path, S_IFDIR | dirs[i].mode);
        if (!strcmp(dirs[i].path, "/dev") && devfs_populate(dir))
            panic("fs: no memory for /dev");
        if (!strcmp(dirs[i].path, "/proc/self"))
            self_populate(dir);
        inode_put(dir);
    }
    generators_add(root);
    return root;
}
