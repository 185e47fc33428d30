/* Random bytes for secrets: sequence numbers, ports, hash keys, getrandom(). */
#pragma once

#include "base/types.h"

/**
 * Fill @buf with @len cryptographically strong random bytes.
 *
 * Never fails and never degrades: a VM without a source of entropy refused to start (boot/).
 * Context  any thread; never sleeps
 */
void random_bytes(void *buf, size_t len);
