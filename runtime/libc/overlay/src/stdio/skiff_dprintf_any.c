/* dprintf() of any format, by another name: the compiler has no builtin <skiff/stdio.h> could call. */
#include <stdarg.h>
#include <stdio.h>

int __skiff_dprintf_any(int fd, const char *restrict fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}
