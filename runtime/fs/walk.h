/*
 * The path walk: from a directory and a path to the place it names. There is no cache of names:
 * each component is one lookup in its directory.
 */
#pragma once

#include "fs/inode.h"

enum fs_last { FS_LAST_NAME, FS_LAST_DOT, FS_LAST_DOTDOT, FS_LAST_ROOT };

/* Where a path leads. */
struct fs_place {
    struct inode *dir;   /* that holds the last component, with a reference */
    struct inode *inode; /* what is there, with a reference, or NULL */
    const char *name;    /* last component; in the path or in buf */
    size_t name_len;
    enum fs_last last; /* what the last component is */
    bool wants_dir;    /* the path ends in a slash */
    char *buf;
};

#define FS_FOLLOW BIT(0) /* follow a symbolic link in the last component */

/**
 * Walk @path from @at.
 *
 * A missing last component is no error: inode is NULL then.
 * Returns  0, then fs_place_fini(); -ENOENT (an empty path, too) -ENOTDIR -ELOOP -ENAMETOOLONG
 * Spec     path_resolution(7)
 */
int fs_walk(struct inode *at, const char *path, u32 flags, struct fs_place *out);
void fs_place_fini(struct fs_place *p);

/* Walk to something that exists. Returns 0 and a reference, or what fs_walk() says; -ENOENT. */
int fs_find(struct inode *at, const char *path, u32 flags, struct inode **out);

/* The directory above @dir, across mounts; the root's is the root. Returns 0 and a reference. */
int fs_parent(struct inode *dir, struct inode **out);

/* The root directory, with a reference; built when first asked for. */
struct inode *fs_root(void);
