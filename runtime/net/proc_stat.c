/*
 * /proc/net: counters, by the names of the MIBs (RFC 4293, RFC 4022, RFC 4113) and Linux' own. The
 * paths that packets take count as little as possible; what can be is worked out here. Columns are
 * in Linux' order; those of which nothing is known are left out, so they are to be found by name.
 */
#include "net/proc.h"

#include <stddef.h>
#include <string.h>

#include "file/fdtable.h"
#include "net/sock_impl.h"
#include "net/tcp.h"
#include "net/udp.h"

/*
 * A column is one byte: which word of struct net_stats it shows, or which of the values that are
 * worked out.
 */
#define STAT(field) (u8)(offsetof(struct net_stats, field) / sizeof(u64))

enum derived {
    D_ZERO = sizeof(struct net_stats) / sizeof(u64),
    D_IN_RECEIVES,
    D_IN_DELIVERS,
    D_OUT_REQUESTS,
    D_OUT_TRANSMITS,
    D_REASM_REQDS,
    D_REASM_OKS,
    D_UDP_IN,
    D_UDP_NO_PORTS,
    D_UDP_ERRORS,
    D_ATTEMPT_FAILS,
    D_ESTAB_RESETS,
    D_CURR_ESTAB,
    D_OUT_SEGS,
    D_RETRANS_SEGS,
    D_IN_ERRS,
    D_TIMEOUTS,
    D_END
};
_Static_assert(D_END <= 256, "a column is a byte");

/* The counters, and behind them what is worked out. */
union mib {
    struct net_stats st;
    u64 word[D_END];
};

static void mib_init(union mib *m, const struct net_stats *st, bool is_v6, u32 n_estab)
{
    u64 *d = m->word;
    u64 reqds = is_v6 ? st->ip6_reasm_reqds : st->ip_reasm_reqds - st->ip6_reasm_reqds;
    u64 oks = is_v6 ? st->ip6_reasm_oks : st->ip_reasm_oks - st->ip6_reasm_oks;

    m->st = *st;
    d[D_ZERO] = 0;
    d[D_REASM_REQDS] = reqds;
    d[D_REASM_OKS] = oks;
    d[D_IN_RECEIVES] = st->ip_in[is_v6] - oks;
    d[D_IN_DELIVERS] =
        st->ip_in[is_v6] - st->ip_bad[is_v6] - st->ip_not_ours[is_v6] - st->ip_proto[is_v6] - reqds;
    d[D_OUT_REQUESTS] = st->ip_out[is_v6] + (is_v6 ? st->tcp6_out : st->tcp_out - st->tcp6_out);
    d[D_OUT_TRANSMITS] = d[D_OUT_REQUESTS] - st->ip_frag_oks[is_v6] + st->ip_frag_creates[is_v6];
    d[D_UDP_NO_PORTS] = st->udp_no_port[is_v6] + (is_v6 ? 0 : st->udp_unheard);
    d[D_UDP_ERRORS] = st->udp_bad[is_v6] + st->udp_csum[is_v6] + st->udp_queue_full[is_v6];
    d[D_UDP_IN] = st->udp_in[is_v6] - st->udp_no_port[is_v6] - d[D_UDP_ERRORS];
    /* a cookie's connection ends in SYN-RECEIVED, but has not failed */
    d[D_ATTEMPT_FAILS] =
        st->tcp_ended[TCP_SYN_SENT] + st->tcp_ended[TCP_SYN_RECV] - st->tcp_cookies_sent;
    d[D_ESTAB_RESETS] = st->tcp_ended[TCP_ESTABLISHED] + st->tcp_ended[TCP_CLOSE_WAIT];
    d[D_CURR_ESTAB] = n_estab;
    d[D_RETRANS_SEGS] = st->tcp_retransmits + st->tcp_syn_retransmits;
    d[D_OUT_SEGS] = st->tcp_out + st->tcp_raw_out - d[D_RETRANS_SEGS];
    d[D_IN_ERRS] = st->tcp_bad + st->tcp_csum;
    d[D_TIMEOUTS] = st->tcp_rto + st->tcp_syn_retransmits;
}

