/*
 * One network stack: everything that would be a global variable, behind one pointer, so that a host
 * test can run two against each other and every CPU can have its own one day.
 *
 * No lock: runtime code is never preempted by another thread (one owner, D10). Nothing in here
 * sleeps except where a comment says so.
 */
#pragma once

#include "base/list.h"
#include "dev/netdev.h"
#include "net/addr.h"
#include "net/net.h"
#include "net/siphash.h"
#include "sched/timer.h"
#include "sched/wait.h"

struct net;
struct tcp_table;
struct udp_table;
struct igmp;
struct dhcp;
struct ip6;

#define TCP_STATES   12 /* as <netinet/tcp.h> numbers them; 0 is none */
#define NETIF_ROUTES 4  /* LIMIT: routes DHCP may give besides the default; others are ignored */

/* A way to a network, IPv4, network byte order. */
struct ip_net {
    u32 addr, mask, gateway; /* gateway 0: on the link */
};

/* A network interface: the loopback, or one on a device. */
struct netif {
    struct net *net;
    struct netdev *nd; /* NULL: loopback, or no device */
    u8 mac[6];
    bool is_loop;
    bool has_addr; /* addr is valid; an interface without one neither routes nor receives */
    bool is_full;  /* the ring answered -ENOSPC and has not called tx_space() since */
    u16 mtu_bytes; /* largest IP packet */
    u32 offloads;  /* BIT(NETDEV_…) */
    struct ip_addr addr;
    u32 mask, gateway;                  /* network byte order; gateway 0 = none */
    u32 last_src;                       /* from there has come a packet to addr, all in order */
    u32 broadcast;                      /* of the network; 0 = it has none (RFC 3021) */
    struct ip_net routes[NETIF_ROUTES]; /* besides these two (RFC 3442), n_routes of them */
    u8 n_routes;
    /* Frames of protocols without a queue of their own (ARP, ICMP, UDP, RST) waiting for the ring;
     * for the loopback: frames on their way to its input. */
    struct pkt *txq_head, *txq_tail;
    u32 n_txq;
    u64 n_loop_pkts, n_loop_bytes; /* sent around the loopback; a device counts its own */
};

/* What has been dropped, and why; and what went well. Only ever counted up, and no more than the
 * MIBs (proc_stat.c) can be derived from. Of pairs the second is IPv6's. */
struct net_stats {
    u64 ip_in[2];  /* a datagram of fragments counts once more when it is whole */
    u64 ip_out[2]; /* without the segments of tcp_out */
    u64 ip_bad[2], ip_not_ours[2], ip_proto[2];
    /* Both families', as RFC 4293 counts them, and what of it is IPv6's. */
    u64 ip_reasm_reqds, ip_reasm_oks, ip_reasm_fails, ip_reasm_timeout;
    u64 ip6_reasm_reqds, ip6_reasm_oks;
    u64 ip_frag_oks[2], ip_frag_creates[2];
    u64 icmp_in[2], icmp_bad[2], icmp_out[2];
    u64 udp_in[2], udp_bad[2], udp_csum[2], udp_no_port[2], udp_queue_full[2], udp_out[2];
    u64 tcp_in, tcp_out, arp_in;
    u64 tcp_raw_out; /* segments of no connection: not in tcp_out, but in ip.out */
    u64 tcp6_out;    /* of tcp_out, IPv6's */
    u64 eth_short, eth_other_mac, eth_type;
    u64 arp_bad, arp_pending_full, arp_failed;
    u64 icmp_limited, udp_unheard; /* unheard: without any UDP socket */
    u64 tcp_bad, tcp_csum, tcp_no_port, tcp_rst_out, tcp_listen_full;
    u64 tcp_ended[TCP_STATES]; /* by the state they were in */
    u64 tcp_syn_retransmits, tcp_delayed_acks, tcp_abort_timeout, tcp_tw_expired;
    u64 tcp_cookies_sent, tcp_cookies_taken, tcp_cookies_failed;
    u64 tcp_retransmits, tcp_fast_retransmits, tcp_rto, tcp_dup_acks, tcp_out_of_order;
    u64 tcp_loss_probes, tcp_black_holes, tcp_spurious_rtos;
    u64 tcp_ooo_dropped, tcp_ooo_pruned, tcp_prune_called, tcp_rx_dropped, tcp_rx_compacted,
        tcp_paws, tcp_challenge_acks;
    u64 tcp_passive_opens, tcp_active_opens, tcp_resets_in, tcp_time_wait_recycled, tcp_orphans_cut;
    u64 tx_full, tx_dropped, no_memory;
};

/* How much of everything, from the size of RAM and of the packet pool. */
struct net_limits {
    u32 rcvbuf_bytes, sndbuf_bytes; /* defaults of SO_RCVBUF and SO_SNDBUF */
    u32 buf_max_bytes;              /* what setsockopt() may raise them to */
    u32 tx_pkts, rx_pkts;           /* packets all sockets together may hold, either way; rx_pkts
                                     * is 0 for a frame of which nothing may be kept */
    u32 rx_compact_bytes;           /* heap for data of slow readers, beyond rx_pkts */
    u32 txq_pkts;                   /* frames waiting for the ring, other than TCP */
    u32 n_socks, n_syn, n_time_wait, n_orphans;
    u8 hash_bits;
};

