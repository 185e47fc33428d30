/* We broke one of our own rules: say which, and stop. Never for bad input. */
#pragma once

#include "base/types.h"

_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What panic() does after its line is out; the VM's exit in the guest, abort() in host tests. */
void panic_set_stop(void (*stop)(void));

/* Nothing with an effect goes inside. @rule: what was broken, in few words. */
#define ASSERT(cond, rule)                                                                         \
    do {                                                                                           \
        if (unlikely(!(cond)))                                                                     \
            panic(rule);                                                                           \
    } while (0)
