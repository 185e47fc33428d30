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

/* 224/4, ff00::/8 */
static inline bool ip_is_group(const struct ip_addr *a)
{
    return ip_addr_is_v4(a) ? (a->v4 & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

void ip_input(struct netif *nif, struct pkt *p); /* owns @p, data at the IP header */

struct ip_out {
    struct ip_addr src, dst;
    u8 proto, tos, ttl; /* ttl 0 = 64 */
};

/* May a packet be fragmented? */
enum ip_frag_mode {
    IP_FRAG_NEVER,  /* too large is -EMSGSIZE */
    IP_FRAG_HERE,   /* if it is too large; and nobody else does it */
    IP_FRAG_ANYWAY, /* and routers may do it */
};

/**
 * Put IP and Ethernet headers in front of @p and send it by @rt. Takes the caller's reference.
 * Around the loopback it goes whole, whatever its size.
 *
 * Returns  0 (sent, waiting for ARP or for the ring); -EHOSTUNREACH; -EMSGSIZE larger than the link
 *          takes, and not to be fragmented, or ip_frag.c is not linked
 */
int ip_send_frag(const struct ip_route *rt, struct pkt *p, const struct ip_out *o,
                 enum ip_frag_mode frag);

static inline int ip_send(const struct ip_route *rt, struct pkt *p, const struct ip_out *o)
{
    return ip_send_frag(rt, p, o, IP_FRAG_NEVER);
}

/* Send @p, data at a finished IP header, to @mac: in fragments if it is too large and may be
 * fragmented. Takes the caller's reference. */
void ip_emit(struct netif *nif, struct pkt *p, const u8 *mac);

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

/* The checksum of a transport's message with its pseudo-header: to be stored, or 0 if the one in it
 * is right. */
u16 ip_csum(const void *msg, u32 len, const struct ip_addr *src, const struct ip_addr *dst,
            u8 proto);

/* --- ip_reasm.c --- */

#define IP_DATA_MAX 65535

/* What makes fragments belong together; without holes, it is compared as bytes. */
struct ip_frag_id {
    struct ip_addr src, dst;
    u32 id;    /* as on the wire */
    u32 proto; /* IPv4; 0 with IPv6 */
};

/* The headers in front of a fragment that are not fragmented. */
struct ip_frag_head {
    const u8 *hdr; /* in the packet */
    u16 len_bytes;
    u16 next_at; /* IPv6: where in them the fragment header is announced … */
    u8 next;     /* … and what is behind it */
} __attribute__((packed, aligned(4)));

/* What a fragment says about itself. */
struct ip_frag {
    struct ip_frag_id id;
    struct ip_frag_head head;
    u32 start;     /* of its data in the datagram, bytes */
    u32 max_bytes; /* that a datagram with these headers has of data */
    bool has_more;
    /* The datagram is whole: its packet, with the first fragment's headers in front. @is_ce: one of
     * them met congestion. Owns @p. */
    void (*whole)(struct netif *nif, struct pkt *p, const struct ip_frag_head *head, bool is_ce);
};

/**
 * A fragment, data behind the IPv4 header or the fragment header. When the last one is there,
 * @f->whole() gets the datagram.
 *
 * Owns  @p
 * Spec  RFC 791 §3.2, RFC 8200 §4.5, RFC 5722
 */
void ip_reasm_input(struct net *n, struct pkt *p, const struct ip_in *in, const struct ip_frag *f);
void ip_reasm_init(struct net *n);
void ip_reasm_stop(struct net *n);

/* --- icmp.c --- */

void icmp_input(struct net *n, struct pkt *p, const struct ip_in *in); /* owns @p */

/* Answer a packet of either family with an error, @type and @code as in IPv4; @in->hdr is still
 * there. Rate limited, never to broadcasts. */
bool icmp_may_send(struct net *n); /* the rate limit of errors, both families' */
void icmp_report(struct net *n, const struct ip_in *in, u8 type, u8 code);

static inline void icmp_unreachable(struct net *n, const struct ip_in *in, u8 code)
{
    icmp_report(n, in, ICMP4_UNREACHABLE, code);
}
