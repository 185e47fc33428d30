/*
 * epoll(7): a file that collects readiness of other files. What became ready is queued by the wake
 * function of a waiter on each watched file, so waiting costs by what is ready, not by what is
 * watched.
 */
#pragma once

#include <sys/epoll.h>

#include "file/file.h"

/* Returns 0 or -ENOMEM. */
int epoll_new(struct file **out);

/**
 * Add, change or remove the watch on @target under descriptor @fd.
 *
 * The watch holds no reference: it ends with the last reference to @target.
 * Returns  0; -EPERM @target has no readiness; -EINVAL; -EEXIST; -ENOENT; -ELOOP; -ENOMEM
 * Spec     epoll_ctl(2)
 */
int epoll_change(struct file *f, int op, struct file *target, int fd,
                 const struct epoll_event *event);

/**
 * Take up to @n_max events.
 *
 * @timeout_ns  0 = do not wait; DEADLINE_NEVER
 * Returns  their number, 0 when the time is over; -EINVAL; -EINTR
 * Spec     epoll_wait(2)
 */
int epoll_take(struct file *f, struct epoll_event *events, int n_max, u64 timeout_ns);
