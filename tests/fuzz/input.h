/* What a fuzz target makes of its input: bytes and words, and 0 behind the end. */
#pragma once

#include <stddef.h>

#include "base/types.h"

struct input {
    const u8 *at;
    size_t left;
};

static inline u32 take(struct input *in)
{
    if (!in->left)
        return 0;
    in->left--;
    return *in->at++;
}

static inline u32 take32(struct input *in)
{
    u32 v = take(in);

    return v << 24 | take(in) << 16 | take(in) << 8 | take(in);
}
