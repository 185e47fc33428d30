#include "base/log.h"

#include "base/fmt.h"

enum log_level log_threshold = LOG_WARN;
static void (*log_sink)(const char *line, size_t len);

void log_set_sink(void (*sink)(const char *line, size_t len))
{
    log_sink = sink;
}

void log_line(enum log_level level, const char *room, const char *fmt, ...)
{
    char line[200];
    va_list ap;
    int n;

    if (level > log_threshold || !log_sink)
        return;
    n = fmt_snprintf(line, sizeof(line) - 1, "skiff: %s: ", room);
    va_start(ap, fmt);
    n += fmt_vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof(line) - 2)
        n = sizeof(line) - 2; /* cut, not lost */
    line[n++] = '\n';
    log_sink(line, (size_t)n);
}

bool log_limit_pass(struct log_limit *l)
{
    u32 n = l->seen++;

    return n < 10 || !(n & 1023);
}
