/*
 * The descriptor table beyond fd_install(), fd_get() and fd_close() of file.h. One per machine:
 * there is one process. It starts in static storage and moves to the heap when a service opens
 * more.
 */
#pragma once

#include "file/file.h"

#define FD_LIMIT_SOFT 1024u
#define FD_LIMIT_HARD 1048576u /* nothing raises RLIMIT_NOFILE beyond (proc(5), nr_open) */

/* Boot: the first @n descriptors, 64 at most, with the references of @files. Apart from
 * fd_install() because it can neither grow nor fail: a service that opens nothing links no more. */
void fd_start(struct file *files, u32 n);

/**
 * Make @fd refer to @f, closing what it was before: dup2(2).
 *
 * Takes over the caller's reference on success.
 * Returns  @fd; -EBADF beyond RLIMIT_NOFILE; -ENOMEM
 */
int fd_install_at(struct file *f, int fd, bool cloexec);

/* The close-on-exec flag: kept for fcntl(2), without effect as nothing is ever executed. */
bool fd_is_cloexec(int fd); /* @fd must be open */
void fd_set_cloexec(int fd, bool on);

/* RLIMIT_NOFILE, soft: descriptors stay below it. */
u32 fd_limit(void);
void fd_set_limit(u32 limit);

/* Close everything: the process ends. */
void fd_close_all(void);
