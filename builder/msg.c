#include "msg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static enum msg_level msg_level = MSG_NORMAL;
static bool has_progress_line;

void msg_level_set(enum msg_level level)
{
    msg_level = level;
}

bool msg_is_verbose(void)
{
    return msg_level == MSG_VERBOSE;
}

static bool is_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

/* https://no-color.org: set and not empty means no colour. */
static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR");

    return is_terminal() && !(no && *no);
}

static void progress_wipe(void)
{
    if (has_progress_line)
        fputs("\r\033[K", stderr);
    has_progress_line = false;
}

/* One message is one write, so that lines of several processes do not mix. */
static void say(const struct place *at, const char *kind, const char *color, const char *fmt,
                va_list ap)
{
    struct text t = {0};
    bool colored = color && wants_color();

    if (at && at->file) {
        text_add(&t, at->file);
        if (at->line)
            text_addf(&t, ":%u", at->line);
        if (at->line && at->col)
            text_addf(&t, ":%u", at->col);
    } else {
        text_add(&t, "skiff");
    }
    text_add(&t, ": ");
    if (kind)
        text_addf(&t, "%s%s:%s ", colored ? color : "", kind, colored ? "\033[0m" : "");
    text_vaddf(&t, fmt, ap);
    text_add(&t, "\n");
    fflush(stdout);
    progress_wipe();
    fputs(text_str(&t), stderr);
    fflush(stderr);
    text_fini(&t);
}

#define SAY(at, kind, color)                                                                       \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, fmt);                                                                         \
        say(at, kind, color, fmt, ap);                                                             \
        va_end(ap);                                                                                \
    } while (0)

void msg_error_at(const struct place *at, const char *fmt, ...)
{
    SAY(at, "error", "\033[1;31m");
}

void msg_warn_at(const struct place *at, const char *fmt, ...)
{
    if (msg_level != MSG_QUIET)
        SAY(at, "warning", "\033[1;35m");
}

void msg_note_at(const struct place *at, const char *fmt, ...)
{
    if (msg_level != MSG_QUIET)
        SAY(at, "note", "\033[1;36m");
}

void msg_error(const char *fmt, ...)
{
    SAY(NULL, "error", "\033[1;31m");
}

void msg_warn(const char *fmt, ...)
{
    if (msg_level != MSG_QUIET)
        SAY(NULL, "warning", "\033[1;35m");
}

void msg_note(const char *fmt, ...)
{
    if (msg_level != MSG_QUIET)
        SAY(NULL, "note", "\033[1;36m");
}

void msg_verbose(const char *fmt, ...)
{
    if (msg_level == MSG_VERBOSE)
        SAY(NULL, NULL, NULL);
}

void msg_progress(const char *fmt, ...)
{
    va_list ap;

    if (msg_level == MSG_QUIET || !is_terminal())
        return;
    progress_wipe();
    if (!*fmt)
        return;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fflush(stderr);
    has_progress_line = true;
}
