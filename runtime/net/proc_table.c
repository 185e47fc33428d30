/*
 * /proc/net: sockets, interfaces, routes and neighbours. Numbers of inodes, references and kernel
 * addresses, which mean nothing here, are constant.
 */
#include "net/proc.h"

#include <string.h>

#include "file/fdtable.h"
#include "net/ip6.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "net/unix.h"

/* Columns a line of these files has at least. */
#define TCP_COLUMNS   149
#define UDP_COLUMNS   127
#define ROUTE_COLUMNS 127

#define TICK_NS       (10 * NSEC_PER_MSEC) /* of times: USER_HZ */

#define HEAD4         "local_address rem_address  "
#define HEAD6         "local_address                         remote_address                       "
#define HEAD_MORE     " st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"

/* One of the four files of sockets, on its way. */
struct table {
    struct fmt_out *o;
    size_t line_at; /* where in the text its line began */
    u32 n_columns;  /* 0: not padded */
    u32 n;          /* lines so far */
    bool is_v6;
};

static void line_end(struct table *t)
{
    size_t len = t->o->total - t->line_at;

    fmt_put(t->o, "%*s\n", len < t->n_columns ? (int)(t->n_columns - len) : 0, "");
    t->line_at = t->o->total;
}

static void put_addr(const struct table *t, const struct ip_addr *a, u16 port)
{
    for (u32 i = t->is_v6 ? 0 : 3; i < 4; i++)
        fmt_put(t->o, "%08X", a->w[i]);
    fmt_put(t->o, ":%04X ", be16(port));
}

/* What all socket lines begin with, after the number. */
static void put_sock(const struct table *t, const struct ip_flow *f, u32 state, u32 tx_bytes,
                     u32 rx_bytes, u32 timer, u64 left_ns, u32 n_retries, u32 n_probes)
{
    put_addr(t, &f->local, f->lport);
    put_addr(t, &f->remote, f->rport);
    fmt_put(t->o, "%02X %08X:%08X %02X:%08lX %08X     0 %8u 0 ", state, tx_bytes, rx_bytes, timer,
            (u64)(left_ns / TICK_NS), n_retries, n_probes);
}

/* --- TCP --- */

enum { TIMER_NONE, TIMER_RETRANSMIT, TIMER_KEEPALIVE, TIMER_TIME_WAIT, TIMER_PROBE };

static void put_conn(const struct table *t, const struct tcp_sock *c)
{
    u64 now = net_now_slow(c->net), at = 0;
    bool is_listening = c->ep.state == TCP_LISTEN;
    bool is_probing = c->snd_una == c->snd_nxt; /* nothing is in flight */
    u32 tx = c->write_seq + c->fin_queued - c->snd_una, timer = TIMER_NONE;

    if (c->rtx_at) {
        timer = is_probing ? TIMER_PROBE : TIMER_RETRANSMIT;
        at = c->rtx_at;
    } else if (c->keep_at) {
        timer = TIMER_KEEPALIVE;
        at = c->keep_at;
    }
    put_sock(t, &c->sk.flow, c->ep.state, is_listening ? 0 : tx,
             is_listening ? c->n_accept : c->rcv_bytes, timer, at > now ? at - now : 0,
             is_probing ? 0 : c->n_retries, is_probing ? c->n_retries + c->n_keep : 0);
    fmt_put(t->o, "1 %016x %u 0 0 %u %d", 0, tcp_rto_us(c) / 10000,
            is_listening ? 10 : c->cwnd / c->mss,
            is_listening                                       ? 0
            : (s32)c->ssthresh < 0 || c->ssthresh == INT32_MAX ? -1
                                                               : (s32)(c->ssthresh / c->mss));
}

static void put_half_open(const struct table *t, const struct ip_flow *f, u32 state, u32 timer,
                          u64 left_ns, u32 n_retries)
{
    put_sock(t, f, state, 0, 0, timer, left_ns, n_retries, 0);
    fmt_put(t->o, "0 %016x", 0);
}

static void tcp_line(struct table *t, const struct tcp_ep *ep)
{
    const struct tcp_sock *c = CONTAINER_OF(ep, const struct tcp_sock, ep);
    const struct tcp_tw *tw = CONTAINER_OF(ep, const struct tcp_tw, ep);
    bool is_tw = ep->state == TCP_TIME_WAIT;
    /* LIMIT: what an AF_INET6 socket talked over IPv4 is in TIME-WAIT as IPv4's; lift when struct
     * tcp_tw knows its socket's family. */
    bool is_v6 = is_tw ? !ip_addr_is_v4(&ep->flow->local) : c->sk.domain == AF_INET6;
    u64 now = net_now_slow(net_self), end = is_tw ? tw->end_ns : c->rtx_at;

    if (is_v6 != t->is_v6)
        return;
    fmt_put(t->o, "%4u: ", t->n++);
    if (is_tw || (ep->state == TCP_SYN_RECV && c->parent))
        put_half_open(t, ep->flow, ep->state, is_tw ? TIMER_TIME_WAIT : TIMER_RETRANSMIT,
                      end > now ? end - now : 0, is_tw ? 0 : c->n_retries);
    else
        put_conn(t, c);
    line_end(t);
}

