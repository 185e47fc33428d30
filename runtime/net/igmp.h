/* Membership in groups: who hears which, and telling routers (IGMPv2, RFC 2236; MLDv2, RFC 3810).
 * Referred to weakly: setsockopt() with an option that is no constant, or one of these, links it.
 */
#pragma once

#include "net/sock_impl.h"

/* IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP and IP_MULTICAST_IF of ip(7); IPV6_JOIN_GROUP,
 * IPV6_LEAVE_GROUP and IPV6_MULTICAST_IF (RFC 3493 §5.2). Returns 0; -ENOPROTOOPT it is another
 * option; -EINVAL -ENODEV -EADDRINUSE -EADDRNOTAVAIL -ENOBUFS -ENOMEM */
int igmp_setopt(struct sock *sk, int level, int name, const void *val, u32 len, u32 *mcast_if);

/* Has anybody joined @group? */
bool igmp_is_joined(const struct net *n, const struct ip_addr *group);

/* A router asks for IPv6's groups: those that sockets have joined. */
void igmp_answer6(struct net *n);

/* @sk is closed: it leaves its groups. */
void igmp_release(struct sock *sk);
