/* eventfd(2): a counter to wait for. */
#pragma once

#include "file/file.h"

/* @flags: O_NONBLOCK. @is_semaphore: a read takes 1. Returns 0 or -ENOMEM. */
int eventfd_new(u32 initial, u32 flags, bool is_semaphore, struct file **out);
