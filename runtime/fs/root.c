#include "fs/root.h"

#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/panic.h"
#include "fs/devfs.h"
#include "fs/hostname.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"

static const struct {
    const char *path;
    u32 mode;
} dirs[] = {
    {"/dev", 0755},       {"/dev/shm", 01777}, {"/etc", 0755},     {"/proc", 0555},
    {"/proc/self", 0555}, {"/root", 0700},     {"/run", 0755},     {"/tmp", 01777},
    {"/var", 0755},       {"/var/log", 0755},  {"/var/run", 0755}, {"/var/tmp", 01777},
};

static int hosts_text(char *buf, size_t size)
{
    return fmt_snprintf(buf, size, "127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n",
                        hostname_get());
}

static int hostname_text(char *buf, size_t size)
{
    return fmt_snprintf(buf, size, "%s\n", hostname_get());
}

static int passwd_text(char *buf, size_t size)
{
    return fmt_snprintf(buf, size,
                        "root:x:0:0:root:/root:/bin/sh\n"
                        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
}

static int group_text(char *buf, size_t size)
{
    return fmt_snprintf(buf, size, "root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n");
}

static const struct fs_generator etc_files[] = {
    {"/etc/hosts", hosts_text},
    {"/etc/hostname", hostname_text},
    {"/etc/passwd", passwd_text},
    {"/etc/group", group_text},
    {NULL, NULL},
};

/* Make @path; the tree is not walkable yet, so by hand: at most two levels. */
static struct inode *node_make(struct inode *root, const char *path, u32 mode)
{
    const char *name = strrchr(path, '/') + 1;
    struct inode *dir = inode_get(root), *made = NULL;
    size_t len = (size_t)(name - path);
    int err = 0;

    if (len > 2) { /* "/DIR/" */
        inode_put(dir);
        err = root->ops->lookup(root, path + 1, len - 2, &dir);
    }
    if (!err)
        err = dir->ops->create(dir, name, strlen(name), mode, 0, &made);
    if (err)
        panic("fs: cannot make %s: error %d", path, err);
    inode_put(dir);
    return made;
}

static void generators_add(struct inode *root, const struct fs_generator *g, size_t n_max)
{
    for (size_t i = 0; i < n_max && g[i].path; i++) {
        struct inode *file = node_make(root, g[i].path, S_IFREG | 0444);

        ramfs_set_generator(file, g[i].fn);
        inode_put(file);
    }
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
            dir->ops->symlink(dir, "exe", 3, "/service");
        inode_put(dir);
    }
    generators_add(root, etc_files, SIZE_MAX);
    generators_add(root, procfs_files, SIZE_MAX);
    generators_add(root, fs_generators, N_GENERATORS_MAX);
    return root;
}
