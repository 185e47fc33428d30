/* netdevice(7), getifaddrs(3): the loopback interface, by ioctl(2) and by netlink(7). */
#define _GNU_SOURCE
#include "net.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

int main(void)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq r = {.ifr_name = "lo"}, list[16];
    struct ifconf c = {.ifc_len = sizeof list, .ifc_req = list};
    struct sockaddr_in sin;
    struct ifaddrs *ifa, *p;
    char name[IF_NAMESIZE];
    int seen = 0;

    CHECK_EQ(ioctl(s, SIOCGIFADDR, &r), 0);
    memcpy(&sin, &r.ifr_addr, sizeof sin);
    CHECK_EQ(sin.sin_family, AF_INET);
    CHECK_EQ(sin.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    CHECK_EQ(ioctl(s, SIOCGIFNETMASK, &r), 0);
    memcpy(&sin, &r.ifr_netmask, sizeof sin);
    CHECK_EQ(sin.sin_addr.s_addr, htonl(0xff000000));
    CHECK_EQ(ioctl(s, SIOCGIFINDEX, &r), 0);
    CHECK_EQ(r.ifr_ifindex, 1);
    CHECK_EQ(ioctl(s, SIOCGIFFLAGS, &r), 0);
    CHECK_EQ(r.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_BROADCAST), IFF_UP | IFF_LOOPBACK);
    CHECK_EQ(ioctl(s, SIOCGIFHWADDR, &r), 0);
    CHECK_EQ(r.ifr_hwaddr.sa_family, ARPHRD_LOOPBACK);
    CHECK_EQ(ioctl(s, SIOCGIFMTU, &r), 0);
    CHECK(r.ifr_mtu >= 1500);
    strcpy(r.ifr_name, "none0");
    CHECK_ERRNO(ioctl(s, SIOCGIFADDR, &r), ENODEV);
    CHECK_EQ(ioctl(s, SIOCGIFCONF, &c), 0);
    CHECK(c.ifc_len >= (int)sizeof r && c.ifc_len % sizeof r == 0);
    CHECK(!strcmp(list[0].ifr_name, "lo"));

    CHECK_EQ(if_nametoindex("lo"), 1);
    CHECK_EQ(if_nametoindex("none0"), 0);
    CHECK(if_indextoname(1, name) && !strcmp(name, "lo"));
    CHECK_ERRNO(if_indextoname(12345, name) ? 0 : -1, ENXIO);

    CHECK_EQ(getifaddrs(&ifa), 0);
    for (p = ifa; p; p = p->ifa_next) {
        if (strcmp(p->ifa_name, "lo") || !p->ifa_addr)
            continue;
        CHECK(p->ifa_flags & IFF_LOOPBACK);
        if (p->ifa_addr->sa_family == AF_PACKET)
            seen |= 1;
        memcpy(&sin, p->ifa_addr, sizeof sin);
        if (sin.sin_family != AF_INET)
            continue;
        CHECK_EQ(sin.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
        memcpy(&sin, p->ifa_netmask, sizeof sin);
        CHECK_EQ(sin.sin_addr.s_addr, htonl(0xff000000));
        seen |= 2;
    }
    CHECK_EQ(seen, 3);
    freeifaddrs(ifa);

    /* What there is no way to: as a kernel without the feature. */
    CHECK_ERRNO(socket(AF_NETLINK, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
    CHECK_ERRNO(socket(AF_NETLINK, SOCK_RAW, 31), EPROTONOSUPPORT);
    return 0;
}
