/* pipe(7): 64 KiB of bytes between two files. Writes of up to PIPE_BUF bytes are atomic. */
#pragma once

#include "file/file.h"
#include "file/ring.h"

/* For those who move what is in it by other ways than read() and write(): they tell the other end
 * with file_notify(). */
struct pipe {
    struct file read_end, write_end;
    struct ring ring;
    bool has_reader, has_writer;
};

/* The pipe of which @f is an end, or NULL. */
struct pipe *pipe_of(struct file *f);

/* @flags: O_NONBLOCK for both ends. Returns 0 or -ENOMEM. */
int pipe_new(u32 flags, struct file **read_end, struct file **write_end);
