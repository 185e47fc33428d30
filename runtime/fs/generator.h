/*
 * Files whose text is made when they are opened: tables of them, each of which ends with a path of
 * NULL. Their directories are those of root.c.
 */
#pragma once

#include "base/fmt.h"
#include "base/types.h"

/* Write the text to @o, however long it is; may not sleep once it has begun. */
typedef void fs_generator_fn(struct fmt_out *o);

struct fs_generator {
    const char *path;
    fs_generator_fn *fn; /* NULL: not in this image */
};

extern const struct fs_generator procfs_files[];
/* The network's, of which this room knows nothing else: sys/net_files.c. Named weakly by root.c. */
extern const struct fs_generator net_files[];
