/* UDP (RFC 768, RFC 1122 §4.1): datagrams in a bounded queue per socket. Still one thing: the way
 * in, the queue and the way out are all that a datagram socket is, and share what lies in front of
 * its payload. */
#include "net/udp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "arch/copy.h"
#include "mem/heap.h"
#include "net/csum.h"
#include "net/igmp.h"
#include "net/ip.h"
#include "net/ip_frag.h"
#include "sched/clock.h"

/* Linked where a service may ask for a group. */
#pragma weak igmp_setopt
#pragma weak igmp_is_joined
#pragma weak igmp_release
#pragma weak udp_segment_send

#define IP_OPT_MTU      14 /* <netinet/in.h> of some libcs has it not */
#define UDP_OPT_CORK    1  /* <netinet/udp.h> of some libcs has not all */
#define UDP_OPT_SEGMENT 103
#define UDP_QUEUE_MAX   64 /* datagrams a socket holds at most; less when its packets are scarce */
#define UDP_WAITING_MAX 16 /* datagrams sent before there is an address */

/* Whence and whither: in front of the payload, in place of the headers. */
struct udp_rx {
    struct ip_addr src, dst;
    u16 sport;
    u8 tos, ttl;
};
_Static_assert(sizeof(struct udp_rx) <= ETH_HDR_BYTES + IP4_HDR_BYTES + UDP_HDR_BYTES, "fits");

/* Of a datagram that waits for our address. */
struct udp_waiting {
    struct ip_addr dst;
    u16 dport, lport;
    u8 tos, ttl;
} __attribute__((packed, aligned(4))); /* as pkt.scratch is */

/* As bytes: payload is aligned to two. */
static inline void *udp_rx(struct pkt *p)
{
    return p->data - sizeof(struct udp_rx);
}

/* How well @sk fits a datagram; negative: not at all. */
static int udp_score(const struct sock *sk, const struct ip_addr *local, u16 lport,
                     const struct ip_addr *remote, u16 rport)
{
    if (sk->flow.lport != lport || !sock_is_at(sk, local))
        return -1;
    if (!sk->is_connected)
        return sk->has_addr;
    return ip_addr_eq(&sk->flow.remote, remote) && sk->flow.rport == rport ? 2 + sk->has_addr : -1;
}

/* The socket a datagram is for: the best match wins. Among equals with SO_REUSEPORT a hash of the
 * sender chooses, so that one peer always meets the same. */
static struct udp_sock *udp_find(struct net *n, const struct ip_addr *local, u16 lport,
                                 const struct ip_addr *remote, u16 rport)
{
    u64 hash = (remote->lo + rport) * n->hash_mul;
    struct sock *best = NULL;
    int best_score = -1;
    u32 n_equal = 0;

    list_for_each (it, port_bucket(&n->udp_table->ports, lport)) {
        struct sock *sk = list_entry(it, struct sock, port_node);
        int score = udp_score(sk, local, lport, remote, rport);
        if (score < 0 || score < best_score)
            continue;
        if (score > best_score) {
            best = sk;
            best_score = score;
            n_equal = 1;
        } else if (sk->reuse_port) {
            hash *= n->hash_mul;
            if ((hash >> 32) % ++n_equal == 0)
                best = sk;
        }
    }
    return best ? udp_of(best) : NULL;
}

/* What a datagram holds, in packets of the pool. */
static inline u32 udp_cost(const struct pkt *p)
{
    return 1 + p->cap_bytes / PKT_STORAGE_BYTES;
}

/* Put @p into @u's queue, or drop it. Owns @p. */
static void udp_queue(struct udp_sock *u, struct pkt *p)
{
    struct net *n = u->sk.net;
    struct udp_table *t = n->udp_table;
    u64 now = net_now(n);
    u32 cost = udp_cost(p);

    /* One datagram always has a place, unless it is a large one, or the pool is dry. */
    if (u->n_queued >= UDP_QUEUE_MAX ||
        (u->n_queued && u->rcv_bytes + p->len_bytes > u->sk.rcvbuf) ||
        ((u->n_queued || cost > 1 || !n->limits.rx_pkts) && t->n_rx + cost > n->limits.rx_pkts)) {
        struct udp_rx from;
        memcpy(&from, udp_rx(p), sizeof(from));
        n->stats.udp_queue_full[!ip_addr_is_v4(&from.src)]++;
        u->n_dropped++;
        pkt_put(p);
        return;
    }
    memcpy(p->scratch, &now, sizeof(now));
    memcpy(p->scratch + sizeof(now), &u->n_dropped, sizeof(u->n_dropped));
    p->next = NULL;
    if (u->head)
        u->tail->next = p;
    else
        u->head = p;
    u->tail = p;
    u->n_queued++;
    u->rcv_bytes += p->len_bytes;
    t->n_rx += cost;
    file_notify(&u->sk.file, EPOLLIN | EPOLLRDNORM);
}

