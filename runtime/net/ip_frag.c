/*
 * Fragments out (RFC 791 §3.2, RFC 8200 §4.5), and how much the ways to some hosts take (RFC 1191,
 * RFC 8201). Only datagrams are ever fragmented, so this is linked with UDP; TCP keeps to its MSS.
 * Around the loopback everything goes whole.
 */
#include "net/ip_frag.h"

#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"

#define PMTU_MIN 552                  /* as Linux: less is nobody's link, but somebody's attack */
#define PMTU_NS  (600 * NSEC_PER_SEC) /* RFC 1191 §6.3, RFC 8201 §4: ten minutes, then try again */

void ip_pmtu_note(struct net *n, const struct ip_addr *dst, u32 mtu_bytes)
{
    struct ip_pmtu *at = n->pmtu;

    for (struct ip_pmtu *o = n->pmtu; o < n->pmtu + NET_PMTUS; o++) {
        if (ip_addr_eq(&o->dst, dst)) {
            at = o;
            break;
        }
        if (o->end_ns < at->end_ns)
            at = o;
    }
    at->dst = *dst;
    at->end_ns = net_now(n) + PMTU_NS;
    at->mtu_bytes = (u16)MIN(MAX(mtu_bytes, (u32)PMTU_MIN), 65535u);
}

u32 ip_pmtu(struct netif *nif, const struct ip_addr *dst)
{
    struct net *n = nif->net;
    u32 mtu = nif->is_loop ? 65535 + IP6_HDR_BYTES : nif->mtu_bytes;

    for (struct ip_pmtu *o = n->pmtu; o < n->pmtu + NET_PMTUS; o++) {
        if (o->end_ns > net_now(n) && ip_addr_eq(&o->dst, dst))
            mtu = MIN(mtu, o->mtu_bytes);
    }
    return mtu;
}

/* IPv4 in @dst from a header. */
static bool header(const struct pkt *p, struct ip_addr *dst)
{
    bool is_v6 = p->data[0] >> 4 == 6;

    if (is_v6)
        memcpy(dst, ((const struct ip6_hdr *)p->data)->dst, 16);
    else
        *dst = ip_addr_v4(((const struct ip4_hdr *)p->data)->dst);
    return is_v6;
}

static void seal(struct ip4_hdr *ip)
{
    ip->csum = 0;
    ip->csum = csum(ip, IP4_HDR_BYTES, 0);
}

void ip_frag_allow(struct netif *nif, struct pkt *p, bool is_always)
{
    struct net *n = nif->net;
    struct ip4_hdr *ip = (struct ip4_hdr *)p->data;
    struct ip_addr dst;

    if (header(p, &dst) || (!is_always && p->len_bytes <= ip_pmtu(nif, &dst)))
        return;
    /* RFC 6864 §4.2: not soon again to the same host; and no other host learns where we are. */
    ip->id = be16(n->frag_id++ + ((dst.v4 * n->hash_mul) >> 32));
    ip->frag = 0;
    seal(ip);
}

bool ip_fragment(struct netif *nif, struct pkt *p, const u8 *mac)
{
    struct net *n = nif->net;
    struct ip_addr dst;
    bool is_v6 = header(p, &dst);
    u32 hdr_bytes = is_v6 ? IP6_HDR_BYTES : IP4_HDR_BYTES, extra = is_v6 ? 8 : 0;
    u32 mtu = ip_pmtu(nif, &dst), at, len, id = (u32)net_random64();

    if (p->len_bytes <= mtu || (!is_v6 && ((struct ip4_hdr *)p->data)->frag & be16(IP4_DF)))
        return false;
    for (at = hdr_bytes; at < p->len_bytes; at += len) {
        struct pkt *q = pkt_alloc(PKT_DRIVER_HEADROOM + 2 + ETH_HDR_BYTES);
        u32 room = mtu - hdr_bytes - extra, start = at - hdr_bytes;
        bool has_more = p->len_bytes - at > room;
        u8 *to;
        if (!q) {
            n->stats.no_memory++;
            break;
        }
        len = has_more ? room & ~7u : p->len_bytes - at;
        memcpy(q->data, p->data, hdr_bytes);
        to = q->data + hdr_bytes;
        if (is_v6) {
            struct ip6_hdr *ip = (struct ip6_hdr *)q->data;
            u16 offset = be16(start | has_more);
            to[0] = ip->next;
            to[1] = 0;
            memcpy(to + 2, &offset, 2);
            memcpy(to + 4, &id, 4); /* RFC 7739 §5.2: nobody shall guess it */
            to += extra;
            ip->next = IP_PROTO_FRAGMENT;
            ip->payload_len = be16(len + extra);
        } else {
            struct ip4_hdr *ip = (struct ip4_hdr *)q->data;
            ip->total_len = be16(hdr_bytes + len);
            ip->frag = be16(start / 8 | (has_more ? IP4_MF : 0));
            seal(ip);
        }
        memcpy(to, p->data + at, len);
        q->len_bytes = hdr_bytes + extra + len;
        n->stats.ip_frag_creates[is_v6]++;
        eth_push(nif, q, mac, is_v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IPV4);
        netif_send(nif, q);
    }
    n->stats.ip_frag_oks[is_v6] += at >= p->len_bytes;
    pkt_put(p);
    return true;
}
