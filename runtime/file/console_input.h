/* The input half of the console: file operations of descriptors 0 to 2, between console.c and
 * itself. */
#pragma once

#include "file/console.h"
#include "file/file.h"

extern struct file console_files[3]; /* stdin, stdout, stderr: separate flags; never freed */
extern const struct console_dev *console_device;

ssize_t console_read(struct file *f, const struct iovec *iov, int n_iov, s64 off);
u32 console_poll(struct file *f);

/* Bytes that a read would find now. */
int console_pending(void);
