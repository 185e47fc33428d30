/*
 * A formatter of a few hundred bytes for the runtime's own text (the log, the fault report,
 * /etc/resolv.conf): musl's vfprintf would cost every image 7 kB.
 */
#pragma once

#include <stdarg.h>

#include "base/types.h"

/**
 * Format into @buf like vsnprintf().
 *
 * Understands %c %s %.*s %d %i %u %x %p %% with the modifiers l, ll, z, the flags 0 and -, and a
 * width. Anything else is copied as it stands.
 * Returns  the length the whole text has or would have; @buf is always terminated if @size > 0
 */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
