/* Copies whose length only run time knows. gcc -Os makes `rep movsb` of memcpy(): under QEMU's TCG
 * that is eight times as slow as whole words, here as on a CPU without fast short strings. */
#pragma once

#include "base/types.h"

/* libc's memcpy(), by a call: where much is copied, or little code shall be. */
void *copy_block(void *dst, const void *src, size_t len) __asm__("memcpy");

/* The same in line. */
static inline void copy_bytes(void *dst, const void *src, size_t len)
{
#ifdef __SANITIZE_ADDRESS__
    __builtin_memcpy(dst, src, len); /* checked */
#else
    const char *last = (const char *)src + len - 8;
    char *end = (char *)dst + len;
    size_t n_words = (len - 1) / 8;
    u64 tail;

    if (unlikely(len < 8)) {
        __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
        return;
    }
    __builtin_memcpy(&tail, last, 8);
    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(n_words) : : "memory");
    __builtin_memcpy(end - 8, &tail, 8); /* the rest, and some of the last word again */
#endif
}
