/*
 * Files by name, as sys/ sees them: one function per thing to do, Linux semantics and errnos. @at
 * is where a relative path starts. Everything belongs to root and root may do everything, so modes
 * are kept but refuse nothing (LIMIT: one user; but what nobody may execute is not executable).
 */
#pragma once

#include "file/file.h"
#include "fs/walk.h"

struct statfs;

/* Where a process stands: its working directory and its umask. */
struct inode *fs_cwd(void); /* with a reference */
int fs_chdir(struct inode *dir);
u32 fs_umask(u32 mask); /* returns the old one */

/**
 * The absolute path of the working directory, as text with its NUL at the end of @buf.
 *
 * Returns  length with the NUL; -ERANGE; -ENOENT it was removed
 * Spec     getcwd(2)
 */
ssize_t fs_getcwd(char *buf, size_t size);

/* open(2): @flags as there, O_CLOEXEC ignored. */
int fs_open(struct inode *at, const char *path, u32 flags, u32 mode, struct file **out);
/* The inode behind @f, or NULL: @f is not a file of a file system. */
struct inode *fs_inode_of(struct file *f);

int fs_mkdir(struct inode *at, const char *path, u32 mode);
int fs_rmdir(struct inode *at, const char *path);
int fs_unlink(struct inode *at, const char *path);
int fs_symlink(const char *target, struct inode *at, const char *path);
int fs_link(struct inode *inode, struct inode *at, const char *path);
#define FS_RENAME_NOREPLACE BIT(0) /* RENAME_NOREPLACE of renameat2(2) */
int fs_rename(struct inode *from_at, const char *from, struct inode *to_at, const char *to,
              u32 flags);

/* Attributes. */
void fs_stat(const struct inode *inode, struct stat *st); /* @st is zeroed */
void fs_statfs(struct inode *inode, struct statfs *sf);
int fs_truncate(struct inode *inode, s64 size); /* -EISDIR, -EINVAL */
int fs_chmod(struct inode *inode, u32 mode);
int fs_chown(struct inode *inode, u32 uid, u32 gid); /* UINT32_MAX: leave as it is */
/* UINT64_MAX: leave as it is. */
int fs_utime(struct inode *inode, u64 atime_ns, u64 mtime_ns);
int fs_access(struct inode *inode, int mode);

/* Put the root of @sb over the directory @path. Returns 0, or what the walk says. */
int fs_mount(const char *path, struct super *sb);
