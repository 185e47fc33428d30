/* printf() and fprintf() of formats that base/fmt.h is enough for; <skiff/stdio.h> calls them. */
#include <errno.h>
#include "base/fmt.h"
#include "stdio_impl.h"

struct file_out {
	struct fmt_out out; /* first: what flush() gets */
	FILE *f;
	int failed;
	char buf[256]; /* so that a message to stderr is one write */
};

static void flush(struct fmt_out *o)
{
	struct file_out *to = (struct file_out *)o;

	if (__fwritex((unsigned char *)to->buf, o->used, to->f) != o->used)
		to->failed = 1;
	o->used = 0;
}

static int print(FILE *f, const char *fmt, va_list ap)
{
	struct file_out to;
	int n = -1;

	to.out = (struct fmt_out){ .buf = to.buf, .size = sizeof to.buf, .flush = flush };
	to.f = f;
	FLOCK(f);
	to.failed = !f->wend && __towrite(f);
	if (!to.failed) {
		n = fmt_write(&to.out, fmt, ap);
		if (n < 0)
			errno = EOVERFLOW;
		flush(&to.out);
	}
	FUNLOCK(f);
	return to.failed ? -1 : n;
}

int __skiff_printf(const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(stdout, fmt, ap);
	va_end(ap);
	return n;
}

int __skiff_fprintf(FILE *restrict f, const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(f, fmt, ap);
	va_end(ap);
	return n;
}
