/* netdevice(7): the interfaces, for services that look at them. */
#include "net/netif_info.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "net/net.h"

bool netif_info_get(const struct net *n, u32 index, struct netif_info *out)
{
    const struct netif *nif = index == NET_IFINDEX_LOOP ? &n->loop : &n->eth;

    if (index != NET_IFINDEX_LOOP && (index != NET_IFINDEX_ETH || !nif->nd))
        return false;
    *out = (struct netif_info){.index = index,
                               .flags = IFF_UP | IFF_RUNNING,
                               .mtu_bytes = nif->is_loop ? 65536u : nif->mtu_bytes, /* as Linux */
                               .hw_type = nif->is_loop ? ARPHRD_LOOPBACK : ARPHRD_ETHER};
    memcpy(out->name, nif->is_loop ? "lo" : "eth0", nif->is_loop ? 2 : 4);
    out->flags |= nif->is_loop ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;
    memcpy(out->mac, nif->mac, sizeof(out->mac));
    if (nif->has_addr) {
        out->addr = nif->addr.v4;
        out->mask = nif->mask;
        out->broadcast = nif->broadcast;
    }
    return true;
}

static void put_addr(struct sockaddr *to, u32 addr)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = addr};

    memcpy(to, &in, sizeof(in));
}

/* SIOCGIFCONF: those with an IPv4 address; without a buffer, the room they take. */
static long conf(const struct net *n, struct ifconf *c)
{
    size_t room = (size_t)MAX(c->ifc_len, 0), done = 0;
    struct netif_info info;

    for (u32 i = 1; netif_info_get(n, i, &info); i++) {
        struct ifreq r = {0};
        if (!info.addr)
            continue;
        memcpy(r.ifr_name, info.name, sizeof(r.ifr_name));
        put_addr(&r.ifr_addr, info.addr);
        if (c->ifc_buf && room - done < sizeof(r))
            break;
        if (c->ifc_buf)
            memcpy(c->ifc_buf + done, &r, sizeof(r));
        done += sizeof(r);
    }
    c->ifc_len = (int)done;
    return 0;
}

static long tell(const struct netif_info *info, unsigned cmd, struct ifreq *r)
{
    switch (cmd) {
    case SIOCGIFNAME:
        memcpy(r->ifr_name, info->name, sizeof(r->ifr_name));
        return 0;
    case SIOCGIFINDEX:
        r->ifr_ifindex = (int)info->index;
        return 0;
    case SIOCGIFFLAGS:
        r->ifr_flags = (short)info->flags;
        return 0;
    case SIOCGIFMTU:
        r->ifr_mtu = (int)info->mtu_bytes;
        return 0;
    case SIOCGIFMETRIC:
        r->ifr_metric = 0;
        return 0;
    case SIOCGIFTXQLEN:
        r->ifr_qlen = 1000;
        return 0;
    case SIOCGIFHWADDR:
        memset(&r->ifr_hwaddr, 0, sizeof(r->ifr_hwaddr));
        r->ifr_hwaddr.sa_family = info->hw_type;
        memcpy(r->ifr_hwaddr.sa_data, info->mac, sizeof(info->mac));
        return 0;
    }
    if (!info->addr)
        return -EADDRNOTAVAIL;
    put_addr(&r->ifr_addr, cmd == SIOCGIFNETMASK   ? info->mask
                           : cmd == SIOCGIFBRDADDR ? info->broadcast
                                                   : info->addr);
    return 0;
}

long netif_ioctl(unsigned cmd, void *arg)
{
    const struct net *n = net_self;
    struct netif_info info;
    struct ifreq *r = arg;

    LINK_WITH(net_start);
    if (cmd < SIOCGIFNAME || cmd > SIOCSIFTXQLEN)
        return -ENOTTY;
    if (!arg)
        return -EFAULT;
    switch (cmd) {
    case SIOCGIFCONF:
        return conf(n, arg);
    case SIOCGIFNAME:
        return netif_info_get(n, (u32)r->ifr_ifindex, &info) ? tell(&info, cmd, r) : -ENODEV;
    case SIOCGIFINDEX:
    case SIOCGIFFLAGS:
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR:
    case SIOCGIFBRDADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFMETRIC:
    case SIOCGIFMTU:
    case SIOCGIFHWADDR:
    case SIOCGIFTXQLEN:
        for (u32 i = 1; netif_info_get(n, i, &info); i++) {
            if (!strncmp(info.name, r->ifr_name, sizeof(info.name)))
                return tell(&info, cmd, r);
        }
        return -ENODEV;
    case SIOCSIFFLAGS:
    case SIOCSIFADDR:
    case SIOCSIFNETMASK:
    case SIOCSIFBRDADDR:
    case SIOCSIFMTU:
    case SIOCSIFHWADDR:
    case SIOCSIFTXQLEN: /* what the VM was started with stays */
        return -EPERM;
    }
    return -ENOTTY;
}
