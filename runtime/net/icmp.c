/* ICMP for IPv4 (RFC 792, RFC 1122 §3.2.2): echo, and errors in both directions. */
#include "net/ip.h"

#include <errno.h>
#include <string.h>

#include "net/csum.h"
#include "net/ip6.h"
#include "net/ip_frag.h"

#pragma weak icmp6_error
#pragma weak ip_fragment

#define ICMP_ERRORS_PER_SEC 100
#define ICMP_ERRORS_BURST   20
#define ICMP_QUOTE_BYTES    8 /* of the packet's payload, after its IP header (RFC 792) */

static void icmp_reply(struct net *n, const struct ip_addr *src, const struct ip_addr *dst,
                       struct pkt *p)
{
    struct icmp_hdr *icmp = (struct icmp_hdr *)p->data;
    struct ip_out out = {.src = *src, .dst = *dst, .proto = IP_PROTO_ICMP};
    struct ip_route rt;

    icmp->csum = 0;
    icmp->csum = csum(icmp, p->len_bytes, 0);
    if (ip_route(n, dst, &rt) != 0) {
        pkt_put(p);
        return;
    }
    n->stats.icmp_out[0]++;
    ip_send_frag(&rt, p, &out, IP_FRAG_HERE);
}

static void icmp_echo(struct net *n, struct pkt *p, const struct ip_in *in)
{
    /* A packet of the receive ring has no room in front. RFC 1122 §3.2.2.6: what we cannot fragment
     * is cut, and what was sent to many may be ignored. */
    u32 len = p->len_bytes;
    struct pkt *q;

    if (!in->nif->is_loop && !ip_fragment)
        len = MIN(len, (u32)in->nif->mtu_bytes - IP4_HDR_BYTES);
    q = in->to_many ? NULL : pkt_alloc_large(NET_HEADROOM, len);
    if (!q)
        return;
    memcpy(q->data, p->data, len);
    q->len_bytes = len;
    ((struct icmp_hdr *)q->data)->type = ICMP4_ECHO_REPLY;
    icmp_reply(n, &in->dst, &in->src, q);
}

/* RFC 1122 §3.2.2.1, §4.2.3.9; errnos as Linux maps them (ip(7), icmp_err_convert) */
static bool error_of(const struct icmp_hdr *icmp, struct ip_error *e)
{
    static const u8 unreachable[16] = {ENETUNREACH,  EHOSTUNREACH, ENOPROTOOPT,  ECONNREFUSED,
                                       EMSGSIZE,     EOPNOTSUPP,   ENETUNREACH,  EHOSTDOWN,
                                       ENONET,       ENETUNREACH,  EHOSTUNREACH, ENETUNREACH,
                                       EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH};

    switch (icmp->type) {
    case ICMP4_UNREACHABLE:
        if (icmp->code >= sizeof(unreachable))
            return false;
        e->err = unreachable[icmp->code];
        e->is_hard = icmp->code == ICMP4_CODE_PROTO || icmp->code == ICMP4_CODE_PORT;
        if (icmp->code == ICMP4_CODE_FRAG)
            e->mtu_bytes = be16(icmp->b);
        return true;
    case ICMP4_TIME:
        e->err = EHOSTUNREACH;
        return true;
    case ICMP4_PARAM:
        e->err = EPROTO;
        return true;
    }
    return false;
}

static void icmp_error(struct net *n, const struct pkt *p)
{
    const struct icmp_hdr *icmp = (const struct icmp_hdr *)p->data;
    const struct ip4_hdr *ip = (const struct ip4_hdr *)(icmp + 1);
    u32 left = p->len_bytes - (u32)sizeof(*icmp), hdr_len;
    const struct ip_proto *proto;
    struct ip_error e = {0};
    const u8 *l4;

    if (left < sizeof(*ip))
        goto bad;
    hdr_len = (ip->version_ihl & 15) * 4;
    if (ip->version_ihl >> 4 != 4 || hdr_len < sizeof(*ip) || left < hdr_len + ICMP_QUOTE_BYTES)
        goto bad;
    e.flow.local = ip_addr_v4(ip->src);
    e.flow.remote = ip_addr_v4(ip->dst);
    if (!ip_is_local(n, &e.flow.local) || (ip->frag & be16(IP4_OFFSET)) || !error_of(icmp, &e))
        goto bad;
    l4 = (const u8 *)ip + hdr_len;
    memcpy(&e.flow.lport, l4, 2);
    memcpy(&e.flow.rport, l4 + 2, 2);
    memcpy(&e.seq, l4 + 4, 4);
    e.seq = be32(e.seq);
    proto = ip->proto == IP_PROTO_TCP ? n->tcp : ip->proto == IP_PROTO_UDP ? n->udp : NULL;
    if (proto)
        proto->error(n, &e);
    return;
bad:
    n->stats.icmp_bad[0]++;
}

void icmp_input(struct net *n, struct pkt *p, const struct ip_in *in)
{
    const struct icmp_hdr *icmp = (const struct icmp_hdr *)p->data;

    n->stats.icmp_in[0]++;
    if (p->len_bytes < sizeof(*icmp) || (!in->nif->is_loop && csum(icmp, p->len_bytes, 0) != 0))
        n->stats.icmp_bad[0]++;
    else if (icmp->type == ICMP4_ECHO)
        icmp_echo(n, p, in);
    else if (icmp->type == ICMP4_UNREACHABLE || icmp->type == ICMP4_TIME ||
             icmp->type == ICMP4_PARAM)
        icmp_error(n, p);
    pkt_put(p);
}

bool icmp_may_send(struct net *n)
{
    const u64 per_error_ns = NSEC_PER_SEC / ICMP_ERRORS_PER_SEC;
    u64 now = net_now(n);

    if (n->icmp_tokens_ns > now + (ICMP_ERRORS_BURST - 1) * per_error_ns) {
        n->stats.icmp_limited++;
        return false;
    }
    n->icmp_tokens_ns = MAX(n->icmp_tokens_ns, now) + per_error_ns;
    return true;
}

void icmp_report(struct net *n, const struct ip_in *in, u8 type, u8 code)
{
    const struct ip4_hdr *ip = in->hdr;
    u32 len = (ip->version_ihl & 15) * 4 + ICMP_QUOTE_BYTES;
    struct icmp_hdr *icmp;
    struct pkt *p;

    if (!ip_addr_is_v4(&in->src)) {
        if (type == ICMP4_TIME)
            icmp6_error(n, in, ICMP6_TIME, code, 0);
        else if (code == ICMP4_CODE_PORT)
            icmp6_error(n, in, ICMP6_UNREACHABLE, ICMP6_CODE_PORT, 0);
        return;
    }
    if (in->to_many || ip_addr_is_any(&in->src)) /* RFC 1122 §3.2.2 */
        return;
    if (!icmp_may_send(n))
        return;
    p = pkt_alloc(NET_HEADROOM);
    if (!p)
        return;
    icmp = (struct icmp_hdr *)p->data;
    memset(icmp, 0, sizeof(*icmp));
    icmp->type = type;
    icmp->code = code;
    len = MIN(len, (u32)be16(ip->total_len));
    memcpy(icmp + 1, ip, len);
    p->len_bytes = sizeof(*icmp) + len;
    icmp_reply(n, &in->dst, &in->src, p);
}
