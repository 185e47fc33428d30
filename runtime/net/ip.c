/* IPv4: what comes in, what goes out, and by which way. Fragments: ip_reasm.c, ip_frag.c. */
#include "net/ip.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"
#include "net/ip_frag.h"

#pragma weak ip6_fill
#pragma weak ip6_is_local
#pragma weak ip6_route
#pragma weak ip_frag_allow
#pragma weak ip_fragment

static inline bool is_loopback(u32 a)
{
    return (a & be32(0xff000000)) == be32(0x7f000000);
}

static inline bool is_multicast(u32 a)
{
    return (a & be32(0xf0000000)) == be32(0xe0000000);
}

bool ip_is_local(struct net *n, const struct ip_addr *a)
{
    if (!ip_addr_is_v4(a))
        return ip6_is_local && ip6_is_local(n, a);
    return is_loopback(a->v4) || (n->eth.has_addr && a->v4 == n->eth.addr.v4);
}

bool ip_is_many(struct net *n, const struct ip_addr *a)
{
    if (!ip_addr_is_v4(a))
        return a->b[0] == 0xff;
    return a->v4 == IP4_BROADCAST || is_multicast(a->v4) ||
           (n->eth.has_addr && a->v4 && a->v4 == n->eth.broadcast);
}

int ip_route(struct net *n, const struct ip_addr *dst, struct ip_route *rt)
{
    struct netif *eth = &n->eth;
    struct ip_net best;
    u32 a = dst->v4;

    if (!ip_addr_is_v4(dst))
        return ip6_route && n->ip6 ? ip6_route(n, dst, rt) : -ENETUNREACH;
    rt->next_hop = *dst;
    if (ip_is_local(n, dst) || !a) { /* 0.0.0.0 means this host, as on Linux */
        rt->nif = &n->loop;
        rt->src = ip_addr_is_any(dst) ? n->loop.addr : *dst;
        return 0;
    }
    if (!eth->has_addr)
        return n->is_acquiring ? -EAGAIN : -ENETUNREACH;
    rt->nif = eth;
    rt->src = eth->addr;
    if (a == IP4_BROADCAST || is_multicast(a))
        return 0;
    best = (struct ip_net){0, 0, eth->gateway};
    if (((a ^ eth->addr.v4) & eth->mask) == 0)
        best = (struct ip_net){0, eth->mask, 0};
    for (const struct ip_net *r = eth->routes; r < eth->routes + eth->n_routes; r++) {
        if (((a ^ r->addr) & r->mask) == 0 && be32(r->mask) > be32(best.mask))
            best = *r;
    }
    if (best.gateway)
        rt->next_hop.v4 = best.gateway;
    return best.gateway || best.mask ? 0 : -ENETUNREACH;
}

void ip4_fill(struct ip4_hdr *ip, const struct ip_out *o, u32 total_len)
{
    ip->version_ihl = 0x45;
    ip->tos = o->tos;
    ip->total_len = be16(total_len);
    ip->id = 0; /* RFC 6864 §4.1: with DF set the identification means nothing */
    ip->frag = be16(IP4_DF);
    ip->ttl = o->ttl ? o->ttl : 64;
    ip->proto = o->proto;
    ip->csum = 0;
    ip->src = o->src.v4;
    ip->dst = o->dst.v4;
    ip->csum = csum(ip, sizeof(*ip), 0);
}

u16 ip_csum(const void *msg, u32 len, const struct ip_addr *src, const struct ip_addr *dst,
            u8 proto)
{
    return csum(msg, len, be16(len) + ip_pseudo(src, dst, proto));
}

/* RFC 1112 §6.4 */
static void multicast_mac(u32 ip, u8 *mac)
{
    u32 a = be32(ip);
    mac[0] = 0x01;
    mac[1] = 0x00;
    mac[2] = 0x5e;
    mac[3] = (a >> 16) & 0x7f;
    mac[4] = (u8)(a >> 8);
    mac[5] = (u8)a;
}

void ip_emit(struct netif *nif, struct pkt *p, const u8 *mac)
{
    if (ip_fragment && ip_fragment(nif, p, mac))
        return;
    eth_push(nif, p, mac, p->data[0] >> 4 == 6 ? ETH_TYPE_IPV6 : ETH_TYPE_IPV4);
    netif_send(nif, p);
}

