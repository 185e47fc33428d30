/*
 * Internet addresses as the stack passes them around: always 16 bytes, an IPv4 address as the
 * IPv4-mapped one (RFC 4291 §2.5.5.2), so that code which only moves, compares or hashes them does
 * not care which IP it is, and a dual-stack socket needs no translation. Only the layers below
 * sockets and the socket address conversion look inside.
 */
#pragma once

#include <sys/socket.h>

#include "base/types.h"

#define IP_MAPPED_TAG 0xffff0000u /* ::ffff:0:0/96, its third word as it lies in memory */

struct ip_addr {
    union {
        u8 b[16]; /* as on the wire */
        u32 w[4];
        struct {
            u64 hi; /* 0 in a mapped address */
            union {
                u64 lo;
                struct {
                    u32 tag; /* IP_MAPPED_TAG in a mapped address */
                    u32 v4;  /* network byte order */
                };
            };
        };
    };
};

/* Who talks to whom; ports in network byte order. */
struct ip_flow {
    struct ip_addr local, remote;
    u16 lport, rport;
};

static inline struct ip_addr ip_addr_v4(u32 v4)
{
    return (struct ip_addr){.hi = 0, .lo = (u64)v4 << 32 | IP_MAPPED_TAG};
}

static inline bool ip_addr_is_v4(const struct ip_addr *a)
{
    return a->hi == 0 && a->tag == IP_MAPPED_TAG;
}

static inline bool ip_addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->lo == b->lo && a->hi == b->hi;
}

/* fe80::/10 */
static inline bool ip_addr_is_link_local(const struct ip_addr *a)
{
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* 0.0.0.0 or :: */
static inline bool ip_addr_is_any(const struct ip_addr *a)
{
    return a->hi == 0 && (a->lo == 0 || a->lo == IP_MAPPED_TAG);
}