static void tcp_table(struct table *t)
{
    struct net *n = net_self;

    if (!n || !n->tcp_table)
        return;
    for (u32 i = 0; i < PORT_BUCKETS; i++) {
        list_for_each (it, &n->tcp_table->ports.buckets[i]) {
            const struct sock *sk = list_entry(it, struct sock, port_node);
            if (sk->is_listening)
                tcp_line(t, &CONTAINER_OF(sk, const struct tcp_sock, sk)->ep);
        }
    }
    for (u32 i = 0; i < 1u << n->limits.hash_bits; i++)
        for (const struct tcp_ep *ep = n->tcp_table->buckets[i]; ep; ep = ep->hash_next)
            tcp_line(t, ep);
}

void proc_net_tcp(struct fmt_out *o)
{
    struct table t = {.o = o, .n_columns = TCP_COLUMNS};

    fmt_put(o, "  sl  " HEAD4 HEAD_MORE);
    line_end(&t);
    tcp_table(&t);
}

void proc_net_tcp6(struct fmt_out *o)
{
    struct table t = {.o = o, .is_v6 = true};

    fmt_put(o, "  sl  " HEAD6 HEAD_MORE "\n");
    tcp_table(&t);
}

/* --- UDP --- */

static void udp_table(struct table *t)
{
    struct net *n = net_self;

    if (!n || !n->udp_table)
        return;
    for (u32 i = 0; i < PORT_BUCKETS; i++) {
        list_for_each (it, &n->udp_table->ports.buckets[i]) {
            const struct sock *sk = list_entry(it, struct sock, port_node);
            const struct udp_sock *u = (const struct udp_sock *)sk;

            if ((sk->domain == AF_INET6) != t->is_v6)
                continue;
            fmt_put(t->o, "%5u: ", t->n++);
            put_sock(t, &sk->flow, sk->is_connected ? TCP_ESTABLISHED : TCP_CLOSE, 0, u->rcv_bytes,
                     TIMER_NONE, 0, 0, 0);
            fmt_put(t->o, "2 %016x %u", 0, u->n_dropped);
            line_end(t);
        }
    }
}

void proc_net_udp(struct fmt_out *o)
{
    struct table t = {.o = o, .n_columns = UDP_COLUMNS};

    fmt_put(o, "   sl  " HEAD4 HEAD_MORE " ref pointer drops");
    line_end(&t);
    udp_table(&t);
}

void proc_net_udp6(struct fmt_out *o)
{
    struct table t = {.o = o, .is_v6 = true};

    fmt_put(o, "  sl  " HEAD6 HEAD_MORE " ref pointer drops\n");
    udp_table(&t);
}

/* --- AF_UNIX --- */

struct sock *proc_sock_at(u32 fd)
{
    struct file *f = fd_get((int)fd), *lower;
    u32 refs;

    if (!f)
        return NULL;
    refs = f->refs;
    file_put(f); /* the table has one */
    if (!sock_is(f))
        return NULL;
    for (u32 i = 0; refs > 2 && i < fd; i++) {
        lower = fd_get((int)i);
        if (lower)
            file_put(lower);
        if (lower == f)
            return NULL;
    }
    return CONTAINER_OF(f, struct sock, file);
}

enum { SS_UNCONNECTED = 1, SS_CONNECTING, SS_CONNECTED };

static void unix_line(struct fmt_out *o, const struct unix_sock *u, u32 state)
{
    const struct unix_name *name = u->name;

    fmt_put(o, "%016x: %08X %08X %08X %04X %02X %5u", 0, u->sk.is_connected ? 3 : 2, 0,
            u->sk.is_listening ? 0x10000 : 0, u->sk.type, state, 0);
    if (name) {
        u32 len = name->len - (u32)sizeof(name->addr.family);

        fmt_put(o, " ");
        if (name->addr.path[0])
            len--; /* its terminator */
        for (u32 i = 0; i < len; i++)
            fmt_put(o, "%c", name->addr.path[i] ? name->addr.path[i] : '@');
    }
    fmt_put(o, "\n");
}

