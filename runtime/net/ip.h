/* IPv4 (RFC 791, RFC 1122): in, out, and where to. Addresses of IPv6 are handed on to ip6.c. */
#pragma once

#include "net/stack.h"
#include "net/wire.h"

struct ip_route {
    struct netif *nif;
    struct ip_addr next_hop;
    struct ip_addr src;
};

/**
 * Find the way to @dst.
 *
 * Returns  0; -ENETUNREACH; -EAGAIN no address yet, but one is being asked for
 */
int ip_route(struct net *n, const struct ip_addr *dst, struct ip_route *rt);

/* Is this one of our own unicast addresses (loopback included)? */
bool ip_is_local(struct net *n, const struct ip_addr *a);
/* Broadcast (limited or of our network) or multicast. */
bool ip_is_many(struct net *n, const struct ip_addr *a);

void ip_input(struct netif *nif, struct pkt *p); /* owns @p, data at the IP header */

struct ip_out {
    struct ip_addr src, dst;
    u8 proto, tos, ttl; /* ttl 0 = 64 */
};

/**
 * Put IP and Ethernet headers in front of @p and send it by @rt. Takes the caller's reference.
 *
 * Returns  0 (sent, waiting for ARP or for the ring); -EHOSTUNREACH; -EMSGSIZE
 */
int ip_send(const struct ip_route *rt, struct pkt *p, const struct ip_out *o);

/* Fill in an IPv4 header with its checksum. @total_len includes the header. */
void ip4_fill(struct ip4_hdr *ip, const struct ip_out *o, u32 total_len);

static inline u32 ip_hdr_bytes(const struct ip_addr *a)
{
    return likely(ip_addr_is_v4(a)) ? IP4_HDR_BYTES : IP6_HDR_BYTES;
}

/* Give @p, without its IP header, to the protocol @in->proto; owns @p. */
void ip_deliver(struct net *n, struct pkt *p, struct ip_in *in);

/* Pseudo-header sum for TCP and UDP, without the length (RFC 9293 §3.1, RFC 8200 §8.1). The tag of
 * a mapped address is 0xffff, which in one's complement is nothing: one formula serves both. */
static inline u64 ip_pseudo(const struct ip_addr *src, const struct ip_addr *dst, u8 proto)
{
    u64 sum = (u64)src->v4 + dst->v4 + be16(proto);

    if (unlikely(src->hi | dst->hi))
        sum += (u64)src->w[0] + src->w[1] + src->w[2] + dst->w[0] + dst->w[1] + dst->w[2];
    return sum;
}

/* --- icmp.c --- */

void icmp_input(struct net *n, struct pkt *p, const struct ip_in *in); /* owns @p */

/* Answer a packet of either family with an error, @code as in IPv4; @in->hdr is still there. Rate
 * limited, never to broadcasts. */
bool icmp_may_send(struct net *n); /* the rate limit of errors, both families' */
void icmp_unreachable(struct net *n, const struct ip_in *in, u8 code);
