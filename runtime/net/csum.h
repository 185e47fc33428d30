/*
 * The Internet checksum (RFC 1071). A partial sum is a u32 whose two halves still have to be added;
 * partial sums of pieces that start at an even offset may simply be added with csum_join().
 */
#pragma once

#include "base/types.h"

/* Sum @len bytes at @data. Returns a partial sum below 0x10000. */
u32 csum_add(const void *data, size_t len);

/* Copy @len bytes and sum them on the way. Returns a partial sum below 0x10000. */
u32 csum_copy(void *dst, const void *src, size_t len);

static inline u32 csum_fold(u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u32)sum;
}

/* Sum of @a followed by @b, where @a covers @a_len bytes; below 0x10000. */
static inline u32 csum_join(u32 a, size_t a_len, u32 b)
{
    u32 s = a + ((a_len & 1) ? (u32)__builtin_bswap16((u16)b) : b);
    return (s & 0xffff) + (s >> 16);
}

/* The value for a header's checksum field, or 0 when a received sum is right. */
static inline u16 csum_finish(u64 sum)
{
    return (u16)~csum_fold(sum);
}
