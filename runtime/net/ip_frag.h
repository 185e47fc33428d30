/* Sending datagrams larger than what a link takes. Linked with UDP; ip.c refers to it weakly. */
#pragma once

#include "net/ip.h"

/**
 * What a router on the way to @dst has told about its next link (ICMP).
 *
 * @mtu_bytes  of IP; 0 or absurdly little counts as the least a link has
 * Spec        RFC 1191 §6.3, RFC 8201 §4
 */
void ip_pmtu_note(struct net *n, const struct ip_addr *dst, u32 mtu_bytes);

/* The largest IP packet that goes to @dst by @nif whole, in bytes. */
u32 ip_pmtu(struct netif *nif, const struct ip_addr *dst);

/* @p, data at the finished IPv4 header of ours, may be fragmented: on the way, too, if @is_always
 * or if it is fragmented here. IPv6 needs no permission. */
void ip_frag_allow(struct netif *nif, struct pkt *p, bool is_always);

/**
 * Send @p, data at the IP header, in fragments to @mac, if it is larger than what goes whole.
 *
 * Returns  false: it goes whole, or must not be fragmented; the caller still has it. True: its
 *          reference is taken
 */
bool ip_fragment(struct netif *nif, struct pkt *p, const u8 *mac);
