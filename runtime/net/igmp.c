/*
 * Groups: joined by sockets, reported to routers once each (RFC 2236, and for IPv6 RFC 3810). What
 * is received for a joined group goes to every socket bound to its port, as on Linux with
 * IP_MULTICAST_ALL.
 */
#include "net/igmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "mem/heap.h"
#include "net/csum.h"
#include "net/ip6.h"
#include "net/wire.h"

#pragma weak mld_report

#define MEMBERSHIPS_MAX 20u                 /* of one socket: igmp_max_memberships of Linux */
#define UNSOLICITED_NS  (10 * NSEC_PER_SEC) /* RFC 2236 §8.10 */
#define ALL_ROUTERS     be32(0xe0000002)
#define HDR_BYTES       24u /* IP with Router Alert: RFC 2236 §2 */
#define IGMP_QUERY      0x11
#define IGMP_V2_REPORT  0x16
#define IGMP_LEAVE      0x17

struct membership {
    struct list node;
    struct sock *sk;
    struct ip_addr group;
    bool is_loop; /* of the loopback interface: no router there */
};

struct igmp {
    struct list all;    /* struct membership */
    struct timer timer; /* reports of all groups are due */
    struct net *net;
};

static struct membership *find(const struct net *n, const struct sock *sk,
                               const struct ip_addr *group)
{
    if (!n->igmp)
        return NULL;
    list_for_each (it, &n->igmp->all) {
        struct membership *m = list_entry(it, struct membership, node);
        if (ip_addr_eq(&m->group, group) && (!sk || m->sk == sk))
            return m;
    }
    return NULL;
}

bool igmp_is_joined(const struct net *n, const struct ip_addr *group)
{
    return find(n, NULL, group);
}

static void igmp_send(struct net *n, u8 type, u32 dst, u32 group)
{
    struct ip_out out = {.src = n->eth.addr, .dst = ip_addr_v4(dst), .proto = 2, .ttl = 1};
    struct pkt *p = n->eth.has_addr ? pkt_alloc(NET_HEADROOM + HDR_BYTES) : NULL;
    u8 mac[6] = {1, 0, 0x5e};
    u16 sum;
    u8 *b;

    if (!p)
        return;
    p->data -= HDR_BYTES;
    p->len_bytes = HDR_BYTES + 8;
    b = p->data;
    memset(b, 0, p->len_bytes);
    ip4_fill((struct ip4_hdr *)b, &out, p->len_bytes);
    b[0] = 0x46;
    b[10] = b[11] = 0;
    b[20] = 0x94; /* RFC 2113: Router Alert */
    b[21] = 4;
    sum = csum(b, HDR_BYTES, 0);
    memcpy(b + 10, &sum, 2);
    b[HDR_BYTES] = type;
    memcpy(b + HDR_BYTES + 4, &group, 4);
    sum = csum(b + HDR_BYTES, 8, 0);
    memcpy(b + HDR_BYTES + 2, &sum, 2);
    memcpy(mac + 3, (u8 *)&dst + 1, 3);
    mac[3] &= 0x7f;
    eth_push(&n->eth, p, mac, ETH_TYPE_IPV4);
    netif_send(&n->eth, p);
}

/* @type as IGMP calls it: we are, or are no longer, in @group. */
static void tell(struct net *n, u8 type, const struct ip_addr *group)
{
    if (ip_addr_is_v4(group))
        igmp_send(n, type, type == IGMP_LEAVE ? ALL_ROUTERS : group->v4, group->v4);
    else if (mld_report)
        mld_report(&n->eth, group, type == IGMP_LEAVE ? MLD_NOW_INCLUDES : MLD_NOW_EXCLUDES);
}

static void report_all(struct timer *t)
{
    struct igmp *g = CONTAINER_OF(t, struct igmp, timer);

    list_for_each (it, &g->all) {
        struct membership *m = list_entry(it, struct membership, node);
        if (!m->is_loop)
            tell(g->net, IGMP_V2_REPORT, &m->group);
    }
}

void igmp_answer6(struct net *n)
{
    if (!n->igmp)
        return;
    list_for_each (it, &n->igmp->all) {
        struct membership *m = list_entry(it, struct membership, node);
        if (!m->is_loop && !ip_addr_is_v4(&m->group))
            mld_report(&n->eth, &m->group, MLD_IS_EXCLUDING);
    }
}

/* Routers ask every minute or two; all we have is told at a random moment of the time they give. */
static void igmp_input(struct net *n, struct pkt *p, const struct ip_in *in)
{
    u64 max_ns;

    if (p->len_bytes >= 8 && !in->nif->is_loop && csum(p->data, p->len_bytes, 0) == 0 &&
        p->data[0] == IGMP_QUERY && !timer_is_set(&n->igmp->timer)) {
        max_ns = (p->data[1] ? p->data[1] : 100) * 100 * NSEC_PER_MSEC; /* version 1 gives none */
        timer_set(&n->igmp->timer, net_now(n) + net_random64() % max_ns);
    }
    pkt_put(p);
}

static const struct ip_proto igmp_proto = {.input = igmp_input};

static int igmp_start(struct net *n)
{
    struct igmp *g = heap_new(sizeof(*g));

    if (!g)
        return -ENOMEM;
    list_init(&g->all);
    timer_init(&g->timer, report_all);
    g->net = n;
    n->igmp = g;
    n->igmp_proto = &igmp_proto;
    return 0;
}

