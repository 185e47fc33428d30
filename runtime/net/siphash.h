/* SipHash-2-4 (Aumasson, Bernstein 2012) of three words: a keyed hash nobody outside can guess. */
#pragma once

#include "base/types.h"

struct siphash_key {
    u64 k0, k1;
};

u64 siphash_3u64(const struct siphash_key *key, u64 a, u64 b, u64 c);

/* A random word; see base/random.h. */
u64 net_random64(void);
