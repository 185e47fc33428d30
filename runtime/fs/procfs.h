/* The few files of /proc that services look at, as generators. */
#pragma once

#include "fs/generator.h"

extern const struct fs_generator procfs_files[]; /* ends with path == NULL */
