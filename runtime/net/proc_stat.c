/*
 * /proc/net: counters, by the names of the MIBs (RFC 4293, RFC 4022, RFC 4113) and Linux' own. The
 * paths that packets take count as little as possible; what can be is worked out here. Columns are
 * in Linux' order; those of which nothing is known are left out, so they are to be found by name.
 */
#include "net/proc.h"

#include <string.h>

#include "file/fdtable.h"
#include "net/sock_impl.h"
#include "net/tcp.h"
#include "net/udp.h"

/* Of struct net_stats, one family's. */
struct ip_mib {
    u64 in_receives, in_delivers, out_requests;
    u64 reasm_reqds, reasm_oks;
    u64 udp_in_datagrams, udp_no_ports, udp_in_errors;
};

static void ip_mib(const struct net_stats *st, bool is_v6, struct ip_mib *m)
{
    u64 reqds = is_v6 ? st->ip6_reasm_reqds : st->ip_reasm_reqds - st->ip6_reasm_reqds;
    u64 oks = is_v6 ? st->ip6_reasm_oks : st->ip_reasm_oks - st->ip6_reasm_oks;

    m->reasm_reqds = reqds;
    m->reasm_oks = oks;
    m->in_receives = st->ip_in[is_v6] - oks;
    m->in_delivers =
        st->ip_in[is_v6] - st->ip_bad[is_v6] - st->ip_not_ours[is_v6] - st->ip_proto[is_v6] - reqds;
    m->out_requests = st->ip_out[is_v6] + (is_v6 ? st->tcp6_out : st->tcp_out - st->tcp6_out);
    m->udp_no_ports = st->udp_no_port[is_v6] + (is_v6 ? 0 : st->udp_unheard);
    m->udp_in_errors = st->udp_bad[is_v6] + st->udp_csum[is_v6] + st->udp_queue_full[is_v6];
    m->udp_in_datagrams = st->udp_in[is_v6] - st->udp_no_port[is_v6] - m->udp_in_errors;
}

/* Two lines: the names, then as many values. */
static void put_group(struct fmt_out *o, const char *group, const char *names, const u64 *v, u32 n)
{
    fmt_put(o, "%s: %s\n%s:", group, names, group);
    for (u32 i = 0; i < n; i++)
        fmt_put(o, " %ld", v[i]);
    fmt_put(o, "\n");
}

/* --- how many there are --- */

struct tally {
    u32 inuse[2]; /* TCP: hashed, TIME-WAIT apart */
    u32 estab;
};

static void tcp_tally(const struct net *n, struct tally *t)
{
    *t = (struct tally){0};
    if (!n->tcp_table)
        return;
    for (u32 i = 0; i < PORT_BUCKETS; i++) {
        list_for_each (it, &n->tcp_table->ports.buckets[i]) {
            const struct sock *sk = list_entry(it, struct sock, port_node);
            t->inuse[sk->domain == AF_INET6] += sk->is_listening;
        }
    }
    for (u32 i = 0; i < 1u << n->limits.hash_bits; i++) {
        for (struct tcp_ep *ep = n->tcp_table->buckets[i]; ep; ep = ep->hash_next) {
            const struct tcp_sock *c = CONTAINER_OF(ep, struct tcp_sock, ep);
            if (ep->state == TCP_TIME_WAIT || (ep->state == TCP_SYN_RECV && c->parent))
                continue;
            t->inuse[c->sk.domain == AF_INET6]++;
            t->estab += ep->state == TCP_ESTABLISHED || ep->state == TCP_CLOSE_WAIT;
        }
    }
}

static u32 udp_count(const struct net *n, int domain)
{
    u32 count = 0;

    for (u32 i = 0; n->udp_table && i < PORT_BUCKETS; i++)
        list_for_each (it, &n->udp_table->ports.buckets[i])
            count += list_entry(it, struct sock, port_node)->domain == domain;
    return count;
}

/* --- the files --- */

void proc_net_snmp(struct fmt_out *o)
{
    const struct net *n = net_self;
    const struct net_stats *st;
    struct tally tally;
    struct ip_mib m;

    if (!n)
        return;
    st = &n->stats;
    ip_mib(st, false, &m);
    tcp_tally(n, &tally);
    u64 ip[] = {2, /* does not forward */
                64,
                m.in_receives,
                st->ip_bad[0],
                st->ip_not_ours[0],
                0,
                st->ip_proto[0],
                0,
                m.in_delivers,
                m.out_requests,
                st->tx_dropped,
                0,
                /* LIMIT: both families' */ st->ip_reasm_timeout,
                m.reasm_reqds,
                m.reasm_oks,
                st->ip_reasm_fails,
                st->ip_frag_oks[0],
                0,
                st->ip_frag_creates[0],
                m.out_requests - st->ip_frag_oks[0] + st->ip_frag_creates[0]};
    put_group(o, "Ip",
              "Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "
              "InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "
              "ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates "
              "OutTransmits",
              ip, ARRAY_SIZE(ip));
    u64 icmp[] = {st->icmp_in[0], st->icmp_bad[0], st->icmp_out[0], 0, st->icmp_limited};
    put_group(o, "Icmp", "InMsgs InErrors OutMsgs OutErrors OutRateLimitGlobal", icmp,
              ARRAY_SIZE(icmp));
    u64 retransmits = st->tcp_retransmits + st->tcp_syn_retransmits;
    u64 tcp[] = {1, /* other than those the RFC lists */
                 TCP_RTO_MIN_US / 1000, TCP_RTO_MAX_US / 1000, (u64)-1, st->tcp_active_opens,
                 st->tcp_passive_opens,
                 /* a cookie's connection ends in SYN-RECEIVED, but has not failed */
                 st->tcp_ended[TCP_SYN_SENT] + st->tcp_ended[TCP_SYN_RECV] - st->tcp_cookies_sent,
                 st->tcp_ended[TCP_ESTABLISHED] + st->tcp_ended[TCP_CLOSE_WAIT], tally.estab,
                 st->tcp_in, st->tcp_out + st->tcp_raw_out - retransmits, retransmits,
                 st->tcp_bad + st->tcp_csum, st->tcp_rst_out, st->tcp_csum};
    put_group(o, "Tcp",
              "RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails "
              "EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors",
              tcp, ARRAY_SIZE(tcp));
    u64 udp[] = {m.udp_in_datagrams,
                 m.udp_no_ports,
                 m.udp_in_errors,
                 st->udp_out[0],
                 st->udp_queue_full[0],
                 0,
                 st->udp_csum[0],
                 0,
                 0};
    put_group(o, "Udp",
              "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors "
              "IgnoredMulti MemErrors",
              udp, ARRAY_SIZE(udp));
}

