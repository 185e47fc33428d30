/* IPv6 (RFC 8200): what comes in, through its extension headers, and by which way something leaves.
 */
#include "net/ip6.h"

#include <errno.h>
#include <string.h>

#include "mem/heap.h"
#include "net/config.h"
#include "net/igmp.h"
#include "net/sock_impl.h"

#pragma weak igmp_is_joined

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING    43
#define NEXT_FRAGMENT   IP_PROTO_FRAGMENT
#define NEXT_NONE       59
#define NEXT_DEST_OPTS  60
#define EXT_MAX         8 /* LIMIT: extension headers; RFC 8504 §5.3 allows a bound */

#define CODE_FIELD      0 /* of ICMP6_PARAM */
#define CODE_NEXT       1
#define CODE_OPTION     2

bool ip6_prefix_eq(const struct ip_addr *a, const struct ip_addr *b, u32 len)
{
    u32 n_bytes = len / 8, rest = len % 8;

    return memcmp(a->b, b->b, n_bytes) == 0 &&
           (!rest || (u8)(a->b[n_bytes] ^ b->b[n_bytes]) >> (8 - rest) == 0);
}

static struct ip6_addr *addr_find(struct ip6 *s, const struct ip_addr *a)
{
    for (struct ip6_addr *o = s->addrs; o < s->addrs + IP6_ADDRS; o++) {
        if (o->prefix_len && ip_addr_eq(&o->addr, a))
            return o;
    }
    return NULL;
}

bool ip6_is_local(struct net *n, const struct ip_addr *a)
{
    return n->ip6 && (ip6_is_loopback(a) || addr_find(n->ip6, a));
}

/* --- out --- */

/* RFC 6724 §5, as far as one interface needs it: the same scope, not deprecated, most bits alike.
 */
static bool pick_source(struct ip6 *s, const struct ip_addr *dst, struct ip_addr *src)
{
    bool want_ll = ip_addr_is_link_local(dst) || (dst->b[0] == 0xff && (dst->b[1] & 15) <= 2);
    u64 now = net_now(s->net);
    s32 best = -1;

    for (struct ip6_addr *o = s->addrs; o < s->addrs + IP6_ADDRS; o++) {
        s32 score = o->preferred_ns > now ? 256 : 0;
        if (!o->prefix_len || ip_addr_is_link_local(&o->addr) != want_ll)
            continue;
        while ((score & 255) < 128 && ip6_prefix_eq(&o->addr, dst, (u32)(score & 255) + 1))
            score++;
        if (score > best) {
            best = score;
            *src = o->addr;
        }
    }
    return best >= 0;
}

static bool is_on_link(struct ip6 *s, const struct ip_addr *dst)
{
    if (dst->b[0] == 0xff || ip_addr_is_link_local(dst))
        return true;
    for (struct ip6_prefix *p = s->prefixes; p < s->prefixes + IP6_PREFIXES; p++) {
        if (p->end_ns && ip6_prefix_eq(&p->addr, dst, p->len))
            return true;
    }
    return false;
}

int ip6_route(struct net *n, const struct ip_addr *dst, struct ip_route *rt)
{
    struct ip6 *s = n->ip6;

    rt->next_hop = *dst;
    rt->nif = &n->loop;
    if (ip_addr_is_any(dst) || ip6_is_local(n, dst)) {
        rt->src = *dst;
        if (!dst->v4)
            rt->src.v4 = be32(1);
        return 0;
    }
    rt->nif = &n->eth;
    if (!pick_source(s, dst, &rt->src))
        return n->is_acquiring ? -EAGAIN : -ENETUNREACH;
    if (is_on_link(s, dst))
        return 0;
    /* RFC 4861 §6.3.6: a router that answers, or any */
    for (u32 pass = 0; pass < 2; pass++) {
        for (struct ip6_host *r = s->routers; r < s->routers + IP6_ROUTERS; r++) {
            const struct arp_entry *e = r->end_ns ? arp_find(n, &r->addr) : NULL;
            if (r->end_ns && (pass || !e || e->state != ARP_FAILED)) {
                rt->next_hop = r->addr;
                return 0;
            }
        }
    }
    return n->is_acquiring ? -EAGAIN : -ENETUNREACH;
}

void ip6_fill(struct ip6_hdr *ip, const struct ip_out *o, u32 total_len)
{
    ip->version_class_flow = be32(6u << 28 | (u32)o->tos << 20);
    ip->payload_len = be16(total_len - IP6_HDR_BYTES);
    ip->next = o->proto;
    ip->hop_limit = o->ttl ? o->ttl : 64;
    memcpy(ip->src, &o->src, 16);
    memcpy(ip->dst, &o->dst, 16);
}

/* --- in --- */

/* All nodes, the solicited-node group of an address of ours (RFC 4291 §2.8), or one that a socket
 * has joined. */
