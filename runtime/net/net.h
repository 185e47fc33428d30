/* The network as boot/ sees it. */
#pragma once

#include "base/types.h"

/* From the boot configuration; addresses in network byte order, 0 = not given. */
struct net_config {
    bool is_static; /* else DHCP */
    u32 addr, mask, gateway;
    u32 dns[3];
    u16 mtu_bytes; /* 0 = the device's */
    const char *hostname;
};

/**
 * Start the stack: loopback always, and the first network device if there is one.
 *
 * DHCP runs in the background; sockets may be made and bound before it ends. net_ready() waits.
 */
void net_start(const struct net_config *cfg);

/* Has the interface an address (or is there no device at all)? Waits up to @deadline_ns for it. */
bool net_wait_ready(u64 deadline_ns);

/* Text of /etc/resolv.conf from DHCP or the configuration. Returns its length. */
int net_resolv_conf(char *buf, size_t size);
