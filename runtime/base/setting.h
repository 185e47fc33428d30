/* Reading a boot command line (abi/bootcfg.h): tokens, their values, numbers in them. */
#pragma once

#include "base/types.h"

struct text {
    const char *at;
    size_t len;
};

/* Take the next token of @line. False at its end. */
bool token_next(const char **line, struct text *token);

/* Is @token KEY=VALUE with this key? Then @value is its value, perhaps empty. */
bool token_value(const struct text *token, const char *key, struct text *value);

/* The value of the last KEY=VALUE before a "--". */
bool setting_find(const char *line, const char *key, struct text *value);

/* Take a number, decimal or 0x hexadecimal, off the front of @t. 0 if there is none. */
u64 text_number(struct text *t);

/* A whole value that is one number, at most @max; a malformed one is logged and reads as absent. */
u64 setting_number(const char *line, const char *key, u64 max);

/* Take character @c off the front of @t if it is there. */
bool text_skip(struct text *t, char c);

/* Is @t exactly @word? */
bool text_is(const struct text *t, const char *word);

/* Percent-decode @t to @to, with a NUL; it never gets longer. Returns behind the NUL. */
char *text_decode(char *to, struct text t);
