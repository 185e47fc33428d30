/* The character devices of /dev, by device number. */
#pragma once

#include "file/file.h"
#include "fs/inode.h"

/* Make the device nodes in @dev, an empty directory. Returns 0 or -ENOSPC. */
int devfs_populate(struct inode *dev);

/* How to read and write device @rdev. Returns 0 or -ENXIO. */
int devfs_ops(u64 rdev, const struct file_ops **ops);

/* Devices that are another open file: true, and a reference to it or NULL if that is not open. */
bool devfs_file(u64 rdev, struct file **out);

/* From open.c: every file that fs_open() made has these. */
int fs_file_stat(struct file *f, struct stat *st);
void fs_file_release(struct file *f);
