/*
 * Neighbour discovery (RFC 4861) and the part of multicast listener discovery a host owes (RFC
 * 3810). The cache is ARP's (arp.c). Everything is checked as the RFC demands: a hop limit of 255
 * says that it comes from this link. Redirects are not followed: with one interface and a router
 * they save a hop and cost trust.
 */
#include "net/ip6.h"

#include <string.h>

#include "net/igmp.h"

#pragma weak igmp_answer6

#define ND_ROUTER_SOLICIT   133
#define ND_ROUTER_ADVERT    134
#define ND_NEIGHBOR_SOLICIT 135
#define ND_NEIGHBOR_ADVERT  136
#define MLD2_REPORT         143

#define OPT_SOURCE_MAC      1
#define OPT_TARGET_MAC      2

#define NA_SOLICITED        0x40
#define NA_OVERRIDE         0x20

static const struct ip_addr all_nodes = {.b = {0xff, 2, [15] = 1}};
static const struct ip_addr all_routers = {.b = {0xff, 2, [15] = 2}};
static const struct ip_addr mld_routers = {.b = {0xff, 2, [15] = 0x16}};
static const struct ip_addr none;

/* RFC 4291 §2.7.1 */
static struct ip_addr solicited_node(const struct ip_addr *a)
{
    struct ip_addr g = {.b = {0xff, 2, [11] = 1, [12] = 0xff}};

    memcpy(g.b + 13, a->b + 13, 3);
    return g;
}

static struct ip6_addr *own(struct net *n, const struct ip_addr *a)
{
    for (struct ip6_addr *o = n->ip6->addrs; o < n->ip6->addrs + IP6_ADDRS; o++) {
        if (o->prefix_len && ip_addr_eq(&o->addr, a))
            return o;
    }
    return NULL;
}

/* A message of @type with @flags, a @target (or none) and our MAC address in option @opt (or none).
 */
static void nd_send(struct netif *nif, u8 type, u8 flags, const struct ip_addr *target, u8 opt,
                    const struct ip_addr *src, const struct ip_addr *dst)
{
    struct pkt *p = pkt_alloc_spare(NET_HEADROOM);
    u8 *m;

    if (!p) {
        nif->net->stats.no_memory++;
        return;
    }
    m = p->data;
    memset(m, 0, 8);
    m[0] = type;
    m[4] = flags;
    m += 8;
    if (target) {
        memcpy(m, target, 16);
        m += 16;
    }
    if (opt) {
        m[0] = opt;
        m[1] = 1;
        memcpy(m + 2, nif->mac, 6);
        m += 8;
    }
    p->len_bytes = (u32)(m - p->data);
    icmp6_send(nif->net, p, src, dst, 255);
}

void nd_ask(struct netif *nif, const struct ip_addr *ip, const u8 *mac)
{
    const struct ip6_addr *us = &nif->net->ip6->addrs[0];
    struct ip_addr dst = mac ? *ip : solicited_node(ip);

    /* RFC 4429 §3.2: an optimistic address stays out of the caches of others */
    nd_send(nif, ND_NEIGHBOR_SOLICIT, 0, ip, us->dad_ns ? 0 : OPT_SOURCE_MAC,
            us->prefix_len ? &us->addr : &none, &dst);
}

void nd_probe(struct netif *nif, const struct ip_addr *ip)
{
    struct ip_addr dst = solicited_node(ip);

    nd_send(nif, ND_NEIGHBOR_SOLICIT, 0, ip, 0, &none, &dst);
}

void nd_solicit_routers(struct netif *nif)
{
    const struct ip6_addr *us = &nif->net->ip6->addrs[0];
    bool is_sure = us->prefix_len && !us->dad_ns;

    nd_send(nif, ND_ROUTER_SOLICIT, 0, NULL, is_sure ? OPT_SOURCE_MAC : 0,
            us->prefix_len ? &us->addr : &none, &all_routers);
}

/* The option @type among @len bytes at @o, checked before to be well formed; NULL if there is none.
 */
static const u8 *option(const u8 *o, u32 len, u8 type)
{
    for (; len >= 8 && *o != type; len -= o[1] * 8u, o += o[1] * 8)
        if (!o[1] || o[1] * 8u > len)
            return NULL;
    return len >= 8 && o[1] && o[1] * 8u <= len && !(o[2] & 1 && type <= OPT_TARGET_MAC) ? o : NULL;
}

/* RFC 4861 §4.6: no option of length 0, none beyond the end. */
static bool options_are_fine(const u8 *o, u32 len)
{
    for (; len; len -= o[1] * 8u, o += o[1] * 8)
        if (len < 8 || !o[1] || o[1] * 8u > len)
            return false;
    return true;
}

/* @from says that it is at the MAC address of @opt, unasked (RFC 4861 §7.2.3, §6.3.4). */
static void hear(struct net *n, const struct ip_addr *from, const u8 *opt)
{
    struct arp_entry *e = arp_find(n, from);

    if (!opt)
        return;
    if (!e)
        e = arp_new(n, from, false);
    else if (e->state != ARP_INCOMPLETE && memcmp(e->mac, opt + 2, 6) == 0)
        return;
    if (e)
        arp_learn(&n->eth, e, opt + 2, false);
}

