/*
 * What the tool says on stderr, in one form:
 *
 *      file:line:col: error: what is wrong; what would be right
 *      skiff: error: what is wrong; what would be right
 *
 * A failure is reported once, where its position is known; callers return false or a status and
 * stay silent. Progress shows on a terminal only. Colour only on a terminal without NO_COLOR.
 */
#pragma once

#include <stdbool.h>

/* A position in a file the user wrote. line and col count from 1; 0 means unknown. */
struct place {
    const char *file;
    unsigned line, col;
};

enum msg_level { MSG_QUIET, MSG_NORMAL, MSG_VERBOSE };

void msg_level_set(enum msg_level level);
bool msg_is_verbose(void);

#define MSG_PRINTF(a, b) __attribute__((format(printf, a, b)))

/* at may be NULL: then the line begins with "skiff: ". */
void msg_error_at(const struct place *at, const char *fmt, ...) MSG_PRINTF(2, 3);
void msg_warn_at(const struct place *at, const char *fmt, ...) MSG_PRINTF(2, 3);
void msg_note_at(const struct place *at, const char *fmt, ...) MSG_PRINTF(2, 3);
void msg_error(const char *fmt, ...) MSG_PRINTF(1, 2);
void msg_warn(const char *fmt, ...) MSG_PRINTF(1, 2); /* silent when quiet */
void msg_note(const char *fmt, ...) MSG_PRINTF(1, 2); /* silent when quiet */

/* "skiff: TEXT", only with --verbose: what was decided and why. */
void msg_verbose(const char *fmt, ...) MSG_PRINTF(1, 2);

/* One line that the next message overwrites; only on a terminal and not when quiet. "" wipes it. */
void msg_progress(const char *fmt, ...) MSG_PRINTF(1, 2);