void proc_net_snmp6(struct fmt_out *o)
{
    const struct net_stats *st = net_self ? &net_self->stats : NULL;
    const char *name = "Ip6InReceives\0Ip6InHdrErrors\0Ip6InAddrErrors\0Ip6InUnknownProtos\0"
                       "Ip6InDelivers\0Ip6OutRequests\0Ip6ReasmReqds\0Ip6ReasmOKs\0Ip6FragOKs\0"
                       "Ip6FragCreates\0Icmp6InMsgs\0Icmp6InErrors\0Icmp6OutMsgs\0"
                       "Udp6InDatagrams\0Udp6NoPorts\0Udp6InErrors\0Udp6OutDatagrams\0"
                       "Udp6RcvbufErrors\0Udp6InCsumErrors";
    struct ip_mib m;

    if (!st || !net_self->ip6)
        return;
    ip_mib(st, true, &m);
    u64 v[] = {m.in_receives,      st->ip_bad[1],          st->ip_not_ours[1], st->ip_proto[1],
               m.in_delivers,      m.out_requests,         m.reasm_reqds,      m.reasm_oks,
               st->ip_frag_oks[1], st->ip_frag_creates[1], st->icmp_in[1],     st->icmp_bad[1],
               st->icmp_out[1],    m.udp_in_datagrams,     m.udp_no_ports,     m.udp_in_errors,
               st->udp_out[1],     st->udp_queue_full[1],  st->udp_csum[1]};
    for (u32 i = 0; i < ARRAY_SIZE(v); i++) {
        fmt_put(o, "%-32s\t%lu\n", name, v[i]);
        name += strlen(name) + 1;
    }
}

void proc_net_netstat(struct fmt_out *o)
{
    const struct net_stats *st = net_self ? &net_self->stats : NULL;

    if (!st)
        return;
    u64 v[] = {st->tcp_cookies_sent,
               st->tcp_cookies_taken,
               st->tcp_cookies_failed,
               st->tcp_tw_expired,
               st->tcp_paws,
               st->tcp_delayed_acks,
               st->tcp_listen_full,
               st->tcp_listen_full,
               st->tcp_fast_retransmits,
               st->tcp_rto + st->tcp_syn_retransmits,
               st->tcp_orphans_cut,
               st->tcp_abort_timeout,
               st->tcp_time_wait_recycled,
               st->tcp_cookies_sent,
               st->tcp_out_of_order,
               st->tcp_ooo_dropped,
               st->tcp_challenge_acks,
               st->tcp_syn_retransmits,
               st->tcp_rx_dropped};
    put_group(o, "TcpExt",
              "SyncookiesSent SyncookiesRecv SyncookiesFailed TW PAWSEstab DelayedACKs "
              "ListenOverflows ListenDrops TCPFastRetrans TCPTimeouts TCPAbortOnMemory "
              "TCPAbortOnTimeout TCPTimeWaitOverflow TCPReqQFullDoCookies TCPOFOQueue TCPOFODrop "
              "TCPChallengeACK TCPSynRetrans TCPRcvQDrop",
              v, ARRAY_SIZE(v));
}

void proc_net_sockstat(struct fmt_out *o)
{
    const struct net *n = net_self;
    const struct tcp_table *t = n ? n->tcp_table : NULL;
    const struct udp_table *u = n ? n->udp_table : NULL;
    u32 used = 0, frags = 0;
    struct tally tally = {0};

    for (u32 fd = 0; fd < fd_limit(); fd++)
        used += proc_sock_at(fd) != NULL;
    if (n) {
        tcp_tally(n, &tally);
        list_for_each (it, &n->reasm.all)
            frags++;
    }
    /* Memory is in pages, of which each has two packets; of fragments in bytes. */
    fmt_put(o, "sockets: used %u\nTCP: inuse %u orphan %u tw %u alloc %u mem %u\n", used,
            tally.inuse[0], t ? t->n_orphans : 0, t ? t->n_tw : 0, tally.inuse[0] + tally.inuse[1],
            t ? (t->n_tx + t->n_rx + 1) / 2 : 0);
    fmt_put(o, "UDP: inuse %u mem %u\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse %u memory %u\n",
            n ? udp_count(n, AF_INET) : 0, u ? (u->n_rx + 1) / 2 : 0, frags,
            n ? n->reasm.n_held * PKT_STORAGE_BYTES : 0);
}

void proc_net_sockstat6(struct fmt_out *o)
{
    const struct net *n = net_self;
    struct tally tally = {0};

    if (n)
        tcp_tally(n, &tally);
    fmt_put(o,
            "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\nRAW6: inuse 0\n"
            "FRAG6: inuse 0 memory 0\n",
            tally.inuse[1], n ? udp_count(n, AF_INET6) : 0);
}