int ip_send_frag(const struct ip_route *rt, struct pkt *p, const struct ip_out *o,
                 enum ip_frag_mode frag)
{
    struct netif *nif = rt->nif;
    struct net *n = nif->net;
    u32 hdr_bytes = ip_hdr_bytes(&o->dst);
    bool is_v4 = hdr_bytes == IP4_HDR_BYTES;
    u8 mac[6] = {0};
    int err;

    p->data -= hdr_bytes;
    p->len_bytes += hdr_bytes;
    if (p->len_bytes > nif->mtu_bytes && !nif->is_loop && !(frag && ip_fragment)) {
        pkt_put(p);
        return -EMSGSIZE;
    }
    if (is_v4)
        ip4_fill((struct ip4_hdr *)p->data, o, p->len_bytes);
    else
        ip6_fill((struct ip6_hdr *)p->data, o, p->len_bytes);
    if (frag && ip_frag_allow)
        ip_frag_allow(nif, p, frag == IP_FRAG_ANYWAY);
    n->stats.ip_out[!is_v4]++;
    if (!nif->is_loop) {
        if (!is_v4 && o->dst.b[0] == 0xff) { /* RFC 2464 §7 */
            mac[0] = mac[1] = 0x33;
            memcpy(mac + 2, &o->dst.v4, 4);
        } else if (is_v4 && is_multicast(o->dst.v4)) {
            multicast_mac(o->dst.v4, mac);
        } else if (ip_is_many(n, &o->dst)) {
            memset(mac, 0xff, 6);
        } else {
            err = arp_resolve(nif, &rt->next_hop, mac, p);
            if (err)
                return err == -EAGAIN ? 0 : err;
        }
    }
    ip_emit(nif, p, mac);
    return 0;
}

/* The DHCP client listens before there is an address, so it gets its packets from here. */
static bool is_for_dhcp(struct net *n, const struct pkt *p)
{
    const struct udp_hdr *udp = (const struct udp_hdr *)p->data;
    u32 len;

    if (!n->dhcp_input || p->len_bytes < sizeof(*udp) || udp->dport != be16(68))
        return false;
    len = be16(udp->len);
    if (len >= sizeof(*udp) && len <= p->len_bytes)
        n->dhcp_input(n, (const u8 *)(udp + 1), len - sizeof(*udp));
    return true;
}

void ip_deliver(struct net *n, struct pkt *p, struct ip_in *in)
{
    const struct ip_proto *proto = NULL;

    switch (in->proto) {
    case IP_PROTO_TCP:
        proto = n->tcp;
        break;
    case IP_PROTO_UDP:
        if (!in->nif->is_loop && is_for_dhcp(n, p))
            goto done;
        proto = n->udp;
        if (!proto) {
            n->stats.udp_unheard++;
            icmp_unreachable(n, in, ICMP4_CODE_PORT);
            goto done;
        }
        break;
    case IP_PROTO_ICMP:
        icmp_input(n, p, in);
        return;
    case IP_PROTO_IGMP:
        proto = n->igmp_proto;
        if (!proto)
            goto done;
        break;
    }
    if (likely(proto)) {
        proto->input(n, p, in);
        return;
    }
    n->stats.ip_proto[0]++;
    icmp_unreachable(n, in, ICMP4_CODE_PROTO);
done:
    pkt_put(p);
}

/* Of a header without options, as nearly all are. */
static inline u64 header_sum(const struct ip4_hdr *ip)
{
    const u8 *p = (const u8 *)ip;
    u64 a, b;
    u32 c;

    __builtin_memcpy(&a, p, 8);
    __builtin_memcpy(&b, p + 8, 8);
    __builtin_memcpy(&c, p + 16, 4);
    a += b;
    a += a < b; /* the carry comes in at the bottom again */
    a += c;
    return a + (a < c);
}

/* Once more, from the front, as if it had come whole. */
static void whole_input(struct netif *nif, struct pkt *p, const struct ip_frag_head *head,
                        bool is_ce)
{
    struct ip4_hdr *ip = (struct ip4_hdr *)p->data;

    ip->total_len = be16(p->len_bytes);
    ip->frag = 0;
    ip->tos |= is_ce ? 3 : 0;
    ip->csum = 0;
    ip->csum = csum(ip, head->len_bytes, 0);
    ip_input(nif, p);
}