static bool is_our_group(struct net *n, const struct ip_addr *a)
{
    struct ip_addr want = {.b = {0xff, 2, [15] = 1}};

    if (ip_addr_eq(a, &want) || (igmp_is_joined && igmp_is_joined(n, a)))
        return true;
    want = (struct ip_addr){.b = {0xff, 2, [11] = 1, [12] = 0xff}};
    if (memcmp(a, &want, 13) != 0)
        return false;
    for (struct ip6_addr *o = n->ip6->addrs; o < n->ip6->addrs + IP6_ADDRS; o++) {
        if (o->prefix_len && memcmp(o->addr.b + 13, a->b + 13, 3) == 0)
            return true;
    }
    return false;
}

/* RFC 8200 §4.2. Returns false: drop (an error has been sent, if one is due). */
static bool take_options(struct net *n, const struct ip_in *in, const u8 *opts, u32 len)
{
    for (u32 at = 2; at < len;) {
        u8 type = opts[at];
        u32 size = type && at + 1 < len ? opts[at + 1] + 2u : 1;
        if ((type && at + 1 >= len) || at + size > len)
            return false;
        if (type >> 6 >= 2 && !(type >> 6 == 3 && in->to_many))
            icmp6_error(n, in, ICMP6_PARAM, CODE_OPTION, (u32)(opts + at - (const u8 *)in->hdr));
        if (type >> 6)
            return false;
        at += size;
    }
    return true;
}

static inline u32 get32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return v;
}

/* Once more, from the front, without the fragment header. */
static void whole_input(struct netif *nif, struct pkt *p, const struct ip_frag_head *head,
                        bool is_ce)
{
    ((struct ip6_hdr *)p->data)->payload_len = be16(p->len_bytes - IP6_HDR_BYTES);
    p->data[1] |= is_ce ? 0x30 : 0;
    p->data[head->next_at] = head->next;
    nif->net->stats.ip6_reasm_oks++;
    ip6_input(nif, p);
}

/* RFC 8200 §4.5; @p's data is at the fragment header, whose kind is told at @next_at. Owns @p. */
static void fragment_input(struct net *n, struct pkt *p, const struct ip_in *in, const u8 *next_at)
{
    const u8 *hdr = in->hdr, *x = p->data;
    u32 hdr_bytes = (u32)(x - hdr);
    struct ip_frag f = {.id = {in->src, in->dst, get32(x + 4), 0},
                        .head = {.hdr = hdr,
                                 .len_bytes = (u16)hdr_bytes,
                                 .next_at = (u16)(next_at - hdr),
                                 .next = x[0]},
                        .start = (x[2] << 8 | x[3]) & 0xfff8u,
                        .max_bytes = IP_DATA_MAX + IP6_HDR_BYTES - hdr_bytes,
                        .has_more = x[3] & 1,
                        .whole = whole_input};

    n->stats.ip6_reasm_reqds++;
    p->data += 8;
    p->len_bytes -= 8;
    if (f.has_more && p->len_bytes % 8)
        icmp6_error(n, in, ICMP6_PARAM, CODE_FIELD, 4);
    else if (f.start + p->len_bytes > f.max_bytes)
        icmp6_error(n, in, ICMP6_PARAM, CODE_FIELD, hdr_bytes + 2);
    ip_reasm_input(n, p, in, &f);
}

/*
 * Through the extension headers of @p, whose data is behind the IPv6 header. Returns the protocol
 * they lead to, with data there; -1 bad, -2 not ours: to be dropped; -3 it is a fragment and taken.
 */
static int walk(struct net *n, struct pkt *p, const struct ip_in *in)
{
    const u8 *hdr = in->hdr, *next_at = hdr + 6;

    for (u32 i = 0; i < EXT_MAX; i++) {
        u32 next = *next_at, len;
        const u8 *x = p->data;
        switch (next) {
        case NEXT_HOP_BY_HOP:
            if (i)
                goto bad_next;
            break;
        case NEXT_ROUTING:
        case NEXT_FRAGMENT:
        case NEXT_DEST_OPTS:
            break;
        case NEXT_NONE:
            return -1;
        case IP_PROTO_TCP:
        case IP_PROTO_UDP:
        case IP_PROTO_ICMP6:
            return (int)next;
        default:
            goto bad_next;
        }
        if (p->len_bytes < 8)
            return -1;
        len = next == NEXT_FRAGMENT ? 8 : x[1] * 8u + 8;
        if (p->len_bytes < len)
            return -1;
        if (next == NEXT_ROUTING && x[3]) { /* we are nobody's waypoint (RFC 5095, RFC 8200 §4.4) */
            icmp6_error(n, in, ICMP6_PARAM, CODE_FIELD, (u32)(x + 2 - hdr));
            return -1;
        }
        if (next == NEXT_FRAGMENT && (x[2] || (x[3] & 0xf9))) { /* else: a whole one (RFC 6946) */
            fragment_input(n, p, in, next_at);
            return -3;
        }
        if ((next == NEXT_HOP_BY_HOP || next == NEXT_DEST_OPTS) && !take_options(n, in, x, len))
            return -1;
        next_at = x;
        p->data += len;
        p->len_bytes -= len;
    }
    return -1;
bad_next:
    n->stats.ip_proto[1]++;
    icmp6_error(n, in, ICMP6_PARAM, CODE_NEXT, (u32)(next_at - hdr));
    return -2;
}

