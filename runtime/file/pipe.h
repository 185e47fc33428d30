/* pipe(7): 64 KiB of bytes between two files. Writes of up to PIPE_BUF bytes are atomic. */
#pragma once

#include "file/file.h"

/* @flags: O_NONBLOCK for both ends. Returns 0 or -ENOMEM. */
int pipe_new(u32 flags, struct file **read_end, struct file **write_end);
