/* What netdevice(7) and rtnetlink(7) tell about the interfaces. Linked by <net/if.h> or
 * <ifaddrs.h>. */
#pragma once

#include "net/stack.h"

struct file;

/* An interface as the service sees it. Addresses in network byte order, 0 = none. */
struct netif_info {
    char name[16];
    u32 index, flags; /* IFF_… */
    u32 mtu_bytes;
    u16 hw_type; /* ARPHRD_… */
    u8 mac[6];
    u32 addr, mask, broadcast;
};

/* Interface number @index (1: the loopback). Returns false if there is none. */
bool netif_info_get(const struct net *n, u32 index, struct netif_info *out);

/**
 * The calls on interfaces of any socket: SIOCGIFCONF, …NAME, …INDEX, …FLAGS, …ADDR, …NETMASK,
 * …BRDADDR, …DSTADDR, …HWADDR, …MTU, …METRIC, …TXQLEN.
 *
 * Returns  0; -EFAULT; -ENODEV no such interface; -EADDRNOTAVAIL it has no address; -EPERM to set
 *          something; -ENOTTY no such call
 * Spec     netdevice(7)
 */
long netif_ioctl(unsigned cmd, void *arg);

/* A socket of NETLINK_ROUTE, for dumps of links and addresses (rtnetlink(7)): what getifaddrs(3)
 * needs. Returns 0; -EPROTONOSUPPORT -ESOCKTNOSUPPORT -ENOMEM */
int netlink_create(int type, int protocol, struct file **out);
