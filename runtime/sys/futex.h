/* Waiting on a word of memory (futex(2)). */
#pragma once

#include "base/types.h"

struct timespec;

enum {
    FUTEX_WAIT,
    FUTEX_WAKE,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE,
    FUTEX_WAKE_OP,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET
};
#define FUTEX_PRIVATE  128
#define FUTEX_REALTIME 256

/* Wake up to @n threads that wait on @word with a bit of @bits. Returns how many. */
int futex_wake(u32 *word, u32 n, u32 bits);

/* The call, for a process that can wait: with threads, or with time limits. */
long futex_operation(u32 *word, int op, u32 val, const struct timespec *timeout, u32 *word2,
                     u32 val3);
