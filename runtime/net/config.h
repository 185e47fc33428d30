/* The network's share of the boot command line (abi/bootcfg.h): ip= gw= dns= mtu=, and with IPv6
 * ip6= gw6= dns6=. */
#pragma once

#include "base/setting.h"
#include "net/net.h"

/**
 * Read the settings of @line into @cfg, all but the host name; malformed ones are logged, and the
 * default holds.
 */
void net_config_read(const char *line, struct net_config *cfg);

/* IPv6's part of it, linked with IPv6. */
void ip6_config_read(const char *line, struct net_config *cfg);

/* Log that @key= is not @form, which it should be. */
void config_complain(const char *key, struct text value, const char *form);
