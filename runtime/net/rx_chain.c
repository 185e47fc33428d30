/*
 * Frames of several packets: text of one TCP connection, which the device or its host has put
 * together again. The first packet is cut down to an IP packet of its own and goes the way of all
 * others; the rest waits in net.rx_rest for tcp_input(), which gives it to the same connection.
 */
#include "net/stack.h"
#include "net/wire.h"

#include "net/csum.h"

/* Make the length in the header of @p, @own_bytes with the IP header, its own. Returns false if it
 * is not what the device has said, @all_bytes, or not TCP. */
static bool cut_header(struct pkt *p, u16 eth_type, u32 own_bytes, u32 all_bytes)
{
    if (eth_type == be16(ETH_TYPE_IPV4) && own_bytes >= IP4_HDR_BYTES) {
        struct ip4_hdr *ip = (struct ip4_hdr *)(p->data + ETH_HDR_BYTES);
        if (ip->proto != IP_PROTO_TCP || ip->total_len != be16(all_bytes))
            return false;
        /* RFC 1624: right stays right, and wrong wrong */
        ip->csum = csum_finish((u64)(u16)~ip->csum + (u16)~ip->total_len + be16(own_bytes));
        ip->total_len = be16(own_bytes);
        return true;
    }
    if (eth_type == be16(ETH_TYPE_IPV6) && own_bytes >= IP6_HDR_BYTES) {
        struct ip6_hdr *ip = (struct ip6_hdr *)(p->data + ETH_HDR_BYTES);
        if (ip->next != IP_PROTO_TCP || ip->payload_len != be16(all_bytes - IP6_HDR_BYTES))
            return false;
        ip->payload_len = be16(own_bytes - IP6_HDR_BYTES);
        return true;
    }
    return false;
}

void rx_chain_input(struct netif *nif, struct pkt *p)
{
    const struct eth_hdr *eth = (const struct eth_hdr *)p->data;
    struct net *n = nif->net;

    if (p->len_bytes < ETH_HDR_BYTES ||
        !cut_header(p, eth->type, p->len_bytes - ETH_HDR_BYTES, p->frame_bytes - ETH_HDR_BYTES)) {
        n->stats.ip_bad[eth->type == be16(ETH_TYPE_IPV6)]++;
        pkt_put_chain(p);
        return;
    }
    n->rx_rest = p->next;
    p->next = NULL;
    eth_input(nif, p);
    pkt_put_chain(n->rx_rest); /* nobody wanted the first one */
    n->rx_rest = NULL;
    n->is_rx_batch = false;
}
