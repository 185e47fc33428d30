/*
 * A formatter of about a kilobyte: for the runtime's own text (the log, the fault report,
 * /etc/resolv.conf), and for the service's printf() where its format says that this is enough
 * (libc/overlay/include/skiff/stdio.h): musl's vfprintf costs an image 9 kB.
 */
#pragma once

#include <stdarg.h>

#include "base/types.h"

/* Where text goes. */
struct fmt_out {
    char *buf;
    size_t size, used; /* bytes of buf */
    size_t total;      /* bytes of text so far, dropped ones included; 0 at first */
    /* Called when buf is full: sets used to 0. NULL: what does not fit is dropped. */
    void (*flush)(struct fmt_out *o);
};

/**
 * Format as printf() does, without a terminator.
 *
 * Understands the conversions c s d i o u x X p % with every flag and modifier of C11 §7.21.6.1
 * (wide characters excepted), widths and precisions, '*' included. Anything else is copied as it
 * stands. Returns  o->total; -1 if that exceeded INT_MAX
 */
int fmt_write(struct fmt_out *o, const char *fmt, va_list ap);
int fmt_put(struct fmt_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * The same into @buf, like vsnprintf().
 *
 * Returns  the length the whole text has or would have; @buf is always terminated if @size > 0
 */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