/* Somebody whom the ring, a missing MAC address or the missing own address made wait. */
struct tx_waiter {
    struct list node;
    void (*resume)(struct tx_waiter *w); /* try again; may put @w back */
};

/* What the IP layer tells the protocol above about a packet. */
struct ip_in {
    struct netif *nif;
    struct ip_addr src, dst;
    const void *hdr; /* IP header, still in the packet in front of its data */
    u8 proto, tos, ttl;
    bool to_many; /* broadcast or multicast: never answer with an error */
};

/* An ICMP error about a packet we sent. */
struct ip_error {
    struct ip_flow flow; /* of that packet, seen from us */
    u32 seq;             /* TCP: its sequence number, host byte order */
    int err;             /* positive errno */
    bool is_hard;        /* ends a connection attempt */
    u32 mtu_bytes;       /* with EMSGSIZE: next-hop MTU, 0 = not told */
};

/* A transport protocol; registers itself when its first socket is made (so that it is linked only
 * if a service can make one). input() owns the packet, whose data starts at the protocol's header.
 */
struct ip_proto {
    void (*input)(struct net *n, struct pkt *p, const struct ip_in *in);
    void (*error)(struct net *n, const struct ip_error *e);
};

#define ARP_ENTRIES     32
#define ARP_PENDING_MAX 3 /* packets waiting for one answer */

enum arp_state { ARP_FREE, ARP_INCOMPLETE, ARP_REACHABLE, ARP_STALE, ARP_PROBE, ARP_FAILED };

struct arp_entry {
    struct ip_addr ip;
    u8 mac[6];
    u8 state;
    u8 n_tries;
    bool is_used;    /* we asked for it ourselves: evicted last */
    u64 deadline_ns; /* when state changes by itself */
    u64 used_ns;
    struct pkt *pending; /* at most ARP_PENDING_MAX, oldest first */
};

struct arp_cache {
    struct arp_entry entries[ARP_ENTRIES];
    u32 generation; /* changes with every change of an entry: copies of a MAC check it */
    struct timer timer;
    struct net *net;
};

/* RFC 5227: an address that is being asked for, and the defence of ours (acd.h). */
struct acd {
    struct timer timer;
    u32 addr; /* asked for; 0 = none */
    u8 n_probes, n_conflicts;
    u64 defend_ns; /* not before */
    void (*result)(struct net *n, bool is_free);
};

/* What if_nametoindex(3), scope ids and IP_PKTINFO call the interfaces, as on a Linux with one. */
#define NET_IFINDEX_LOOP 1
#define NET_IFINDEX_ETH  2

#define NET_DNS_MAX      3
#define NET_NAME_BYTES   64

/* How much the way to a host takes. */
struct ip_pmtu {
    struct ip_addr dst;
    u64 end_ns; /* 0 or past: nothing is known */
    u16 mtu_bytes;
};

/* Datagrams of which not all fragments are there (ip_reasm.c). */
struct reasm_table {
    struct list all;
    struct timer timer;
    u32 n_held; /* datagrams and packets */
    u32 n_seen; /* fragments ever */
};

#define NET_PMTUS                                                                                  \
    4 /* LIMIT: the last four told; a fifth makes its first datagram be lost again                 \
       */

struct net {
    /* First what is read all over the stack: up to 127 an offset is a byte, behind that four. */
    u64 now_ns; /* of this poll batch or send call: read through net_now() */
    bool has_now;
    bool is_acquiring;   /* the address is still being asked for: wait instead of failing */
    bool is_rx_batch;    /* more of this frame is to come: no ACK yet */
    u32 n_polls;         /* rounds of the poller: how fresh "no data" is */
    u16 rx_flags;        /* of the frame: what its last packet says, … */
    u32 rx_seq;          /* … and where the next one begins */
    struct pkt *rx_rest; /* packets of the frame that is being received, behind the first */
    u64 hash_mul;        /* odd and secret: multiplicative hash of flows */
    struct tcp_table *tcp_table;
    struct netif eth;
    u64 acquire_end_ns; /* is_acquiring, but not for longer than this */
    struct udp_table *udp_table;
    const struct ip_proto *tcp, *udp;  /* NULL: no such socket yet */
    const struct ip_proto *igmp_proto; /* NULL: nobody has joined a group */
    struct igmp *igmp;
    struct ip6 *ip6; /* NULL: not linked, or without memory */
    struct dhcp *dhcp;
    u32 frag_id; /* the next identification of IPv4 fragments */
    u32 n_socks;
    struct list blocked; /* struct tx_waiter */
    struct netif loop;
    struct siphash_key secret;
    struct net_limits limits;
    struct net_stats stats;
    struct waitq ready; /* woken when the address is there */
    struct poller poller;
    struct arp_cache arp;
    struct acd acd;
    /* UDP to port 68, and only while the client runs. Owns nothing. */
    void (*dhcp_input)(struct net *n, const u8 *msg, size_t len);
    struct reasm_table reasm;
    struct ip_pmtu pmtu[NET_PMTUS];
    u64 icmp_tokens_ns;   /* rate limit of ICMP errors: a bucket measured in time */
    u32 dns[NET_DNS_MAX]; /* network byte order */
    char domain[NET_NAME_BYTES], hostname[NET_NAME_BYTES];
};

