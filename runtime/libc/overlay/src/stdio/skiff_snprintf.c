/* sprintf() and snprintf() of formats that base/fmt.h is enough for; <skiff/stdio.h> calls them. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include "base/fmt.h"

static int print(char *to, size_t size, const char *fmt, va_list ap)
{
	int n = size > INT_MAX ? -1 : fmt_vsnprintf(to, size, fmt, ap);

	if (n < 0)
		errno = EOVERFLOW;
	return n;
}

int __skiff_sprintf(char *restrict to, const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(to, INT_MAX, fmt, ap);
	va_end(ap);
	return n;
}

int __skiff_snprintf(char *restrict to, size_t size, const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(to, size, fmt, ap);
	va_end(ap);
	return n;
}
