/*
 * The Internet checksum (RFC 1071). A partial sum is a u32 whose two halves still have to be added;
 * partial sums of pieces that start at an even offset may simply be added with csum_join().
 */
#pragma once

#include "base/types.h"

/* Sum @len bytes at @data. Returns a partial sum below 2^32; the wider type
 * keeps the carry of what callers add to it. */
u64 csum_add(const void *data, size_t len);

/* Copy @len bytes and sum them on the way. Returns a partial sum below 2^32; the wider type
 * keeps the carry of what callers add to it. */
u64 csum_copy(void *dst, const void *src, size_t len);

/* A number plus itself with its halves changed has, in the upper half, their end-around sum. */
static inline __attribute__((always_inline)) u32 csum_fold(u64 sum)
{
    u32 s = (u32)((sum + (sum << 32 | sum >> 32)) >> 32);

    return (s + (s << 16 | s >> 16)) >> 16;
}

/* Sum of @a followed by @b, where @a covers @a_len bytes. */
static inline u32 csum_join(u32 a, size_t a_len, u32 b)
{
    u64 s;

    if (a_len & 1) /* every byte of b changes its half: times 256, and 2^32 counts as 1 */
        b = b << 8 | b >> 24;
    s = (u64)a + b;
    return (u32)s + (u32)(s >> 32);
}

/* csum_finish() of the sum of @len bytes at @p and @sum. */
u16 csum(const void *p, size_t len, u64 sum);

/* The end-around sum of two. */
static inline u16 csum_two(u16 a, u16 b)
{
    u32 sum = (u32)a + b;

    return (u16)(sum + (sum >> 16));
}

/* The value for a header's checksum field, or 0 when a received sum is right. */
static inline u16 csum_finish(u64 sum)
{
    return (u16)~csum_fold(sum);
}
