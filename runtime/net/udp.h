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
    struct udp_pending *pending; /* NULL: nothing is being put together */
    bool is_corked;              /* UDP_CORK */
    u16 segment_bytes;           /* UDP_SEGMENT; 0 = send as it is */
};

/* A datagram that grows: UDP_CORK, MSG_MORE (udp_cork.c). */
struct udp_pending {
    struct sockaddr_storage to;
    socklen_t to_len; /* 0: to the peer */
    u32 len;
    u8 data[];
};

/* --- udp.c, for the other two --- */
/* One datagram, now. As sock_ops.send. */
ssize_t udp_send_now(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                     int flags);

/* --- udp_cork.c --- */
ssize_t udp_cork_send(struct udp_sock *u, const struct iovec *iov, int n_iov,
                      const struct msghdr *msg, int flags);
int udp_cork_push(struct udp_sock *u, int flags); /* Send what is pending. Returns 0; -errno. */

/* --- udp_segment.c: linked where somebody may ask for it, else NULL --- */
/* As udp_send_now(), cut as UDP_SEGMENT says: the socket's, or a control message's. */
ssize_t udp_segment_send(struct udp_sock *u, const struct iovec *iov, int n_iov,
                         const struct msghdr *msg, int flags);

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
