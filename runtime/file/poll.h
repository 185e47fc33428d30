/* Waiting for any of a few files at once: the core of poll(2) and select(2). */
#pragma once

#include <poll.h>

#include "file/file.h"

/**
 * Fill in revents of @n entries; wait until there is one, if @timeout_ns allows.
 *
 * @timeout_ns  0 = do not wait; DEADLINE_NEVER
 * Returns  number of entries with revents; 0 when the time is over; -EINTR; -ENOMEM
 * Spec     poll(2)
 */
int poll_files(struct pollfd *fds, size_t n, u64 timeout_ns);
