/* A model peer for one TCP connection under test: it sends what the test says, and takes apart what
 * the stack answers, checking every checksum. The stack is 10.0.0.1, the peer 10.0.0.2. */
#pragma once

#include "net_host.h"
#include "net/tcp.h"

#define OUR_IP    be32(0x0a000001)
#define PEER_IP   be32(0x0a000002)
#define OUR_PORT  80
#define PEER_PORT 5000

#define FIN       TCP_F_FIN
#define SYN       TCP_F_SYN
#define RST       TCP_F_RST
#define PSH       TCP_F_PSH
#define ACK       TCP_F_ACK
#define URG       TCP_F_URG
#define ECN       (TCP_F_ECE | TCP_F_CWR)

struct seg {
    u32 seq, ack;
    u16 wnd;
    u8 flags;
    u16 mss;    /* 0 = no option */
    int wscale; /* -1 = no option */
    bool has_ts;
    u32 ts_val, ts_ecr;
    u32 len;
    u16 sport, dport; /* host order; 0 = the defaults */
    const void *data;
    u8 bytes[2048];
};

extern struct net peer_net;
extern struct host_dev peer_dev;
extern u16 peer_wnd;           /* window the peer advertises */
extern u32 peer_seq, peer_ack; /* the peer's own view of the connection */

/* A fresh stack with the static address; the peer's MAC is known to it. */
int peer_setup(void **state);
int peer_teardown(void **state);

void peer_frame(const void *frame, size_t len);
/* Send a segment exactly as described. */
void peer_send_seg(const struct seg *s);
/* Send with the peer's seq, ack and window; advances peer_seq. */
void peer_send(u8 flags, const void *data, u32 len);
/* The same, at any sequence number, without advancing. */
void peer_send_at(u32 seq, u32 ack, u8 flags, const void *data, u32 len);
/* The next TCP segment from the stack; false if there is none. ARP is answered on the way. */
bool peer_recv(struct seg *s);
/* There is one, with these flags (PSH does not matter), in sequence; advances peer_ack. */
struct seg peer_expect(u8 flags);
void peer_expect_none(void);
/* Everything the stack has to say goes to /dev/null. Returns the number of segments. */
unsigned peer_drain(void);

/* Sockets */
struct file *peer_listen(int backlog);
/* A connection made by the peer to the listener, accepted. */
struct file *peer_connect(struct file *listener);
/* The stack has connected to the peer. */
struct file *peer_accept(void);
struct file *peer_socket(int type);
struct sockaddr_in peer_addr(u32 ip, u16 port);
void set_nonblock(struct file *f);
/* All in one: listen, connect, accept; the listener stays in peer_listener. */
extern struct file *peer_listener;
struct file *peer_established(void);
struct tcp_sock *tcp_sock_of(struct file *f);
u32 events_of(struct file *f);
