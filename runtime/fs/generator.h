/*
 * Files whose text is made when they are opened. Rooms that fs/ does not know (the network and its
 * /etc/resolv.conf) register theirs through boot/. This costs a service without files one table.
 */
#pragma once

#include "base/types.h"

/* Write the text into @buf. Returns its length, at most @size. */
typedef int fs_generator_fn(char *buf, size_t size);

struct fs_generator {
    const char *path;
    fs_generator_fn *fn;
};

#define N_GENERATORS_MAX 8
extern struct fs_generator
    fs_generators[N_GENERATORS_MAX]; /* ends with path == NULL, if not full */

/* Before the first path is walked. @path stays the caller's; its directory is one of root.h's. */
void fs_set_generator(const char *path, fs_generator_fn *fn);