void ip6_input(struct netif *nif, struct pkt *p)
{
    struct net *n = nif->net;
    const struct ip6_hdr *ip = (const struct ip6_hdr *)p->data;
    const struct ip_proto *proto;
    struct ip_in in = {.nif = nif, .hdr = ip};
    int next;

    n->stats.ip_in[1]++;
    if (p->len_bytes < sizeof(*ip) || p->data[0] >> 4 != 6 ||
        be16(ip->payload_len) > p->len_bytes - sizeof(*ip))
        goto bad;
    memcpy(&in.src, ip->src, 16);
    memcpy(&in.dst, ip->dst, 16);
    in.ttl = ip->hop_limit;
    in.tos = (u8)(be32(ip->version_class_flow) >> 20);
    in.to_many = in.dst.b[0] == 0xff;
    /* RFC 4291 §2.5.2, §2.5.3, §2.7; mapped addresses never are on a wire (RFC 4942 §2.2). */
    if (in.src.b[0] == 0xff || ip_addr_is_any(&in.dst) || ip_addr_is_v4(&in.src) ||
        ip_addr_is_v4(&in.dst) ||
        (!nif->is_loop && (ip6_is_loopback(&in.src) || ip6_is_loopback(&in.dst) ||
                           (!ip_addr_is_any(&in.src) && ip6_is_local(n, &in.src)))))
        goto bad;
    if (!nif->is_loop && !(in.to_many ? is_our_group(n, &in.dst) : ip6_is_local(n, &in.dst))) {
        n->stats.ip_not_ours[1]++;
        goto drop;
    }
    p->data += sizeof(*ip);
    p->len_bytes = be16(ip->payload_len);
    next = walk(n, p, &in);
    if (next == -1)
        goto bad;
    if (next == -3) /* it has gone to ip_reasm.c */
        return;
    if (next < 0)
        goto drop;
    in.proto = (u8)next;
    if (next == IP_PROTO_ICMP6) {
        icmp6_input(n, p, &in);
        return;
    }
    proto = next == IP_PROTO_TCP ? n->tcp : n->udp;
    if (proto) {
        proto->input(n, p, &in);
        return;
    }
    n->stats.ip_proto[1]++;
    icmp6_error(n, &in, ICMP6_UNREACHABLE, ICMP6_CODE_PORT, 0);
    goto drop;
bad:
    n->stats.ip_bad[1]++;
drop:
    pkt_put(p);
}

/* --- addresses of sockets --- */

#define SIN6_LEN_RFC2133 24 /* without the scope id, as Linux still takes it */

int ip6_sockaddr_get(const struct sock *sk, const struct sockaddr *addr, socklen_t len,
                     struct ip_addr *ip, u16 *port)
{
    struct sockaddr_in6 in = {0};

    if (len < SIN6_LEN_RFC2133)
        return -EINVAL;
    memcpy(&in, addr, MIN(len, (socklen_t)sizeof(in)));
    if (in.sin6_family != AF_INET6)
        return -EAFNOSUPPORT;
    memcpy(ip, &in.sin6_addr, sizeof(*ip));
    *port = in.sin6_port;
    if (ip_addr_is_v4(ip) && sk->v6only)
        return -ENETUNREACH;
    if (ip_addr_is_link_local(ip) && in.sin6_scope_id != NET_IFINDEX_ETH)
        return -EINVAL; /* ambiguous without its interface */
    return 0;
}

void ip6_sockaddr_put(struct sockaddr *addr, socklen_t *len, const struct ip_addr *ip, u16 port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = port};

    memcpy(&in.sin6_addr, ip, sizeof(*ip));
    if (ip_addr_is_link_local(ip))
        in.sin6_scope_id = NET_IFINDEX_ETH;
    memcpy(addr, &in, MIN(*len, sizeof(in)));
    *len = sizeof(in);
}

/* --- start --- */

void ip6_start(struct net *n, const struct net_config *cfg)
{
    struct ip6 *s = heap_new(sizeof(*s));

    LINK_WITH(ip6_config_read);
    if (!s) {
        n->stats.no_memory++;
        return;
    }
    s->net = n;
    n->ip6 = s;
    slaac_start(n, cfg);
}

void ip6_stop(struct net *n)
{
    if (n->ip6)
        timer_cancel(&n->ip6->timer);
    heap_free(n->ip6);
    n->ip6 = NULL;
}
