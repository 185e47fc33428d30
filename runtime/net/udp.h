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

static inline struct udp_sock *udp_of(struct sock *sk)
{
    return (struct udp_sock *)sk;
}
