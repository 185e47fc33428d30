#include "base/panic.h"

#include "base/fmt.h"
#include "base/log.h"

static void (*panic_stop)(void);

void panic_set_stop(void (*stop)(void))
{
    panic_stop = stop;
}

_Noreturn void panic(const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    fmt_vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    log_err("panic", "%s", text);
    if (panic_stop)
        panic_stop();
    __builtin_trap();
}