static __attribute__((noinline)) void fragment_input(struct net *n, struct pkt *p,
                                                     const struct ip_in *in)
{
    const struct ip4_hdr *ip = in->hdr;
    u32 frag = be16(ip->frag), hdr_bytes = (u32)(p->data - (const u8 *)ip);
    struct ip_frag f = {.id = {in->src, in->dst, ip->id, in->proto},
                        .head = {.hdr = in->hdr, .len_bytes = (u16)hdr_bytes},
                        .start = (frag & IP4_OFFSET) * 8,
                        .max_bytes = IP_DATA_MAX - hdr_bytes,
                        .has_more = frag & IP4_MF,
                        .whole = whole_input};

    ip_reasm_input(n, p, in, &f);
}

/* May a packet from @src to @dst have come by this interface? RFC 1122 §3.2.1.3: nobody's address
 * is a group, 127/8 never comes from outside, and what is from us would not have come by wire. */
static inline bool is_plausible(const struct netif *nif, u32 src, u32 dst)
{
    if (is_multicast(src) || src == IP4_BROADCAST)
        return false;
    if (unlikely(nif->is_loop))
        return true;
    if (is_loopback(src))
        return false;
    if (likely(dst == nif->addr.v4 && nif->has_addr)) /* which is never a loopback one */
        return src != dst && (src != nif->broadcast || !src);
    return !is_loopback(dst);
}

NO_STACK_CHECK void ip_input(struct netif *nif, struct pkt *p)
{
    struct net *n = nif->net;
    const struct ip4_hdr *ip = (const struct ip4_hdr *)p->data;
    u32 hdr_len, total_len;
    bool is_ours;
    u64 sum;
    struct ip_in in;

    n->stats.ip_in[0]++;
    if (unlikely(p->len_bytes < sizeof(*ip)))
        goto bad;
    hdr_len = sizeof(*ip);
    sum = header_sum(ip);
    total_len = be16(ip->total_len);
    if (unlikely(ip->version_ihl != 0x45)) { /* with options, or nonsense */
        hdr_len = (ip->version_ihl & 15) * 4;
        if (ip->version_ihl >> 4 != 4 || hdr_len < sizeof(*ip) || hdr_len > p->len_bytes)
            goto bad;
        sum = csum_add(ip, hdr_len);
    }
    if (unlikely(total_len < hdr_len || total_len > p->len_bytes))
        goto bad;
    if (unlikely(csum_fold(sum) != 0xffff) && !nif->is_loop)
        goto bad;
    is_ours = ip->dst == nif->addr.v4 && nif->has_addr;
    if (unlikely(!is_ours || ip->src != nif->last_src)) {
        if (!is_plausible(nif, ip->src, ip->dst))
            goto bad;
        if (is_ours)
            nif->last_src = ip->src;
    }
    in.nif = nif;
    in.src = ip_addr_v4(ip->src);
    in.dst = ip_addr_v4(ip->dst);
    in.hdr = ip;
    in.proto = ip->proto;
    in.tos = ip->tos;
    in.ttl = ip->ttl;
    in.to_many = false;
    if (unlikely(!is_ours)) {
        in.to_many = !nif->is_loop && ip_is_many(n, &in.dst);
        is_ours = nif->is_loop || in.to_many;
    }
    p->data += hdr_len;
    p->len_bytes = total_len - hdr_len; /* Ethernet pads short frames */
    if (unlikely(!is_ours)) { /* RFC 2131 §4.1: an answer may be unicast to what will be ours */
        if (in.proto != IP_PROTO_UDP || !is_for_dhcp(n, p))
            n->stats.ip_not_ours[0]++;
        goto drop;
    }
    if (unlikely(ip->frag & be16(IP4_MF | IP4_OFFSET))) {
        fragment_input(n, p, &in);
        return;
    }
    if (likely(in.proto == IP_PROTO_TCP && n->tcp))
        n->tcp->input(n, p, &in);
    else
        ip_deliver(n, p, &in);
    return;
bad:
    n->stats.ip_bad[0]++;
drop:
    pkt_put(p);
}