static void solicitation(struct net *n, const u8 *m, u32 len, const struct ip_in *in,
                         const struct ip_addr *target)
{
    const u8 *mac = option(m + 24, len - 24, OPT_SOURCE_MAC);
    struct ip6_addr *us = own(n, target);
    bool is_probe = ip_addr_is_any(&in->src);

    if (is_probe && (mac || !in->to_many)) {
        n->stats.icmp_bad[1]++;
        return;
    }
    if (!us)
        return;
    if (is_probe && us->dad_ns) { /* RFC 4862 §5.4.3: two want it, neither gets it */
        slaac_conflict(n, target);
        return;
    }
    if (!is_probe)
        hear(n, &in->src, mac);
    nd_send(&n->eth, ND_NEIGHBOR_ADVERT,
            (is_probe ? 0 : NA_SOLICITED) | (us->dad_ns ? 0 : NA_OVERRIDE), target, OPT_TARGET_MAC,
            target, is_probe ? &all_nodes : &in->src);
}

/* RFC 4861 §7.2.5 */
static void advertisement(struct net *n, const u8 *m, u32 len, const struct ip_in *in,
                          const struct ip_addr *target)
{
    const u8 *mac = option(m + 24, len - 24, OPT_TARGET_MAC);
    bool is_solicited = m[4] & NA_SOLICITED, is_new;
    struct ip6_addr *us = own(n, target);
    struct arp_entry *e = arp_find(n, target);

    if (is_solicited && in->to_many) {
        n->stats.icmp_bad[1]++;
        return;
    }
    if (us) {
        if (us->dad_ns)
            slaac_conflict(n, target);
        return;
    }
    if (!e) /* nobody asked */
        return;
    if (e->state == ARP_INCOMPLETE || e->state == ARP_FAILED) {
        if (mac)
            arp_learn(&n->eth, e, mac + 2, is_solicited);
        return;
    }
    is_new = mac && memcmp(e->mac, mac + 2, 6) != 0;
    if (is_new && !(m[4] & NA_OVERRIDE)) {
        if (e->state == ARP_REACHABLE)
            arp_learn(&n->eth, e, e->mac, false); /* somebody disagrees: check when next used */
    } else if (is_new || is_solicited) {
        u8 at[6];
        memcpy(at, is_new ? mac + 2 : e->mac, 6);
        arp_learn(&n->eth, e, at, is_solicited);
    }
}

void nd_input(struct net *n, const struct pkt *p, const struct ip_in *in)
{
    const u8 *m = p->data;
    u32 len = p->len_bytes, at = m[0] == ND_ROUTER_ADVERT ? 16 : 24;
    struct ip_addr target;

    /* Our own, reflected by a bridge? Its Ethernet header is still in front. */
    if (memcmp((const u8 *)in->hdr - 8, n->eth.mac, 6) == 0)
        return;
    if (m[0] < ND_ROUTER_ADVERT || m[0] > ND_NEIGHBOR_ADVERT)
        return;
    if (in->ttl != 255 || m[1] || p->flags & BIT(PKT_REASSEMBLED) /* RFC 6980 */ || len < at ||
        !options_are_fine(m + at, len - at))
        goto bad;
    if (m[0] == ND_ROUTER_ADVERT) {
        if (!ip_addr_is_link_local(&in->src))
            goto bad;
        hear(n, &in->src, option(m + 16, len - 16, OPT_SOURCE_MAC));
        slaac_router(n, m, len, &in->src);
        return;
    }
    memcpy(&target, m + 8, 16);
    if (target.b[0] == 0xff)
        goto bad;
    if (m[0] == ND_NEIGHBOR_SOLICIT)
        solicitation(n, m, len, in, &target);
    else
        advertisement(n, m, len, in, &target);
    return;
bad:
    n->stats.icmp_bad[1]++;
}

/* --- groups --- */

void mld_report(struct netif *nif, const struct ip_addr *group, u8 record)
{
    struct net *n = nif->net;
    const struct ip6_addr *us = &n->ip6->addrs[0];
    struct ip_out out = {.src = us->prefix_len && !us->dad_ns ? us->addr : none,
                         .dst = mld_routers,
                         .proto = 0, /* hop-by-hop options: router alert (RFC 2711) */
                         .ttl = 1};
    static const u8 head[] = {IP_PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0,
                              MLD2_REPORT,    0, 0, 0, 0, 0, 0, 1};
    struct ip_route rt = {nif, mld_routers, out.src};
    struct pkt *p = pkt_alloc_spare(NET_HEADROOM);
    struct icmp_hdr *icmp;

    if (!p) {
        n->stats.no_memory++;
        return;
    }
    memset(p->data, 0, sizeof(head) + 20);
    memcpy(p->data, head, sizeof(head));
    p->data[sizeof(head)] = record;
    memcpy(p->data + sizeof(head) + 4, group, 16);
    p->len_bytes = sizeof(head) + 20;
    icmp = (struct icmp_hdr *)(p->data + 8);
    icmp->csum = ip_csum(icmp, 28, &out.src, &out.dst, IP_PROTO_ICMP6);
    ip_send(&rt, p, &out);
}

void mld_join_own(struct net *n, const struct ip_addr *a)
{
    struct ip_addr group = solicited_node(a);

    mld_report(&n->eth, &group, MLD_NOW_EXCLUDES);
}

void mld_answer(struct net *n)
{
    for (struct ip6_addr *o = n->ip6->addrs; o < n->ip6->addrs + IP6_ADDRS; o++) {
        struct ip_addr group = solicited_node(&o->addr);
        if (o->prefix_len)
            mld_report(&n->eth, &group, MLD_IS_EXCLUDING);
    }
    if (igmp_answer6)
        igmp_answer6(n);
}