/* 224.0.0.1, ff02::1: nobody needs to join them. */
static bool is_all_hosts(const struct ip_addr *a)
{
    return ip_addr_is_v4(a) ? a->v4 == IP4_ALL_HOSTS
                            : a->hi == be16(0xff02) && a->lo == (u64)be32(1) << 32;
}

/* Broadcasts and groups go to everybody on the port. Owns @p. */
static void udp_to_many(struct net *n, struct pkt *p, const struct udp_rx *from, u16 dport)
{
    if (!ip_is_group(&from->dst) || is_all_hosts(&from->dst) ||
        (igmp_is_joined && igmp_is_joined(n, &from->dst))) {
        list_for_each (it, port_bucket(&n->udp_table->ports, dport)) {
            struct sock *sk = list_entry(it, struct sock, port_node);
            struct pkt *q;
            if (udp_score(sk, &from->dst, dport, &from->src, from->sport) < 0)
                continue;
            q = pkt_alloc_large(NET_HEADROOM + UDP_HDR_BYTES, p->len_bytes);
            if (!q) {
                n->stats.no_memory++;
                break;
            }
            copy_block(q->data, p->data, p->len_bytes);
            q->len_bytes = p->len_bytes;
            memcpy(udp_rx(q), from, sizeof(*from));
            udp_queue(udp_of(sk), q);
        }
    }
    pkt_put(p);
}

static void udp_input(struct net *n, struct pkt *p, const struct ip_in *in)
{
    const struct udp_hdr *udp = (const struct udp_hdr *)p->data;
    bool is_v6 = !ip_addr_is_v4(&in->src);
    struct udp_sock *u;
    struct udp_rx from;
    u16 dport;
    u32 len;

    n->stats.udp_in[is_v6]++;
    if (p->len_bytes < sizeof(*udp))
        goto bad;
    len = be16(udp->len);
    if (len < sizeof(*udp) || len > p->len_bytes)
        goto bad;
    /* RFC 8200 §8.1: IPv6 has no datagrams without a sum. */
    if (!(p->flags & BIT(PKT_CSUM_VALID)) && (udp->csum || is_v6) &&
        ip_csum(udp, len, &in->src, &in->dst, IP_PROTO_UDP) != 0) {
        n->stats.udp_csum[is_v6]++;
        goto drop;
    }
    from = (struct udp_rx){in->src, in->dst, udp->sport, in->tos, in->ttl};
    dport = udp->dport;
    p->data += sizeof(*udp);
    p->len_bytes = len - sizeof(*udp);
    if (ip_is_many(n, &in->dst)) {
        udp_to_many(n, p, &from, dport);
        return;
    }
    u = udp_find(n, &in->dst, dport, &in->src, from.sport);
    if (u) {
        memcpy(udp_rx(p), &from, sizeof(from));
        udp_queue(u, p);
        return;
    }
    n->stats.udp_no_port[is_v6]++;
    icmp_unreachable(n, in, ICMP4_CODE_PORT);
    goto drop;
bad:
    n->stats.udp_bad[is_v6]++;
drop:
    pkt_put(p);
}

static void udp_error(struct net *n, const struct ip_error *e)
{
    struct udp_sock *u = udp_find(n, &e->flow.local, e->flow.lport, &e->flow.remote, e->flow.rport);

    if (u && e->err == EMSGSIZE)
        ip_pmtu_note(n, &e->flow.remote, e->mtu_bytes);
    /* RFC 1122 §4.1.3.3; as Linux, only a connected socket can know which datagram is meant. */
    if (!u || !u->sk.is_connected || !(e->is_hard || u->sk.recverr))
        return;
    u->sk.err = e->err;
    file_notify(&u->sk.file, EPOLLERR | EPOLLIN | EPOLLOUT);
}

static const struct ip_proto udp_proto = {.input = udp_input, .error = udp_error};

/* --- sending --- */

