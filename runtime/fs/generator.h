/*
 * Files whose text is made when they are opened, in tables that root.c makes into files. A table is
 * in a section of the image that holds nothing else (skiff.ld), and fs_open() keeps it there: a
 * service that walks paths only to name sockets has none of these files.
 */
#pragma once

#include "base/fmt.h"
#include "base/types.h"

/* Write the text to @o, however long it is; may not sleep once it has begun. */
typedef void fs_generator_fn(struct fmt_out *o);

/* The directory of @path is one of root.c's. */
struct fs_generator {
    const char *path;    /* NULL: padding */
    fs_generator_fn *fn; /* NULL: not in this image */
};

#ifdef SKIFF_HOST_TEST /* the host's linker knows start and end of a section with such a name */
#define FS_FILES               __attribute__((section("skiff_fs_files")))
#define __skiff_fs_files_start __start_skiff_fs_files
#define __skiff_fs_files_end   __stop_skiff_fs_files
#else
#define FS_FILES __attribute__((section(".skiff.fs_files")))
#endif
extern const struct fs_generator __skiff_fs_files_start[], __skiff_fs_files_end[];

extern const struct fs_generator etc_files[4], procfs_files[5];
/* The network's, of which this room knows nothing else: sys/net_files.c. Named weakly by open.c. */
extern const struct fs_generator net_files[];
