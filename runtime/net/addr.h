/*
 * Internet addresses as the stack passes them around: tagged with their family, so that code which
 * only moves, compares or hashes them does not care which IP it is. Only ip.c, arp.c, icmp.c,
 * dhcp.c and the socket address conversion look inside.
 */
#pragma once

#include <sys/socket.h>

#include "base/types.h"

struct ip_addr {
    u32 family; /* AF_INET, later AF_INET6; 0 = unspecified */
    u32 v4;     /* network byte order */
    /* LIMIT: 16 bytes for IPv6 take the place of v4 with it; 12 bytes more in every copy until
     * then would be paid for nothing. */
};

/* Who talks to whom; ports in network byte order. */
struct ip_flow {
    struct ip_addr local, remote;
    u16 lport, rport;
};

static inline struct ip_addr ip_addr_v4(u32 v4)
{
    return (struct ip_addr){.family = AF_INET, .v4 = v4};
}

static inline bool ip_addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->family == b->family && a->v4 == b->v4;
}

/* 0.0.0.0, or nothing set at all */
static inline bool ip_addr_is_any(const struct ip_addr *a)
{
    return a->v4 == 0;
}