static bool is_broadcast(struct net *n, const struct ip_addr *a)
{
    return ip_addr_is_v4(a) && ip_is_many(n, a) && !ip_is_group(a);
}

/* Headers and off. Takes the caller's reference. */
static int udp_transmit(const struct ip_route *rt, struct pkt *p, struct ip_out *out, u16 lport,
                        u16 dport, enum ip_frag_mode frag)
{
    struct net *n = rt->nif->net;
    struct udp_hdr *udp = (struct udp_hdr *)(p->data - sizeof(*udp));

    p->data = (u8 *)udp;
    p->len_bytes += sizeof(*udp);
    udp->sport = lport;
    udp->dport = dport;
    udp->len = be16(p->len_bytes);
    udp->csum = 0;
    if (!rt->nif->is_loop) {
        u16 sum = ip_csum(udp, p->len_bytes, &out->src, &out->dst, IP_PROTO_UDP);
        udp->csum = sum ? sum : 0xffff; /* RFC 768: 0 means "none" */
    }
    n->stats.udp_out[!ip_addr_is_v4(&out->dst)]++;
    return ip_send_frag(rt, p, out, frag);
}

static inline struct udp_waiting *udp_waiting(struct pkt *p)
{
    _Static_assert(sizeof(struct udp_waiting) <= sizeof(p->scratch), "fits");
    return (struct udp_waiting *)(void *)p->scratch;
}

/* The address is there, or will not come. */
static void waiting_resume(struct tx_waiter *w)
{
    struct udp_table *t = CONTAINER_OF(w, struct udp_table, addr_wait);
    struct net *n = t->net;

    if (n->is_acquiring && net_now(n) < n->acquire_end_ns) {
        net_block(n, w);
        return;
    }
    while (t->waiting) {
        struct pkt *p = t->waiting;
        struct udp_waiting *q = udp_waiting(p);
        struct ip_addr dst = q->dst;
        struct ip_out out = {.dst = dst, .proto = IP_PROTO_UDP, .tos = q->tos, .ttl = q->ttl};
        struct ip_route rt;
        u16 lport = q->lport, dport = q->dport;
        t->waiting = p->next;
        t->n_waiting--;
        if (ip_route(n, &dst, &rt) != 0) {
            n->stats.tx_dropped++;
            pkt_put(p);
            continue;
        }
        out.src = rt.src;
        udp_transmit(&rt, p, &out, lport, dport, IP_FRAG_HERE);
    }
}

static int wait_for_addr(struct udp_sock *u, struct pkt *p, const struct ip_addr *dst, u16 dport)
{
    struct net *n = u->sk.net;
    struct udp_table *t = n->udp_table;
    struct udp_waiting *q = udp_waiting(p);
    struct pkt **at = &t->waiting;

    if (t->n_waiting >= UDP_WAITING_MAX) {
        pkt_put(p);
        return -EAGAIN;
    }
    q->dst = *dst;
    q->dport = dport;
    q->lport = u->sk.flow.lport;
    q->tos = u->sk.tos;
    q->ttl = u->sk.ttl;
    while (*at)
        at = &(*at)->next;
    p->next = NULL;
    *at = p;
    t->n_waiting++;
    net_block(n, &t->addr_wait);
    return 0;
}

static void udp_resume(struct tx_waiter *w)
{
    struct udp_sock *u = CONTAINER_OF(w, struct udp_sock, tx_wait);

    file_notify(&u->sk.file, EPOLLOUT | EPOLLWRNORM);
}

static int autobind(struct udp_sock *u)
{
    int err = u->sk.flow.lport ? 0 : port_bind(&u->sk.net->udp_table->ports, &u->sk, 0);

    return err == -EADDRINUSE ? -EAGAIN : err; /* as Linux */
}

/* The ring or the neighbour's queue is full: wait for it. Returns 0: try again. */
static int wait_space(struct udp_sock *u, int flags, u64 *deadline_ns)
{
    net_block(u->sk.net, &u->tx_wait);
    return sock_wait_or_again(&u->sk, flags, deadline_ns, u->sk.sndtimeo_ns);
}

