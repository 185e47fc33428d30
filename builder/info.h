/*
 * What an image says about itself (runtime/abi/info.h), as a list of KEY=VALUE lines. Pure: text
 * in, text out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct info {
    struct strvec lines; /* "KEY=VALUE" in the order of the file */
};

/* Returns false if it is not such a text (a line without "=", a control character). */
bool info_parse(struct info *info, const char *data, size_t len_bytes);
void info_fini(struct info *info);

/* The first value of a key; NULL if it is not there. */
const char *info_get(const struct info *info, const char *key);

/* The values of a key that repeats: start with *i = 0; NULL at the end. */
const char *info_next(const struct info *info, const char *key, size_t *i);

void info_add(struct info *info, const char *key, const char *value);
void info_write(const struct info *info, struct text *out);
