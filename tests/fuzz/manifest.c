/* skiff.yaml holds anything: an error with a place, or a manifest; never a crash or a leak. */
/* sources: builder/manifest.c builder/vmflag.c builder/text.c */
/* libs: yaml */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* builder/msg.h, silent; the text is still made, and every error has a place. */
static void format(const char *fmt, va_list ap)
{
    char *s = NULL;

    if (vasprintf(&s, fmt, ap) <= 0)
        __builtin_trap();
    free(s);
}

void msg_error_at(const struct place *at, const char *fmt, ...)
{
    va_list ap;

    if (!at || !at->file)
        __builtin_trap();
    va_start(ap, fmt);
    format(fmt, ap);
    va_end(ap);
}

void msg_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    format(fmt, ap);
    va_end(ap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest m;

    if (manifest_parse(&m, "skiff.yaml", (const char *)data, size))
        manifest_fini(&m);
    return 0;
}