/* IP_PKTINFO, IPV6_PKTINFO: which source address. */
static int source_of(struct udp_sock *u, const struct msghdr *msg, struct ip_addr *src)
{
    struct msghdr *m = (struct msghdr *)(uintptr_t)msg;

    if (!msg || !msg->msg_control)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct {
            u32 ifindex, spec_dst, addr;
        } pi;
        if (c->cmsg_len < sizeof(*c))
            return -EINVAL;
        struct ip_addr a = {0};
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            if (c->cmsg_len < CMSG_LEN(sizeof(a) + 4))
                return -EINVAL;
            memcpy(&a, CMSG_DATA(c), sizeof(a));
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            if (c->cmsg_len < CMSG_LEN(sizeof(pi)))
                return -EINVAL;
            memcpy(&pi, CMSG_DATA(c), sizeof(pi));
            a = ip_addr_v4(pi.spec_dst);
        }
        if (ip_addr_is_any(&a))
            continue;
        if (!ip_is_local(u->sk.net, &a) || ip_addr_is_v4(&a) != ip_addr_is_v4(src))
            return -EINVAL;
        *src = a;
    }
    return 0;
}

/* ip_route(), and IP_MULTICAST_IF. */
static int udp_route(const struct udp_sock *u, const struct ip_addr *dst, struct ip_route *rt)
{
    struct net *n = u->sk.net;

    if ((u->mcast_if & 0xff) != 127 || !ip_is_group(dst))
        return ip_route(n, dst, rt);
    *rt = (struct ip_route){.nif = &n->loop, .next_hop = *dst, .src = n->loop.addr};
    if (!ip_addr_is_v4(dst))
        rt->src = (struct ip_addr){.b = {[15] = 1}};
    return 0;
}

/* Who sends to a group on a wire hears it too, if IP_MULTICAST_LOOP is set. */
static void loop_back(struct udp_sock *u, const struct pkt *p, struct ip_out out, u16 dport)
{
    struct net *n = u->sk.net;
    struct ip_route rt = {.nif = &n->loop};
    struct pkt *q = pkt_alloc_large(NET_HEADROOM + UDP_HDR_BYTES, p->len_bytes);

    if (!q)
        return;
    copy_block(q->data, p->data, p->len_bytes);
    q->len_bytes = p->len_bytes;
    udp_transmit(&rt, q, &out, u->sk.flow.lport, dport, IP_FRAG_HERE);
}

/* udp(7), IP_MTU_DISCOVER of ip(7): may a datagram of @len bytes leave? Returns 0; -EMSGSIZE;
 * -ENOBUFS it has more fragments than we ever queue. */
static int check_size(const struct udp_sock *u, struct netif *nif, const struct ip_addr *dst,
                      size_t len)
{
    u32 mode = u->sk.mtu_discover;
    size_t size = len + UDP_HDR_BYTES + ip_hdr_bytes(dst);
    u32 mtu = mode == IP_PMTUDISC_PROBE && !nif->is_loop ? nif->mtu_bytes : ip_pmtu(nif, dst);

    if (size <= mtu)
        return 0;
    if (mode == IP_PMTUDISC_DO || mode == IP_PMTUDISC_PROBE || u->sk.dontfrag)
        return -EMSGSIZE;
    return size / (mtu - 56) < u->sk.net->limits.txq_pkts / 2 ? 0 : -ENOBUFS;
}

static enum ip_frag_mode frag_of(const struct sock *sk)
{
    return sk->mtu_discover == IP_PMTUDISC_WANT ? IP_FRAG_HERE
           : sk->mtu_discover == IP_PMTUDISC_DO || sk->mtu_discover == IP_PMTUDISC_PROBE
               ? IP_FRAG_NEVER
               : IP_FRAG_ANYWAY;
}

