/* Where a relative path starts: what every …at() call begins with. */
#pragma once

#include "fs/vfs.h"

/**
 * The inode that @path is relative to.
 *
 * @dirfd   AT_FDCWD or a descriptor; not looked at if @path is absolute
 * Returns  0 and a reference; -EFAULT without a path; -EBADF; -ENOTDIR
 */
int at_begin(int dirfd, const char *path, struct inode **at);

/**
 * The inode that @dirfd and @path name.
 *
 * @flags   AT_EMPTY_PATH: an empty path means @dirfd itself; AT_SYMLINK_NOFOLLOW
 * Returns  0 and a reference; -errno
 */
int at_find(int dirfd, const char *path, int flags, struct inode **out);

/* The inode of an open file. Returns 0 and a reference; -EBADF; -EINVAL it has none. */
int at_fd(int fd, struct inode **out);
