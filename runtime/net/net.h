/* The network as boot/ sees it. */
#pragma once

#include "net/addr.h"

/* From the boot configuration; addresses in network byte order, 0 = not given. */
struct net_config {
    bool is_static; /* else DHCP; static with addr 0 means no address at all */
    u32 addr, mask, gateway;
    u32 dns[3];
    struct ip_addr addr6, gateway6, dns6[2]; /* addr6 :: = autoconfiguration */
    u8 prefix6_len;
    bool no_ip6;          /* none on the device */
    u16 mtu_bytes;        /* 0 = the device's */
    const char *hostname; /* NULL: what DHCP says */
};

/**
 * Start the stack: loopback always, and the first network device if there is one.
 *
 * DHCP runs in the background; sockets may be made and bound before it ends. net_wait_ready()
 * waits. Needs base/random.h, the clock, timers, the packet pool and the devices. Boot calls it
 * once.
 */
void net_start(const struct net_config *cfg);

/* Has the interface an address (or is there no device at all)? Waits up to @deadline_ns for it. */
bool net_wait_ready(u64 deadline_ns);

/* The service has ended, and nothing of it runs any more: close its sockets, and wait until peers
 * have what was written, or do not answer. Returns when the VM may go. */
void net_finish(void);
/* The same for AF_VSOCK: the host is told of every connection. */
void vsock_finish(void);

struct fmt_out;

/* Text of /etc/resolv.conf, from DHCP or the configuration. May sleep, before it writes. */
void net_resolv_conf(struct fmt_out *o);

/* The name DHCP or the configuration gave this machine; "" if none did. */
const char *net_hostname(void);

/* Hooks for boot/, NULL by default: a socket listens (or a UDP socket was bound) on @port, host
 * byte order, @proto IPPROTO_TCP or IPPROTO_UDP; the interface has got the address @addr with the
 * netmask @mask, both in network byte order. They must not sleep. */
extern void (*net_on_listen)(u16 port, int proto);
extern void (*net_on_addr)(u32 addr, u32 mask);