ssize_t udp_send_now(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                     int flags)
{
    struct udp_sock *u = udp_of(sk);
    struct net *n = sk->net;
    struct ip_addr dst = sk->flow.remote;
    struct ip_out out = {.proto = IP_PROTO_UDP, .tos = sk->tos, .ttl = sk->ttl};
    u16 dport = sk->flow.rport;
    struct ip_route rt;
    u64 deadline_ns = 0;
    size_t len = 0, at = 0;
    bool is_queued = false;
    struct pkt *p;
    int err;

    err = autobind(u); /* as Linux: whatever comes of it */
    if (err)
        return err;
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (msg && msg->msg_name) {
        err = sock_addr_get(sk, msg->msg_name, msg->msg_namelen, &dst, &dport);
        if (err)
            return err;
        if (!dport)
            return -EINVAL;
    } else if (!u->sk.is_connected) {
        return -EDESTADDRREQ;
    }
    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    if (len > 0xffff - UDP_HDR_BYTES - (ip_addr_is_v4(&dst) ? IP4_HDR_BYTES : 0))
        return -EMSGSIZE;
    if (sk->err)
        return sock_error(sk);
    if (sk->shut & SHUT_WR_BIT)
        return -EPIPE;
    for (;;) {
        net_now_slow(n);
        err = udp_route(u, &dst, &rt);
        if (err == -EAGAIN) {
            if (sock_is_nonblock(sk, flags)) { /* it leaves when the address is there */
                is_queued = true;
                break;
            }
            err = net_wait_addr(n);
            if (!err)
                continue;
        }
        if (err)
            return err;
        if (!netif_is_congested(rt.nif))
            break;
        err = wait_space(u, flags, &deadline_ns);
        if (err)
            return err;
    }
    if (is_broadcast(n, &dst) && !sk->broadcast)
        return -EACCES;
    if (ip_addr_is_any(&dst))
        dst = rt.src;
    err = check_size(u, is_queued ? &n->eth : rt.nif, &dst, len);
    if (err)
        return err;
    p = pkt_alloc_large(NET_HEADROOM + UDP_HDR_BYTES, (u32)len);
    if (!p) {
        n->stats.no_memory++;
        return -ENOBUFS;
    }
    for (int i = 0; i < n_iov; i++) {
        copy_block(p->data + at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    p->len_bytes = (u32)len;
    if (is_queued) {
        err = wait_for_addr(u, p, &dst, dport);
        return err ? err : (ssize_t)len;
    }
    out.src = sk->has_addr && !ip_is_many(n, &sk->flow.local) ? sk->flow.local : rt.src;
    out.dst = dst;
    err = source_of(u, msg, &out.src);
    if (err) {
        pkt_put(p);
        return err;
    }
    if (ip_is_many(n, &dst)) {
        out.ttl = ip_addr_is_v4(&dst) && !ip_is_group(&dst) ? sk->ttl : sk->mcast_ttl;
        if (ip_is_group(&dst) && sk->mcast_loop && !rt.nif->is_loop)
            loop_back(u, p, out, dport);
    }
    err = udp_transmit(&rt, p, &out, sk->flow.lport, dport, frag_of(sk));
    return err ? err : (ssize_t)len;
}

ssize_t udp_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                 int flags)
{
    struct udp_sock *u = udp_of(sk);

    if (unlikely(flags & MSG_MORE || u->is_corked || u->pending))
        return udp_cork_send(u, iov, n_iov, msg, flags);
    if (udp_segment_send && (u->segment_bytes || (msg && msg->msg_control)))
        return udp_segment_send(u, iov, n_iov, msg, flags);
    return udp_send_now(sk, iov, n_iov, msg, flags);
}

/* --- receiving --- */

/* The control messages that the service has asked for. */
static void put_control(struct sock *sk, struct msghdr *msg, const struct pkt *p,
                        const struct udp_rx *from)
{
    struct cmsg_out out = sock_cmsg_begin(msg);
    const struct ip_addr *dst = &from->dst;
    bool is_v6 = sk->domain == AF_INET6;
    int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, tos = from->tos, ttl = from->ttl;
    u64 at_ns;

    if (sk->timestamp) {
        u64 t[2];
        memcpy(&at_ns, p->scratch, sizeof(at_ns));
        at_ns = clock_wall_ns() - (clock_mono_ns() - at_ns);
        t[0] = at_ns / NSEC_PER_SEC;
        t[1] = at_ns % NSEC_PER_SEC / (sk->timestamp == SOCK_STAMP_USEC ? NSEC_PER_USEC : 1);
        sock_cmsg_put(msg, &out, SOL_SOCKET,
                      sk->timestamp == SOCK_STAMP_USEC ? SO_TIMESTAMP : SO_TIMESTAMPNS, t,
                      sizeof(t));
    }
    if (sk->pktinfo) {
        bool is_loop = ip_addr_is_v4(dst) ? (dst->v4 & 0xff) == 127 : dst->hi == 0;
        u32 ifindex = is_loop ? NET_IFINDEX_LOOP : NET_IFINDEX_ETH;
        u32 pi[5] = {ifindex, dst->v4, dst->v4, 0, ifindex}; /* in_pktinfo, or in6_pktinfo */
        if (is_v6)
            memcpy(pi, dst, sizeof(*dst));
        sock_cmsg_put(msg, &out, level, is_v6 ? IPV6_PKTINFO : IP_PKTINFO, pi, is_v6 ? 20 : 12);
    }
    if (sk->recvttl)
        sock_cmsg_put(msg, &out, level, is_v6 ? IPV6_HOPLIMIT : IP_TTL, &ttl, sizeof(ttl));
    if (sk->recvtos)
        sock_cmsg_put(msg, &out, level, is_v6 ? IPV6_TCLASS : IP_TOS, &tos,
                      is_v6 ? sizeof(tos) : 1);
    sock_cmsg_end(msg, &out);
}

bool udp_tell(struct sock *sk, struct udp_told *told)
{
    struct pkt *p = udp_of(sk)->head;
    struct udp_rx from;

    if (!p)
        return false;
    memcpy(&from, udp_rx(p), sizeof(from));
    told->dst = from.dst;
    memcpy(&told->at_ns, p->scratch, sizeof(told->at_ns));
    memcpy(&told->n_dropped, p->scratch + sizeof(told->at_ns), sizeof(told->n_dropped));
    return true;
}

static ssize_t udp_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                        int flags)
{
    struct udp_sock *u = udp_of(sk);
    u64 deadline_ns = 0;
    size_t at = 0;
    struct pkt *p;
    u32 len;
    int err;

    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
    while (!u->head) {
        if (sk->err)
            return sock_error(sk);
        if (sk->shut & SHUT_RD_BIT && !sock_is_nonblock(sk, flags))
            return 0; /* as Linux: it would wait for what need not come */
        err = sock_wait_or_again(sk, flags, &deadline_ns, sk->rcvtimeo_ns);
        if (err)
            return err;
    }
    p = u->head;
    len = p->len_bytes;
    for (int i = 0; i < n_iov && at < len; i++) {
        size_t k = MIN(iov[i].iov_len, (size_t)len - at);
        copy_block(iov[i].iov_base, p->data + at, k);
        at += k;
    }
    if (msg) {
        struct udp_rx from;
        memcpy(&from, udp_rx(p), sizeof(from));
        msg->msg_flags = at < len ? MSG_TRUNC : 0;
        if (msg->msg_name)
            sock_addr_put(sk, msg->msg_name, &msg->msg_namelen, &from.src, from.sport);
        put_control(sk, msg, p, &from);
    }
    if (!(flags & MSG_PEEK)) {
        u->head = p->next;
        u->n_queued--;
        u->rcv_bytes -= len;
        sk->net->udp_table->n_rx -= udp_cost(p);
        pkt_put(p);
    }
    return flags & MSG_TRUNC ? (ssize_t)len : (ssize_t)at;
}

