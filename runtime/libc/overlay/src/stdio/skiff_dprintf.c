/* dprintf() of formats that base/fmt.h is enough for; <skiff/stdio.h> calls it. No stream is made. */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>
#include "base/fmt.h"

struct fd_out {
	struct fmt_out out; /* first: what flush() gets */
	int fd, failed;
	char buf[256]; /* so that a message is one write */
};

static void flush(struct fmt_out *o)
{
	struct fd_out *to = (struct fd_out *)o;
	char *at = to->buf;

	while (o->used && !to->failed) {
		ssize_t n = write(to->fd, at, o->used);
		if (n < 0)
			to->failed = 1;
		else
			at += n, o->used -= n;
	}
	o->used = 0;
}

int __skiff_dprintf(int fd, const char *restrict fmt, ...)
{
	struct fd_out to;
	va_list ap;
	int n;

	to.out = (struct fmt_out){ .buf = to.buf, .size = sizeof to.buf, .flush = flush };
	to.fd = fd;
	to.failed = 0;
	va_start(ap, fmt);
	n = fmt_write(&to.out, fmt, ap);
	va_end(ap);
	if (n < 0)
		errno = EOVERFLOW;
	flush(&to.out);
	return to.failed ? -1 : n;
}
