/* What must be true of every TCP connection whenever the stack has come to rest. */
#pragma once

#include "net_host.h"

/* The first rule that is broken, with the numbers; NULL: none. Valid until the next call. */
const char *net_rule_broken(struct net *n);