static void leave(struct membership *m)
{
    struct net *n = m->sk->net;
    struct ip_addr group = m->group;
    bool is_loop = m->is_loop;

    list_remove(&m->node);
    heap_free(m);
    if (!is_loop && !find(n, NULL, &group))
        tell(n, IGMP_LEAVE, &group);
}

static int join(struct sock *sk, const struct ip_addr *group, bool is_loop)
{
    struct net *n = sk->net;
    struct membership *m;
    u32 n_mine = 0;
    int err = n->igmp ? 0 : igmp_start(n);

    if (err)
        return err;
    if (find(n, sk, group))
        return -EADDRINUSE;
    list_for_each (it, &n->igmp->all)
        n_mine += list_entry(it, struct membership, node)->sk == sk;
    if (n_mine >= MEMBERSHIPS_MAX)
        return -ENOBUFS;
    m = heap_new(sizeof(*m));
    if (!m)
        return -ENOMEM;
    m->sk = sk;
    m->group = *group;
    m->is_loop = is_loop;
    list_push_back(&n->igmp->all, &m->node);
    if (!is_loop) { /* RFC 2236 §3: at once, and again in case it was lost */
        net_now_slow(n);
        tell(n, IGMP_V2_REPORT, group);
        timer_set(&n->igmp->timer, n->now_ns + net_random64() % UNSOLICITED_NS);
    }
    return 0;
}

/* Which interface is meant? Returns 0; -ENODEV. */
static int interface(const struct net *n, u32 addr, u32 ifindex, bool *is_loop)
{
    *is_loop = ifindex ? ifindex == NET_IFINDEX_LOOP : (addr & 0xff) == 127;
    if (*is_loop)
        return 0;
    if (!n->eth.nd || ifindex > NET_IFINDEX_ETH)
        return -ENODEV;
    return ifindex || !addr || (n->eth.has_addr && addr == n->eth.addr.v4) ? 0 : -ENODEV;
}

/* Join, or leave. */
static int change(struct sock *sk, bool is_join, const struct ip_addr *group, int err, bool is_loop)
{
    struct membership *mine;

    if (!ip_is_group(group))
        return -EINVAL;
    if (is_join)
        return err ? err : join(sk, group, is_loop);
    mine = find(sk->net, sk, group);
    if (!mine)
        return err ? err : -EADDRNOTAVAIL;
    leave(mine);
    return 0;
}

static int setopt6(struct sock *sk, int name, const void *val, u32 len, u32 *mcast_if)
{
    struct {
        struct ip_addr group;
        u32 ifindex;
    } m = {0}; /* struct ipv6_mreq */
    bool is_loop = false;
    int err;

    if (name != IPV6_JOIN_GROUP && name != IPV6_LEAVE_GROUP && name != IPV6_MULTICAST_IF)
        return -ENOPROTOOPT;
    if (len < (name == IPV6_MULTICAST_IF ? sizeof(u32) : 20))
        return -EINVAL;
    memcpy(name == IPV6_MULTICAST_IF ? (void *)&m.ifindex : &m, val,
           name == IPV6_MULTICAST_IF ? sizeof(u32) : 20);
    err = interface(sk->net, 0, m.ifindex, &is_loop);
    if (name == IPV6_MULTICAST_IF) {
        if (!err || !m.ifindex)
            *mcast_if = is_loop ? be32(0x7f000001) : 0;
        return m.ifindex ? err : 0;
    }
    if (ip_addr_is_v4(&m.group))
        return -EINVAL;
    return change(sk, name == IPV6_JOIN_GROUP, &m.group, err, is_loop);
}

int igmp_setopt(struct sock *sk, int level, int name, const void *val, u32 len, u32 *mcast_if)
{
    struct {
        u32 group, addr, ifindex;
    } m = {0}; /* struct ip_mreqn, or of ip_mreq the first two */
    struct ip_addr group;
    bool is_loop;
    int err;

    if (level == IPPROTO_IPV6 && sk->domain == AF_INET6)
        return setopt6(sk, name, val, len, mcast_if);
    if (level != IPPROTO_IP ||
        (name != IP_ADD_MEMBERSHIP && name != IP_DROP_MEMBERSHIP && name != IP_MULTICAST_IF))
        return -ENOPROTOOPT;
    if (len < (name == IP_MULTICAST_IF ? 4 : 8))
        return -EINVAL;
    memcpy(&m, val, len < 8 ? 4 : len < sizeof(m) ? 8 : sizeof(m));
    if (len < 8) { /* IP_MULTICAST_IF with struct in_addr */
        m.addr = m.group;
    }
    if (name == IP_MULTICAST_IF && !m.addr && !m.ifindex) {
        *mcast_if = 0;
        return 0;
    }
    err = interface(sk->net, m.addr, m.ifindex, &is_loop);
    if (name == IP_MULTICAST_IF) {
        if (!err)
            *mcast_if = is_loop ? be32(0x7f000001) : sk->net->eth.addr.v4;
        return err ? -EADDRNOTAVAIL : 0;
    }
    group = ip_addr_v4(m.group);
    return change(sk, name == IP_ADD_MEMBERSHIP, &group, err, is_loop);
}

void igmp_release(struct sock *sk)
{
    if (!sk->net->igmp)
        return;
    list_for_each (it, &sk->net->igmp->all) {
        struct membership *m = list_entry(it, struct membership, node);
        if (m->sk == sk)
            leave(m);
    }
}