/* --- the rest of a datagram socket --- */

static u32 udp_poll(struct sock *sk)
{
    struct udp_sock *u = udp_of(sk);
    u32 ev = 0;

    if (sk->err)
        ev |= EPOLLERR;
    if (sk->shut & SHUT_RD_BIT)
        ev |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
    if (sk->shut == (SHUT_RD_BIT | SHUT_WR_BIT))
        ev |= EPOLLHUP;
    if (u->head)
        ev |= EPOLLIN | EPOLLRDNORM;
    if (netif_is_congested(&sk->net->eth))
        net_block(sk->net, &u->tx_wait);
    else
        ev |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
    return ev;
}

static int udp_bind(struct sock *sk, u16 port)
{
    int err = port_bind(&sk->net->udp_table->ports, sk, port);

    if (!err && port && net_on_listen)
        net_on_listen(be16(port), IPPROTO_UDP);
    return err;
}

int udp_connect(struct sock *sk, const struct ip_addr *ip, u16 port)
{
    struct udp_sock *u = udp_of(sk);
    struct ip_route rt;
    int err;

    if (!ip) {
        sk->is_connected = false;
        sk->flow.remote = sock_any(sk);
        sk->flow.rport = 0;
        if (!sk->has_addr)
            sk->flow.local = sock_any(sk);
        return 0;
    }
    net_now_slow(sk->net);
    while ((err = ip_route(sk->net, ip, &rt)) == -EAGAIN) {
        err = net_wait_addr(sk->net); /* getsockname() shall tell the address: wait, even if not
                                         blocking */
        if (err)
            return err;
    }
    if (err)
        return err;
    if (is_broadcast(sk->net, ip) && !sk->broadcast)
        return -EACCES;
    err = autobind(u);
    if (err)
        return err;
    sk->flow.remote = ip_addr_is_any(ip) ? rt.src : *ip;
    sk->flow.rport = port;
    if (!sk->has_addr)
        sk->flow.local = rt.src; /* shown, not matched */
    sk->is_connected = true;
    return 0;
}

