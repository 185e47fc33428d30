/* The network's share of the boot command line (abi/bootcfg.h): ip= gw= dns= mtu= host=. */
#pragma once

#include "net/net.h"

/**
 * Read the settings of @line into @cfg; malformed ones are logged, and the default holds.
 *
 * @hostname  at least 64 bytes, keeps the decoded name
 * Returns    false: ip=none, there is to be no network but the loopback
 */
bool net_config_read(const char *line, struct net_config *cfg, char *hostname);
