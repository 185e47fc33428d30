/* Giving new files their descriptors: what every call that opens something ends with. */
#pragma once

#include "file/fdtable.h"

/* The descriptor of @f, or -errno and @f is gone. */
long install(struct file *f, bool cloexec);

/* Both or none. */
long install_pair(struct file *a, struct file *b, bool cloexec, int fds[2]);