void proc_net_unix(struct fmt_out *o)
{
    fmt_put(o, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    /* LIMIT: sockets that are only in a message on its way are not found. */
    for (u32 fd = 0; fd < fd_limit(); fd++) {
        struct sock *sk = proc_sock_at(fd);
        const struct unix_sock *u = (const struct unix_sock *)sk;

        if (!sk || sk->domain != AF_UNIX)
            continue;
        unix_line(o, u, sk->is_connected ? SS_CONNECTED : SS_UNCONNECTED);
        list_for_each (it, &u->accept_q)
            unix_line(o, list_entry(it, struct unix_sock, accept_node), SS_CONNECTING);
    }
}

/* --- interfaces and neighbours --- */

static void dev_line(struct fmt_out *o, const char *name, u64 rx_bytes, u64 rx_packets,
                     u64 rx_dropped, u64 tx_bytes, u64 tx_packets, u64 tx_dropped)
{
    fmt_put(o,
            "%6s: %7lu %7lu    0 %4lu    0     0          0         0 "
            "%8lu %7lu    0 %4lu    0     0       0          0\n",
            name, rx_bytes, rx_packets, rx_dropped, tx_bytes, tx_packets, tx_dropped);
}

void proc_net_dev(struct fmt_out *o)
{
    const struct net *n = net_self;
    const struct netdev *nd = n ? n->eth.nd : NULL;

    fmt_put(o, "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast"
               "|bytes    packets errs drop fifo colls carrier compressed\n");
    if (n) {
        u64 pkts = n->loop.n_loop_pkts, bytes = n->loop.n_loop_bytes - pkts * ETH_HDR_BYTES;
        dev_line(o, "lo", bytes, pkts, 0, bytes, pkts, 0);
    }
    if (nd)
        dev_line(o, "eth0", nd->stats.rx_bytes, nd->stats.rx_packets, nd->stats.rx_dropped,
                 nd->stats.tx_bytes, nd->stats.tx_packets, n->stats.tx_dropped);
}

static void route_line(struct table *t, u32 addr, u32 mask, u32 gateway)
{
    u32 flags = 1 | (gateway ? 2 : 0) | (mask == UINT32_MAX ? 4 : 0); /* up, gateway, host */

    fmt_put(t->o, "eth0\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0", addr, gateway, flags, mask);
    line_end(t);
}

void proc_net_route(struct fmt_out *o)
{
    const struct netif *nif = net_self ? &net_self->eth : NULL;
    struct table t = {.o = o, .n_columns = ROUTE_COLUMNS};

    fmt_put(o,
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
    line_end(&t);
    if (!nif || !nif->has_addr)
        return;
    if (nif->gateway)
        route_line(&t, 0, 0, nif->gateway);
    route_line(&t, nif->addr.v4 & nif->mask, nif->mask, 0);
    for (u32 i = 0; i < nif->n_routes; i++)
        route_line(&t, nif->routes[i].addr, nif->routes[i].mask, nif->routes[i].gateway);
}

static void hex_put(struct fmt_out *o, const u8 *b, u32 n, const char *between)
{
    for (u32 i = 0; i < n; i++)
        fmt_put(o, "%s%02x", i ? between : "", b[i]);
}

void proc_net_arp(struct fmt_out *o)
{
    fmt_put(o, "IP address       HW type     Flags       HW address            Mask     Device\n");
    for (u32 i = 0; net_self && i < ARP_ENTRIES; i++) {
        const struct arp_entry *e = &net_self->arp.entries[i];
        const u8 *b = (const u8 *)&e->ip.v4;
        bool is_known = e->state != ARP_INCOMPLETE && e->state != ARP_FAILED;
        char ip[16];

        if (e->state == ARP_FREE || !ip_addr_is_v4(&e->ip))
            continue;
        fmt_snprintf(ip, sizeof(ip), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
        fmt_put(o, "%-16s 0x1         0x%-10x", ip, is_known ? 2 : 0);
        hex_put(o, is_known ? e->mac : (const u8[6]){0}, 6, ":");
        fmt_put(o, "     *        eth0\n");
    }
}

static void inet6_line(struct fmt_out *o, const struct ip_addr *a, u32 index, u32 prefix_len,
                       u32 scope, u32 flags, const char *name)
{
    hex_put(o, a->b, sizeof(a->b), "");
    fmt_put(o, " %02x %02x %02x %02x %8s\n", index, prefix_len, scope, flags, name);
}

void proc_net_if_inet6(struct fmt_out *o)
{
    static const struct ip_addr one = {.b = {[15] = 1}};
    const struct ip6 *s = net_self ? net_self->ip6 : NULL;
    u64 now;

    if (!s)
        return;
    now = net_now_slow(net_self);
    for (u32 i = 0; i < IP6_ADDRS; i++) {
        const struct ip6_addr *a = &s->addrs[i];
        bool is_site_local = a->addr.b[0] == 0xfe && a->addr.b[1] >= 0xc0; /* RFC 3879 */
        u32 flags = (a->valid_ns == DEADLINE_NEVER ? 0x80 : 0) | (a->dad_ns ? 0x40 : 0) |
                    (a->preferred_ns <= now ? 0x20 : 0);

        if (a->prefix_len)
            inet6_line(o, &a->addr, NET_IFINDEX_ETH, a->prefix_len,
                       ip_addr_is_link_local(&a->addr) ? 0x20
                       : is_site_local                 ? 0x40
                                                       : 0,
                       flags, "eth0");
    }
    inet6_line(o, &one, NET_IFINDEX_LOOP, 128, 0x10, 0x80, "lo");
}
