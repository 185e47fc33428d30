/* Short names for the fixed-width integers and the few macros every room uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define BIT(n)                        (1ull << (n))
#define ARRAY_SIZE(a)                 (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define MIN(a, b)                     ((a) < (b) ? (a) : (b))
#define MAX(a, b)                     ((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a)                (((x) + ((a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)              ((x) & ~((__typeof__(x))(a)-1))
#define likely(x)                     __builtin_expect(!!(x), 1)
#define unlikely(x)                   __builtin_expect(!!(x), 0)
/* For a function of every packet or call on whose stack nothing is written by an index. */
#define NO_STACK_CHECK                __attribute__((no_stack_protector))

#define PAGE_SHIFT                    12
#define PAGE_SIZE                     4096ul

#define NSEC_PER_SEC                  1000000000ull
#define NSEC_PER_MSEC                 1000000ull
#define NSEC_PER_USEC                 1000ull
/* A deadline that never comes: "no time limit" wherever a deadline_ns is asked for. */
#define DEADLINE_NEVER                UINT64_MAX

/* Link @symbol with the function this stands in, without using it: the counterpart of the weak
 * references by which a small part does without a larger one. */
#ifdef SKIFF_HOST_TEST
#define LINK_WITH(symbol) ((void)0)
#else
#define LINK_WITH(symbol) __asm__ volatile(".reloc ., R_X86_64_NONE, %c0" : : "i"(symbol))
#endif
