/* timerfd_create(2): a timer to wait for. */
#pragma once

#include "file/file.h"

struct itimerspec;

/* @is_wall: the clock is CLOCK_REALTIME, not CLOCK_MONOTONIC. @flags: O_NONBLOCK. 0 or -ENOMEM. */
int timerfd_new(bool is_wall, u32 flags, struct file **out);

/**
 * Arm, disarm (it_value 0) or ask.
 *
 * @is_absolute  it_value is a time on the timer's clock, not from now
 * @to, @old     either may be NULL; the times in @to are valid
 * Returns  0; -EINVAL @f is no timer
 */
int timerfd_set(struct file *f, bool is_absolute, const struct itimerspec *to,
                struct itimerspec *old);