/* The stack sockets are made on: the VM's only one; host tests switch it. */
extern struct net *net_self;

/* Set up @n on @nd (NULL: loopback only), without starting DHCP. */
void net_init(struct net *n, struct netdev *nd);
void net_configure(struct net *n, const struct net_config *cfg);

/* The interface has got (or, with addr 0, lost) an address. */
void net_set_addr(struct net *n, u32 addr, u32 mask, u32 gateway, u16 mtu_bytes);

/* Sleep until the address is there. Returns 0; -ENETUNREACH, -EINTR. Only from a service's call. */
int net_wait_addr(struct net *n);

u64 net_now_slow(struct net *n);

/* Time of this batch of packets: one clock read per poll. */
static inline u64 net_now(struct net *n)
{
    return likely(n->has_now) ? n->now_ns : net_now_slow(n);
}

/* --- netif.c: frames out, and back-pressure --- */

/* Headroom for the IP header in a packet somebody fills in front of ip_send(). */
#define NET_HEADROOM (PKT_DRIVER_HEADROOM + 2 + 14 + 40)

/* Put @w on the list of those resumed by ring space, an ARP answer or an address. */
static inline void net_block(struct net *n, struct tx_waiter *w)
{
    if (list_empty(&w->node))
        list_push_back(&n->blocked, &w->node);
}

/* Try everybody on that list again. */
void net_resume(struct net *n);

/**
 * Queue a frame on the device; the caller keeps its reference.
 *
 * Returns 0; -ENOSPC: nothing taken, net_block() and wait for the resume. -EIO: dropped for good.
 */
int netif_tx(struct netif *nif, struct pkt *p);
int netif_tx_failed(struct netif *nif, int err); /* of that: the device's answer */
static inline int netif_tx_inline(struct netif *nif, struct pkt *p)
{
    int err;

    if (unlikely(nif->is_loop | nif->is_full))
        return netif_tx(nif, p);
    err = netdev_tx(nif->nd, p);
    return likely(!err) ? 0 : netif_tx_failed(nif, err);
}

/* Send a frame, or keep it until the ring has room. Takes the caller's reference. A frame too many
 * is dropped and counted; netif_is_congested() tells before. */
void netif_send(struct netif *nif, struct pkt *p);

static inline bool netif_is_congested(const struct netif *nif)
{
    return nif->n_txq >= nif->net->limits.txq_pkts / 2;
}

/* Deliver what the loopback holds. Returns true if there was any. */
bool netif_loop_run(struct net *n);

/* --- net.c --- */

/* A frame of which no packet may be kept: sockets keep copies, or nothing. Owns @p. */
void netif_input_borrowed(struct netif *nif, struct pkt *p);

/* --- eth.c --- */

void eth_input(struct netif *nif, struct pkt *p); /* owns @p */

/* --- rx_chain.c --- */

/* A frame of several packets (NETDEV_CHAINS). Owns @p and what is chained to it. */
void rx_chain_input(struct netif *nif, struct pkt *p);

/* Put an Ethernet header in front of p->data. */
void eth_push(struct netif *nif, struct pkt *p, const u8 *dst_mac, u16 type);

/* --- arp.c: neighbours of both families (for IPv6 see ip6.h) --- */

void arp_init(struct net *n);
void arp_input(struct netif *nif, struct pkt *p); /* owns @p, data at the ARP header */

/**
 * The MAC address of a neighbour.
 *
 * @p       waits for the answer if there is none yet (an IP packet; the reference is taken), or
 * NULL Returns  0; -EAGAIN being asked for (net_resume() will tell); -EHOSTUNREACH nobody answers
 *          (@p is dropped)
 */
int arp_resolve(struct netif *nif, const struct ip_addr *ip, u8 *mac, struct pkt *p);

/* What is known about @ip, or NULL. */
struct arp_entry *arp_find(struct net *n, const struct ip_addr *ip);
/* An entry for @ip, which has none: a free one or the one missed least. NULL: all are needed. */
struct arp_entry *arp_new(struct net *n, const struct ip_addr *ip, bool is_used);
/* @e is at @mac: what waited leaves. @is_confirmed: two ways, else it is checked when next used. */
void arp_learn(struct netif *nif, struct arp_entry *e, const u8 *mac, bool is_confirmed);

/* Tell the neighbours our address (RFC 5227 announcement); ask for one that is to be ours. */
void arp_announce(struct netif *nif);
void arp_probe(struct netif *nif, u32 addr);
void arp_flush(struct net *n);
