/* Membership in IPv4 groups: who hears which, and telling routers (IGMPv2, RFC 2236).
 * Referred to weakly: setsockopt() with an option that is no constant, or one of these, links it.
 */
#pragma once

#include "net/sock_impl.h"

/* IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP and IP_MULTICAST_IF of ip(7). Returns 0; -ENOPROTOOPT it is
 * another option; -EINVAL -ENODEV -EADDRINUSE -EADDRNOTAVAIL -ENOBUFS -ENOMEM */
int igmp_setopt(struct sock *sk, int name, const void *val, u32 len, u32 *mcast_if);

/* Has anybody joined @group (network byte order)? Nobody needs to join 224.0.0.1. */
bool igmp_is_joined(const struct net *n, u32 group);

/* @sk is closed: it leaves its groups. */
void igmp_release(struct sock *sk);
