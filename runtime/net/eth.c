/* Ethernet II framing. */
#include "net/ip.h"
#include "net/ip6.h"

#include <string.h>

#pragma weak ip6_input

/* memcmp() of six bytes is a call, or worse, `repz cmpsb`. */
static inline bool mac_eq(const u8 *a, const u8 *b)
{
    u32 a4, b4;
    u16 a2, b2;
    __builtin_memcpy(&a4, a, 4);
    __builtin_memcpy(&b4, b, 4);
    __builtin_memcpy(&a2, a + 4, 2);
    __builtin_memcpy(&b2, b + 4, 2);
    return a4 == b4 && a2 == b2;
}

void eth_input(struct netif *nif, struct pkt *p)
{
    struct net_stats *st = &nif->net->stats;
    const struct eth_hdr *eth = (const struct eth_hdr *)p->data;

    if (unlikely(p->len_bytes < ETH_HDR_BYTES)) {
        st->eth_short++;
        goto drop;
    }
    /* A bridge floods frames for others to us. The group bit covers broadcast. */
    if (unlikely(!(eth->dst[0] & 1) && !mac_eq(eth->dst, nif->mac))) {
        st->eth_other_mac++;
        goto drop;
    }
    p->data += ETH_HDR_BYTES;
    p->len_bytes -= ETH_HDR_BYTES;
    if (likely(eth->type == be16(ETH_TYPE_IPV4))) {
        ip_input(nif, p);
        return;
    }
    if (eth->type == be16(ETH_TYPE_IPV6) && ip6_input && nif->net->ip6) {
        ip6_input(nif, p);
        return;
    }
    if (eth->type == be16(ETH_TYPE_ARP) && !nif->is_loop) {
        arp_input(nif, p);
        return;
    }
    st->eth_type++;
drop:
    pkt_put(p);
}

void eth_push(struct netif *nif, struct pkt *p, const u8 *dst_mac, u16 type)
{
    struct eth_hdr *eth = (struct eth_hdr *)(p->data - ETH_HDR_BYTES);

    p->data = (u8 *)eth;
    p->len_bytes += ETH_HDR_BYTES;
    memcpy(eth->dst, dst_mac, 6);
    memcpy(eth->src, nif->mac, 6);
    eth->type = be16(type);
}
