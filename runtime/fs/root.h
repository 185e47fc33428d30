/* The tree every machine starts with: /dev /etc /proc /tmp in a ramfs. */
#pragma once

#include "fs/inode.h"

/* Build it and return its root. Panics without memory: asked for once, at the first path. */
struct inode *root_build(void);
