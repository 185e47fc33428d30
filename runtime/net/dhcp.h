/* DHCP client (RFC 2131, RFC 2132): asks for the address of the first interface and keeps it. */
#pragma once

#include "net/stack.h"

/* Begin. Returns 0 or -ENOMEM. Ends never: without an answer it goes on asking, ever more slowly.
 */
int dhcp_start(struct net *n);

/* Forget the lease and free everything; sends nothing. */
void dhcp_stop(struct net *n);
