/* Address conflict detection (RFC 5227), and addresses without a server (RFC 3927). IPv4. */
#pragma once

#include "net/stack.h"

/**
 * Ask the link for @addr: three ARP probes, 1 to 2 s apart, then 2 s more. One claim at a time; a
 * new one takes the place of the old.
 *
 * @result  is told once, true: nobody has it. It may start the next claim.
 */
void acd_start(struct net *n, u32 addr, void (*result)(struct net *n, bool is_free));
void acd_stop(struct net *n);

/* Somebody on the link uses @addr, or wants it (@is_probe), at another MAC address than ours. What
 * is ours already is defended, once in ten seconds (RFC 5227 §2.4 (c)). */
void acd_heard(struct net *n, u32 addr, bool is_probe);

/* Take an address of 169.254/16 if there is none, in the background; may be called again. */
void linklocal_start(struct net *n);
