/* ICMPv6 (RFC 4443): echo, and errors in both directions. Neighbours and routers are in nd.c. */
#include "net/ip6.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip_frag.h"

#pragma weak ip_fragment

#define MLD_QUERY 130
#define ND_FIRST  133 /* router solicitation */
#define ND_LAST   137 /* redirect */

void icmp6_send(struct net *n, struct pkt *p, const struct ip_addr *src, const struct ip_addr *dst,
                u8 hop_limit)
{
    struct icmp_hdr *icmp = (struct icmp_hdr *)p->data;
    struct ip_out out = {.src = *src, .dst = *dst, .proto = IP_PROTO_ICMP6, .ttl = hop_limit};
    struct ip_route rt = {&n->eth, *dst, *src};

    icmp->csum = 0;
    icmp->csum = ip_csum(icmp, p->len_bytes, src, dst, IP_PROTO_ICMP6);
    /* What must not pass a router (RFC 4861 §6.1, §7.1) needs no way: it is for the link. */
    if (hop_limit != 255 && ip_route(n, dst, &rt) != 0) {
        pkt_put(p);
        return;
    }
    n->stats.icmp_out[1]++;
    ip_send_frag(&rt, p, &out, IP_FRAG_HERE);
}

static void echo(struct net *n, const struct pkt *p, const struct ip_in *in)
{
    struct ip_route rt;
    struct pkt *q;

    /* Without ip_frag.c we send no more than a link takes. */
    if ((p->len_bytes + IP6_HDR_BYTES > in->nif->mtu_bytes && !in->nif->is_loop && !ip_fragment) ||
        ip_route(n, &in->src, &rt) != 0)
        return;
    q = pkt_alloc_large(NET_HEADROOM, p->len_bytes);
    if (!q)
        return;
    memcpy(q->data, p->data, p->len_bytes);
    q->len_bytes = p->len_bytes;
    q->data[0] = ICMP6_ECHO_REPLY;
    icmp6_send(n, q, in->to_many ? &rt.src : &in->dst, &in->src, 0);
}

/* Errnos as Linux maps them. Returns false for what means nothing to a socket. */
static bool error_of(const struct icmp_hdr *icmp, struct ip_error *e)
{
    static const u8 unreachable[] = {ENETUNREACH,  EACCES, EHOSTUNREACH, EHOSTUNREACH,
                                     ECONNREFUSED, EACCES, EACCES};

    switch (icmp->type) {
    case ICMP6_UNREACHABLE:
        if (icmp->code >= sizeof(unreachable))
            return false;
        e->err = unreachable[icmp->code];
        e->is_hard = e->err == EACCES || e->err == ECONNREFUSED;
        return true;
    case ICMP6_TOO_BIG:
        e->err = EMSGSIZE;
        e->mtu_bytes = icmp->a ? 65535 : be16(icmp->b);
        return e->mtu_bytes >= IP6_MTU_MIN; /* RFC 8201 §4 */
    case ICMP6_TIME:
        e->err = EHOSTUNREACH;
        return true;
    case ICMP6_PARAM:
        e->err = EPROTO;
        e->is_hard = true;
        return true;
    }
    return false;
}

static void error_input(struct net *n, const struct pkt *p)
{
    const struct icmp_hdr *icmp = (const struct icmp_hdr *)p->data;
    const struct ip6_hdr *ip = (const struct ip6_hdr *)(icmp + 1);
    const u8 *l4 = (const u8 *)(ip + 1);
    const struct ip_proto *proto;
    struct ip_error e = {0};
    u8 next = ip->next;

    if (p->len_bytes < sizeof(*icmp) + sizeof(*ip) + 8)
        goto bad;
    memcpy(&e.flow.local, ip->src, 16);
    memcpy(&e.flow.remote, ip->dst, 16);
    /* Extension headers: we send none but in fragments, of which the first has the ports. */
    if (next == IP_PROTO_FRAGMENT && !l4[2] && !(l4[3] & 0xf8) &&
        p->len_bytes >= sizeof(*icmp) + sizeof(*ip) + 16) {
        next = *l4;
        l4 += 8;
    }
    if (!ip6_is_local(n, &e.flow.local) || !error_of(icmp, &e))
        goto bad;
    memcpy(&e.flow.lport, l4, 2);
    memcpy(&e.flow.rport, l4 + 2, 2);
    memcpy(&e.seq, l4 + 4, 4);
    e.seq = be32(e.seq);
    proto = next == IP_PROTO_TCP ? n->tcp : next == IP_PROTO_UDP ? n->udp : NULL;
    if (proto)
        proto->error(n, &e);
    return;
bad:
    n->stats.icmp_bad[1]++;
}

void icmp6_input(struct net *n, struct pkt *p, const struct ip_in *in)
{
    const struct icmp_hdr *icmp = (const struct icmp_hdr *)p->data;

    n->stats.icmp_in[1]++;
    if (p->len_bytes < sizeof(*icmp) ||
        (!in->nif->is_loop && ip_csum(icmp, p->len_bytes, &in->src, &in->dst, IP_PROTO_ICMP6) != 0))
        n->stats.icmp_bad[1]++;
    else if (icmp->type == ICMP6_ECHO)
        echo(n, p, in);
    else if (icmp->type < ICMP6_ECHO)
        error_input(n, p);
    else if (icmp->type == MLD_QUERY && !in->nif->is_loop && ip_addr_is_link_local(&in->src))
        mld_answer(n);
    else if (icmp->type >= ND_FIRST && icmp->type <= ND_LAST && !in->nif->is_loop)
        nd_input(n, p, in);
    pkt_put(p);
}

void icmp6_error(struct net *n, const struct ip_in *in, u8 type, u8 code, u32 info)
{
    const struct ip6_hdr *ip = in->hdr;
    bool may_be_many = type == ICMP6_PARAM && code == 2; /* RFC 4443 §2.4 (e.3) */
    struct icmp_hdr *icmp;
    struct ip_route rt;
    struct pkt *p;
    u32 len = be16(ip->payload_len) + IP6_HDR_BYTES;

    if ((in->to_many && !may_be_many) || ip_addr_is_any(&in->src) ||
        (ip->next == IP_PROTO_ICMP6 && ((const u8 *)(ip + 1))[0] < ICMP6_ECHO) ||
        ip_route(n, &in->src, &rt) != 0 || !icmp_may_send(n))
        return;
    p = pkt_alloc(NET_HEADROOM);
    if (!p)
        return;
    icmp = (struct icmp_hdr *)p->data;
    icmp->type = type;
    icmp->code = code;
    icmp->a = be16(info >> 16);
    icmp->b = be16(info);
    len = MIN(len, (u32)(IP6_MTU_MIN - IP6_HDR_BYTES - sizeof(*icmp)));
    memcpy(icmp + 1, ip, len);
    p->len_bytes = sizeof(*icmp) + len;
    icmp6_send(n, p, in->to_many ? &rt.src : &in->dst, &in->src, 0);
}
