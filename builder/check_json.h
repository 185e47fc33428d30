/* Findings as JSON, for build, check and inspect. */
#pragma once

#include <jansson.h>

#include "elfcheck.h"

/* An array of {file, line, function, object, callee, calls, severity, text}; the caller's. */
json_t *check_json(const struct elfcheck *check);

/* An array of strings; the caller's. */
json_t *json_of_words(const struct strvec *words);
