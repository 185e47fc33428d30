/* What read.c and write.c share. */
#pragma once

#include "file/file.h"

/* "At the current position", as the ops spell it; and for preadv2(2). */
#define OFF_CURRENT (-1)

/* readv(2): every length and the sum fit ssize_t. 0, -EINVAL, -EFAULT. */
int rw_iov_check(const struct iovec *iov, int n_iov);

/* The file behind @fd, referenced, if bytes may be moved in this direction (@mode_refused is
 * O_WRONLY or O_RDONLY) at this offset. 0, -EBADF, -ESPIPE. */
int rw_begin(int fd, int mode_refused, s64 off, struct file **out);