static int udp_shutdown(struct sock *sk, int how)
{
    if (how != SHUT_WR)
        sk->shut |= SHUT_RD_BIT;
    if (how != SHUT_RD)
        sk->shut |= SHUT_WR_BIT;
    file_notify(&sk->file, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    return sk->is_connected ? 0 : -ENOTCONN; /* as Linux: it says so, and does it */
}

static int udp_setopt(struct sock *sk, int level, int name, int val)
{
    struct udp_sock *u = udp_of(sk);

    if (level != IPPROTO_UDP)
        return -ENOPROTOOPT;
    if (name == UDP_OPT_SEGMENT)
        u->segment_bytes = (u16)val;
    else if (name == UDP_OPT_CORK)
        u->is_corked = val;
    return u->is_corked ? 0 : udp_cork_push(u, MSG_DONTWAIT);
}

static int udp_setopt_raw(struct sock *sk, int level, int name, const void *val, u32 len)
{
    return igmp_setopt ? igmp_setopt(sk, level, name, val, len, &udp_of(sk)->mcast_if)
                       : -ENOPROTOOPT;
}

static int udp_getopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
    u32 v = udp_of(sk)->mcast_if;

    if (level == IPPROTO_IPV6 ? name == IPV6_MTU : level == IPPROTO_IP && name == IP_OPT_MTU) {
        struct ip_route rt; /* ip(7): how much the way to the peer takes */
        if (!sk->is_connected || ip_route(sk->net, &sk->flow.remote, &rt) != 0)
            return -ENOTCONN;
        v = rt.nif->is_loop ? 65535u + (level == IPPROTO_IPV6) : ip_pmtu(rt.nif, &sk->flow.remote);
    } else if (level == IPPROTO_IPV6 && name == IPV6_MULTICAST_IF)
        v = (v & 0xff) == 127 ? NET_IFINDEX_LOOP : 0;
    else if (level != IPPROTO_IP || name != IP_MULTICAST_IF)
        return -ENOPROTOOPT;
    *len = MIN(*len, (u32)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

static u32 udp_n_readable(struct sock *sk)
{
    return udp_of(sk)->head ? udp_of(sk)->head->len_bytes : 0; /* udp(7): of the next datagram */
}

static u32 udp_n_unsent(struct sock *sk)
{
    (void)sk;
    return 0;
}

static void udp_release(struct sock *sk)
{
    struct udp_sock *u = udp_of(sk);

    while (u->head) {
        struct pkt *p = u->head;
        u->head = p->next;
        sk->net->udp_table->n_rx -= udp_cost(p);
        pkt_put(p);
    }
    if (igmp_release)
        igmp_release(sk);
    heap_free(u->pending);
    list_remove(&u->tx_wait.node);
    sock_fini(sk);
    heap_free(u);
}

static const struct sock_ops udp_sock_ops = {
    .send = udp_send,
    .recv = udp_recv,
    .poll = udp_poll,
    .bind = udp_bind,
    .shutdown = udp_shutdown,
    .setopt = udp_setopt,
    .getopt = udp_getopt,
    .setopt_raw = udp_setopt_raw,
    .n_readable = udp_n_readable,
    .n_unsent = udp_n_unsent,
    .release = udp_release,
};

static int udp_init(struct net *n)
{
    struct udp_table *t = heap_new(sizeof(*t));

    if (!t)
        return -ENOMEM;
    port_table_init(&t->ports);
    t->net = n;
    t->addr_wait.resume = waiting_resume;
    list_init(&t->addr_wait.node);
    n->udp_table = t;
    n->udp = &udp_proto;
    return 0;
}

SOCK_READS(sock_ip_bind);

int udp_sock_new(struct net *n, int file_flags, struct sock **out)
{
    struct udp_sock *u;
    int err = n->udp_table ? 0 : udp_init(n);

    if (err)
        return err;
    u = heap_new(sizeof(*u));
    if (!u)
        return -ENOMEM;
    err = sock_init(&u->sk, n, &udp_sock_ops, SOCK_DGRAM, file_flags);
    if (err) {
        heap_free(u);
        return err;
    }
    u->tx_wait.resume = udp_resume;
    list_init(&u->tx_wait.node);
    *out = &u->sk;
    return 0;
}
