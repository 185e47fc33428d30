/* Waiting on a word of memory (futex(2)), for the runtime itself. */
#pragma once

#include "base/types.h"

/* Wake up to @n threads that wait on @word with a bit of @bits. Returns how many. */
int futex_wake(u32 *word, u32 n, u32 bits);
