/* What a UDP socket is inside, for udp.c and for what tells about sockets. */
#pragma once

#include "net/sock_impl.h"

struct udp_sock {
    struct sock sk;
    struct pkt *head, *tail; /* struct udp_rx is in front of their data */
    u32 n_queued, rcv_bytes;
    u32 n_dropped; /* on the way into the queue */
    u32 mcast_if;  /* IP_MULTICAST_IF: its address, network byte order; 0 = by route */
    struct tx_waiter tx_wait;
};

struct udp_table {
    struct port_table ports;
    struct net *net;
    u32 n_rx; /* packets in all receive queues */
    struct pkt *waiting;
    u32 n_waiting;
    struct tx_waiter addr_wait;
};

/* What a socket may ask of the datagram that is next. */
struct udp_told {
    struct ip_addr dst;
    u64 at_ns;     /* when it came */
    u32 n_dropped; /* of those before it, for want of room */
};
bool udp_tell(struct sock *sk, struct udp_told *told); /* false: there is none */

static inline struct udp_sock *udp_of(struct sock *sk)
{
    return (struct udp_sock *)sk;
}
