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

/* One's complement addition; compilers make it add and adc. */
static inline u64 add64(u64 acc, u64 v)
{
    acc += v;
    return acc + (acc < v);
}

static inline u32 reduce(u64 acc, u64 tail)
{
    u64 s = (acc & 0xffffffff) + (acc >> 32) + tail;

    s = (s & 0xffffffff) + (s >> 32);
    return (u32)s + (u32)(s >> 32);
}

u64 csum_add(const void *data, size_t len)
{
    const u8 *p = data;
    u64 acc = 0, tail = 0;

    for (; len >= 32; len -= 32, p += 32) {
        u64 a = load64(p), b = load64(p + 8), c = load64(p + 16), d = load64(p + 24);
        acc = add64(acc, a);
        acc = add64(acc, b);
        acc = add64(acc, c);
        acc = add64(acc, d);
    }
    for (; len >= 8; len -= 8, p += 8)
        acc = add64(acc, load64(p));
    if (len & 4) {
        u32 v;
        __builtin_memcpy(&v, p, 4);
        tail = v;
        p += 4;
    }
    if (len & 2) {
        u16 v;
        __builtin_memcpy(&v, p, 2);
        tail += v;
        p += 2;
    }
    if (len & 1)
        tail += *p;
    return reduce(acc, tail);
}

u64 csum_copy(void *dst, const void *src, size_t len)
{
    const u8 *p = src;
    u8 *q = dst;
    u64 acc = 0, tail = 0;

    for (; len >= 32; len -= 32, p += 32, q += 32) {
        u64 a = load64(p), b = load64(p + 8), c = load64(p + 16), d = load64(p + 24);
        store64(q, a);
        store64(q + 8, b);
        store64(q + 16, c);
        store64(q + 24, d);
        acc = add64(acc, a);
        acc = add64(acc, b);
        acc = add64(acc, c);
        acc = add64(acc, d);
    }
    for (; len >= 8; len -= 8, p += 8, q += 8) {
        u64 a = load64(p);
        store64(q, a);
        acc = add64(acc, a);
    }
    if (len & 4) {
        u32 v;
        __builtin_memcpy(&v, p, 4);
        __builtin_memcpy(q, &v, 4);
        tail = v;
        p += 4;
        q += 4;
    }
    if (len & 2) {
        u16 v;
        __builtin_memcpy(&v, p, 2);
        __builtin_memcpy(q, &v, 2);
        tail += v;
        p += 2;
        q += 2;
    }
    if (len & 1) {
        *q = *p;
        tail += *p;
    }
    return reduce(acc, tail);
}

u16 csum(const void *p, size_t len, u64 sum)
{
    return csum_finish(csum_add(p, len) + sum);
}
