/*
 * What a file system shows to the path walk: inodes and their operations. Users of files see vfs.h;
 * this header is for those who write a file system.
 *
 * The attributes every file system has live in struct inode itself, kept current by its owner; the
 * operations are called with arguments the caller has checked (the name is no "." or "..", a free
 * name is free, a directory is one). Names are at most FS_NAME_MAX bytes, without NUL.
 */
#pragma once

#include <sys/types.h>

#include "base/types.h"

#define FS_NAME_MAX 255

struct inode;
struct statfs;
struct super;

/* Takes one directory entry. Returns false when it has no room: then getdents() stops before it. */
typedef bool fs_emit_fn(void *ctx, u64 next_pos, u64 ino, u32 mode, const char *name, size_t len);

struct inode_ops {
    /* Find @name in @dir, ".." included. Returns 0 and a reference; -ENOENT. */
    int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **out);
    /* Make a file, directory or device of this @mode. Returns 0 and a reference; -ENOSPC. */
    int (*create)(struct inode *dir, const char *name, size_t len, u32 mode, u64 rdev,
                  struct inode **out);
    int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target);
    int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
    /* Remove the entry of @inode. An empty directory goes the same way; -ENOTEMPTY otherwise. */
    int (*unlink)(struct inode *dir, const char *name, size_t len, struct inode *inode);
    /* Move the entry of @inode. @over, if not NULL, loses its entry: a directory must be empty. */
    int (*rename)(struct inode *dir, const char *name, size_t len, struct inode *inode,
                  struct inode *to_dir, const char *to_name, size_t to_len, struct inode *over);
    /* Entries from @pos on, which moves. Returns 0 at the end or when emit had no room. */
    int (*getdents)(struct inode *dir, u64 *pos, fs_emit_fn *emit, void *ctx);

    ssize_t (*read)(struct inode *inode, void *buf, size_t len, u64 off);
    ssize_t (*write)(struct inode *inode, const void *buf, size_t len, u64 off); /* grows size */
    int (*truncate)(struct inode *inode, u64 size);
    void *(*page)(struct inode *inode,
                  u64 i); /* page @i of the content, made if need be; or NULL */
    ssize_t (*readlink)(struct inode *inode, char *buf, size_t size);

    int (*open)(struct inode *inode, u32 flags); /* NULL = nothing to do */
    int (*setattr)(struct inode *inode);  /* mode, owner, times have changed; NULL likewise */
    void (*release)(struct inode *inode); /* last reference gone */
};

struct inode {
    const struct inode_ops *ops;
    struct super *super;
    struct inode *mounted; /* root of what is mounted here, or NULL */
    u64 ino;
    u64 size; /* bytes */
    u64 rdev;
    u64 n_sectors; /* of 512 bytes, in use */
    u64 atime_ns, mtime_ns, ctime_ns, btime_ns;
    u32 refs;
    u32 mode; /* S_IF… and permissions */
    u32 nlink;
    u32 uid, gid;
};

/* One mounted file system. */
struct super {
    const struct super_ops *ops;
    struct inode *root;
    struct inode *covered; /* the directory it is mounted on; NULL for the first root */
    u64 dev;
};

struct super_ops {
    void (*statfs)(struct super *sb, struct statfs *sf); /* @sf is zeroed */
};

static inline struct inode *inode_get(struct inode *inode)
{
    inode->refs++;
    return inode;
}

static inline void inode_put(struct inode *inode)
{
    if (!--inode->refs)
        inode->ops->release(inode);
}

static inline bool inode_is_dir(const struct inode *inode)
{
    return (inode->mode & 0170000) == 0040000;
}
