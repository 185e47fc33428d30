#include "net/csum.h"

static inline u64 load64(const u8 *p)
{
    u64 v;
    __builtin_memcpy(&v, p, 8);
    return v;
}

static inline void store64(u8 *p, u64 v)
{
    __builtin_memcpy(p, &v, 8);
}

/*
 * Two accumulators of 32-bit halves: no carry to look after for 2^32 words, and two independent
 * chains of additions.
 */
u32 csum_add(const void *data, size_t len)
{
    const u8 *p = data;
    u64 a = 0, b = 0;

    for (; len >= 16; len -= 16, p += 16) {
        u64 v = load64(p), w = load64(p + 8);
        a += (u32)v;
        b += v >> 32;
        a += (u32)w;
        b += w >> 32;
    }
    if (len & 8) {
        u64 v = load64(p);
        a += (u32)v;
        b += v >> 32;
        p += 8;
    }
    if (len & 4) {
        u32 v;
        __builtin_memcpy(&v, p, 4);
        a += v;
        p += 4;
    }
    if (len & 2) {
        u16 v;
        __builtin_memcpy(&v, p, 2);
        b += v;
        p += 2;
    }
    if (len & 1)
        b += *p;
    return csum_fold(a + b);
}

u32 csum_copy(void *dst, const void *src, size_t len)
{
    const u8 *p = src;
    u8 *q = dst;
    u64 a = 0, b = 0;

    for (; len >= 16; len -= 16, p += 16, q += 16) {
        u64 v = load64(p), w = load64(p + 8);
        store64(q, v);
        store64(q + 8, w);
        a += (u32)v;
        b += v >> 32;
        a += (u32)w;
        b += w >> 32;
    }
    if (len & 8) {
        u64 v = load64(p);
        store64(q, v);
        a += (u32)v;
        b += v >> 32;
        p += 8;
        q += 8;
    }
    if (len & 4) {
        u32 v;
        __builtin_memcpy(&v, p, 4);
        __builtin_memcpy(q, &v, 4);
        a += v;
        p += 4;
        q += 4;
    }
    if (len & 2) {
        u16 v;
        __builtin_memcpy(&v, p, 2);
        __builtin_memcpy(q, &v, 2);
        b += v;
        p += 2;
        q += 2;
    }
    if (len & 1) {
        *q = *p;
        b += *p;
    }
    return csum_fold(a + b);
}