/* Two lines, names and values; @head is the first and the beginning of the second. */
static void put_group(struct fmt_out *o, const union mib *m, const char *head, const u8 *columns,
                      u32 n)
{
    fmt_put(o, "%s", head);
    for (u32 i = 0; i < n; i++)
        fmt_put(o, " %lu", m->word[columns[i]]);
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
    /* LIMIT: ReasmTimeout and ReasmFails are both families'. */
    static const u8 ip[] = {D_IN_RECEIVES, STAT(ip_bad[0]),          STAT(ip_not_ours[0]),
                            D_ZERO,        STAT(ip_proto[0]),        D_ZERO,
                            D_IN_DELIVERS, D_OUT_REQUESTS,           STAT(tx_dropped),
                            D_ZERO,        STAT(ip_reasm_timeout),   D_REASM_REQDS,
                            D_REASM_OKS,   STAT(ip_reasm_fails),     STAT(ip_frag_oks[0]),
                            D_ZERO,        STAT(ip_frag_creates[0]), D_OUT_TRANSMITS};
    static const u8 icmp[] = {STAT(icmp_in[0]), STAT(icmp_bad[0]), STAT(icmp_out[0]), D_ZERO,
                              STAT(icmp_limited)};
    static const u8 tcp[] = {STAT(tcp_active_opens),
                             STAT(tcp_passive_opens),
                             D_ATTEMPT_FAILS,
                             D_ESTAB_RESETS,
                             D_CURR_ESTAB,
                             STAT(tcp_in),
                             D_OUT_SEGS,
                             D_RETRANS_SEGS,
                             D_IN_ERRS,
                             STAT(tcp_rst_out),
                             STAT(tcp_csum)};
    static const u8 udp[] = {D_UDP_IN,
                             D_UDP_NO_PORTS,
                             D_UDP_ERRORS,
                             STAT(udp_out[0]),
                             STAT(udp_queue_full[0]),
                             D_ZERO,
                             STAT(udp_csum[0]),
                             D_ZERO,
                             D_ZERO};
    struct tally tally;
    union mib m;

    if (!net_self)
        return;
    tcp_tally(net_self, &tally);
    mib_init(&m, &net_self->stats, false, tally.estab);
    put_group(o, &m,
              "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "
              "InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "
              "ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates "
              "OutTransmits\nIp: 2 64", /* does not forward */
              ip, sizeof(ip));
    put_group(o, &m, "Icmp: InMsgs InErrors OutMsgs OutErrors OutRateLimitGlobal\nIcmp:", icmp,
              sizeof(icmp));
    _Static_assert(TCP_RTO_MIN_US == 200000 && TCP_RTO_MAX_US == 120000000, "as told here");
    put_group(o, &m,
              "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails "
              "EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n"
              "Tcp: 1 200 120000 -1",
              tcp, sizeof(tcp));
    put_group(o, &m,
              "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors "
              "InCsumErrors IgnoredMulti MemErrors\nUdp:",
              udp, sizeof(udp));
}

void proc_net_snmp6(struct fmt_out *o)
{
    static const u8 columns[] = {D_IN_RECEIVES,        STAT(ip_bad[1]),
                                 STAT(ip_not_ours[1]), STAT(ip_proto[1]),
                                 D_IN_DELIVERS,        D_OUT_REQUESTS,
                                 D_REASM_REQDS,        D_REASM_OKS,
                                 STAT(ip_frag_oks[1]), STAT(ip_frag_creates[1]),
                                 STAT(icmp_in[1]),     STAT(icmp_bad[1]),
                                 STAT(icmp_out[1]),    D_UDP_IN,
                                 D_UDP_NO_PORTS,       D_UDP_ERRORS,
                                 STAT(udp_out[1]),     STAT(udp_queue_full[1]),
                                 STAT(udp_csum[1])};
    const char *name = "Ip6InReceives\0Ip6InHdrErrors\0Ip6InAddrErrors\0Ip6InUnknownProtos\0"
                       "Ip6InDelivers\0Ip6OutRequests\0Ip6ReasmReqds\0Ip6ReasmOKs\0Ip6FragOKs\0"
                       "Ip6FragCreates\0Icmp6InMsgs\0Icmp6InErrors\0Icmp6OutMsgs\0"
                       "Udp6InDatagrams\0Udp6NoPorts\0Udp6InErrors\0Udp6OutDatagrams\0"
                       "Udp6RcvbufErrors\0Udp6InCsumErrors";
    union mib m;

    if (!net_self || !net_self->ip6)
        return;
    mib_init(&m, &net_self->stats, true, 0);
    for (u32 i = 0; i < sizeof(columns); i++) {
        fmt_put(o, "%-32s\t%lu\n", name, m.word[columns[i]]);
        name += strlen(name) + 1;
    }
}

void proc_net_netstat(struct fmt_out *o)
{
    static const u8 columns[] = {STAT(tcp_cookies_sent),
                                 STAT(tcp_cookies_taken),
                                 STAT(tcp_cookies_failed),
                                 STAT(tcp_prune_called),
                                 STAT(tcp_ooo_pruned),
                                 STAT(tcp_tw_expired),
                                 STAT(tcp_paws),
                                 STAT(tcp_delayed_acks),
                                 STAT(tcp_listen_full),
                                 STAT(tcp_listen_full),
                                 STAT(tcp_fast_retransmits),
                                 D_TIMEOUTS,
                                 STAT(tcp_orphans_cut),
                                 STAT(tcp_abort_timeout),
                                 STAT(tcp_spurious_rtos),
                                 STAT(tcp_time_wait_recycled),
                                 STAT(tcp_cookies_sent),
                                 STAT(tcp_out_of_order),
                                 STAT(tcp_ooo_dropped),
                                 STAT(tcp_challenge_acks),
                                 STAT(tcp_syn_retransmits),
                                 STAT(tcp_rx_dropped)};
    union mib m;

    if (!net_self)
        return;
    mib_init(&m, &net_self->stats, false, 0);
    put_group(o, &m,
              "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed PruneCalled OfoPruned TW "
              "PAWSEstab DelayedACKs ListenOverflows ListenDrops TCPFastRetrans TCPTimeouts "
              "TCPAbortOnMemory TCPAbortOnTimeout TCPSpuriousRTOs TCPTimeWaitOverflow "
              "TCPReqQFullDoCookies TCPOFOQueue TCPOFODrop TCPChallengeACK TCPSynRetrans "
              "TCPRcvQDrop\nTcpExt:",
              columns, sizeof(columns));
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
