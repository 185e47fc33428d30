/* Names of AF_UNIX sockets. */
#pragma once

#include "fs/inode.h"

/* Make a name for a socket. Returns 0 and a reference; -EADDRINUSE it exists; what the path walk
 * and mknod(2) say. */
int sockname_make(const char *path, struct inode **out);

/* Find one. Returns 0 and a reference; -ECONNREFUSED it is no socket; what the path walk says. */
int sockname_find(const char *path, struct inode **out);
