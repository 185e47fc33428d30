/* The kernel command line of an image (runtime/abi/bootcfg.h), builder's side: writing it. Pure. */
#pragma once

#include <stdbool.h>

#include "text.h"

struct vmspec;

/* Add " KEY=VALUE", or "KEY=VALUE" to an empty text, VALUE percent-encoded. */
void bootcfg_add(struct text *line, const char *key, const char *value);

/**
 * The whole line for a VM.
 *
 * Returns the line, the caller's; NULL if it would be longer than BOOTCFG_MAX_BYTES (reported)
 */
char *bootcfg_line(const struct vmspec *vm);
