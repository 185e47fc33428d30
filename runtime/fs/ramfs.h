/* Files in memory: a tree of inodes; file content in single pages, holes cost nothing. */
#pragma once

#include "fs/generator.h"
#include "fs/inode.h"

/* A new, empty file system. Returns its root directory with a reference, or NULL. */
struct inode *ramfs_new(void);

/* Let @fn write the content of @inode, an ordinary file of a ramfs, whenever it is opened, until
 * somebody opens it for writing. */
void ramfs_set_generator(struct inode *inode, fs_generator_fn *fn);
