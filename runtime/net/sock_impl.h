/* What a socket is inside net/. Its users see net/sock.h. */
#pragma once

#include <netinet/in.h>

#include "net/sock.h"
#include "net/stack.h"

struct sock;

/* What a family of its own does with names: NULL in TCP and UDP, where sock.c does it. */
struct sock_names {
    int (*bind)(struct sock *sk, const struct sockaddr *addr, socklen_t len);
    int (*listen)(struct sock *sk, int backlog);
    int (*accept)(struct sock *sk, struct sockaddr *addr, socklen_t *len, int flags,
                  struct file **out);
    int (*connect)(struct sock *sk, const struct sockaddr *addr, socklen_t len);
    int (*getname)(struct sock *sk, struct sockaddr *addr, socklen_t *len, bool peer);
};

/* What differs between TCP and UDP and is called on every socket. Lower-case errno rules as in
 * net/sock.h. @msg is NULL for the short forms: no address, no control data. */
struct sock_ops {
    ssize_t (*send)(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                    int flags);
    ssize_t (*recv)(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                    int flags);
    u32 (*poll)(struct sock *sk);
    int (*bind)(struct sock *sk, u16 port); /* address is in the flow already; port 0 = any */
    int (*shutdown)(struct sock *sk, int how);
    int (*setopt)(struct sock *sk, int level, int name, int val);
    /* Options that are no number; -ENOPROTOOPT for any other, whatever its level. NULL = none. */
    int (*setopt_raw)(struct sock *sk, int level, int name, const void *val, u32 len);
    /* Fill @val, at most *@len bytes, and set *@len. NULL = not linked: nobody asks. */
    int (*getopt)(struct sock *sk, int level, int name, void *val, u32 *len);
    u32 (*n_readable)(struct sock *sk); /* FIONREAD */
    u32 (*n_unsent)(struct sock *sk);   /* TIOCOUTQ */
    void (*release)(struct sock *sk);   /* the last descriptor is gone */
    const struct sock_names *names;
};

/* For a weak reference elsewhere: with this file the one that has @symbol is read from the archive,
 * but not kept in an image for it. */
#ifdef SKIFF_HOST_TEST
#define SOCK_READS(symbol) _Static_assert(true, "")
#else
#define SOCK_READS(symbol)                                                                         \
    __asm__(".pushsection .skiff.needs,\"e\",@progbits\n\t.quad " #symbol "\n\t.popsection")
#endif

/*
 * A family beside IP, in the section that sock_create() walks. Who links such a family is said in
 * libc's headers (libc/needs.sh): an image without it carries no word of it.
 */
struct sock_family {
    /* @type may carry SOCK_NONBLOCK. Returns 0; -ESOCKTNOSUPPORT -EPROTONOSUPPORT -ENOMEM … */
    int (*create)(int type, int protocol, struct file **out);
    long domain;
};

#ifdef SKIFF_HOST_TEST /* the host's linker knows start and end of a section with such a name */
#define SOCK_FAMILY(name)                                                                          \
    __attribute__((used, section("skiff_sock_families"))) const struct sock_family name
#define __skiff_sock_families_start __start_skiff_sock_families
#define __skiff_sock_families_end   __stop_skiff_sock_families
#pragma weak __start_skiff_sock_families
#pragma weak __stop_skiff_sock_families
#else
#define SOCK_FAMILY(name)                                                                          \
    __attribute__((used, section(".skiff.sock_families"))) const struct sock_family name
#endif
extern const struct sock_family __skiff_sock_families_start[], __skiff_sock_families_end[];

#define SHUT_RD_BIT 1
#define SHUT_WR_BIT 2

enum { SOCK_STAMP_NONE, SOCK_STAMP_USEC, SOCK_STAMP_NSEC }; /* SO_TIMESTAMP, SO_TIMESTAMPNS */

struct sock {
    struct file file;
    const struct sock_ops *ops;
    struct net *net;
    struct list port_node; /* in its port_table while bound */
    struct ip_flow flow;
    u8 domain;     /* AF_INET, AF_INET6 */
    u8 type;       /* SOCK_STREAM, SOCK_DGRAM */
    u8 shut;       /* SHUT_RD_BIT | SHUT_WR_BIT */
    u8 tos, ttl;   /* ttl 0 = 64 */
    bool has_addr; /* bound to an address, not only to a port */
    bool is_listening, is_connected;
    bool reuse_addr, reuse_port, keepalive, broadcast, oob_inline, linger, passcred;
    bool pktinfo, recverr, recvtos, recvttl, freebind, transparent, bind_no_port, v6only;
    bool no_check, dont_route, debug; /* kept for getsockopt(2), without effect */
    u8 timestamp;                     /* SOCK_STAMP_… */
    u8 mtu_discover;                  /* IP_PMTUDISC_…; for TCP kept: DF is always set */
    bool dontfrag;                    /* IPV6_DONTFRAG */
    u8 mcast_ttl;
    bool mcast_loop;
    u32 mark;           /* SO_MARK, kept: there are no rules it could select */
    s32 err;            /* SO_ERROR: positive errno, told once */
    u32 rcvbuf, sndbuf; /* bytes */
    u32 linger_sec;
    u32 last_poll;                /* net.n_polls when it last said -EAGAIN */
    u64 rcvtimeo_ns, sndtimeo_ns; /* 0 = no limit */
};

/* Set up the common part; counts against the limit. Returns 0; -ENOBUFS. */
int sock_init(struct sock *sk, struct net *n, const struct sock_ops *ops, int type, int file_flags);
void sock_fini(struct sock *sk); /* unbinds and uncounts */

/* Sleep once on the socket's queue. Returns 0 (check again), -EAGAIN at the deadline, -EINTR. */
int sock_wait(struct sock *sk, u64 deadline_ns);

/* @timeo_ns from now; 0 = never. */
u64 sock_deadline(u64 timeo_ns);

static inline bool sock_is_nonblock(const struct sock *sk, int flags)
{
    return (flags & MSG_DONTWAIT) || (sk->file.flags & 04000 /* O_NONBLOCK */);
}

/**
 * What a call does that has to wait: sleep once, or if it may not, poll the devices once.
 *
 * @deadline_ns  the caller's, 0 at first
 * Returns  0 look again; -EAGAIN (the time is up, or not blocking); -EINTR
 */
int sock_wait_or_again(struct sock *sk, int flags, u64 *deadline_ns, u64 timeo_ns);

/* A call is about to say -EAGAIN: have the devices been polled since it last did? If not, poll
 * them; true = look again. So a service that spins on a socket still sees its packets. */
bool sock_repoll(struct sock *sk);

/* Is there a peer? TCP: established; what was established keeps its name until it is over. */
static inline bool sock_is_connected(const struct sock *sk)
{
    return sk->is_connected;
}

/* The pending error as -errno, cleared; 0 if none. */
static inline int sock_error(struct sock *sk)
{
    int err = sk->err;
    sk->err = 0;
    return -err;
}

#define SOCK_TAKES_V4 1
#define SOCK_TAKES_V6 2
static inline u32 sock_takes(const struct sock *sk)
{
    if (sk->has_addr)
        return ip_addr_is_v4(&sk->flow.local) ? SOCK_TAKES_V4 : SOCK_TAKES_V6;
    return sk->domain == AF_INET ? SOCK_TAKES_V4
           : sk->v6only          ? SOCK_TAKES_V6
                                 : SOCK_TAKES_V4 | SOCK_TAKES_V6;
}

/* Is what comes to our address @local this socket's business, as far as addresses go? */
static inline bool sock_is_at(const struct sock *sk, const struct ip_addr *local)
{
    if (sk->has_addr)
        return ip_addr_eq(&sk->flow.local, local);
    return sock_takes(sk) & (ip_addr_is_v4(local) ? SOCK_TAKES_V4 : SOCK_TAKES_V6);
}

/* No address, in the words of the socket's family. */
static inline struct ip_addr sock_any(const struct sock *sk)
{
    return sk->domain == AF_INET ? ip_addr_v4(0) : (struct ip_addr){0};
}

/* Read a service's address. Returns 0; -EINVAL, -EAFNOSUPPORT. Port in network byte order. */
int sock_addr_get(const struct sock *sk, const struct sockaddr *addr, socklen_t len,
                  struct ip_addr *ip, u16 *port);
/* Write one, cut to *@len bytes, and set *@len to its full length. */
void sock_addr_put(const struct sock *sk, struct sockaddr *addr, socklen_t *len,
                   const struct ip_addr *ip, u16 port);

/* Where the next control message of recvmsg(2) goes. */
struct cmsg_out {
    u8 *at;
    size_t room;
};

static inline struct cmsg_out sock_cmsg_begin(const struct msghdr *msg)
{
    return (struct cmsg_out){msg->msg_control, msg->msg_control ? msg->msg_controllen : 0};
}

/* Put one, cut to the room there is; then MSG_CTRUNC is set in @msg. */
void sock_cmsg_put(struct msghdr *msg, struct cmsg_out *out, int level, int type, const void *data,
                   size_t len);

static inline void sock_cmsg_end(struct msghdr *msg, const struct cmsg_out *out)
{
    msg->msg_controllen = msg->msg_control ? (socklen_t)(out->at - (u8 *)msg->msg_control) : 0;
}

/* --- sock_ip.c --- */

/* What bind() does where a family has no names of its own; sock.c refers to it weakly. */
int sock_ip_bind(struct sock *sk, const struct sockaddr *addr, socklen_t len);

/* --- ports.c --- */

#define PORT_BUCKETS 16
#define PORT_FIRST   32768 /* RFC 6056 §3.2 recommends a wide range; Linux's default */
#define PORT_LAST    60999

/* Who owns which local port, one table per protocol. */
struct port_table {
    struct list buckets[PORT_BUCKETS];
    /* TCP: do connections live on @port (network byte order) that bar a bind? May be NULL. */
    bool (*is_busy)(struct net *n, u16 port);
};

void port_table_init(struct port_table *t);
static inline struct list *port_bucket(struct port_table *t, u16 port)
{
    return &t->buckets[(port ^ port >> 8) % PORT_BUCKETS];
}

/* Bind @sk to sk->flow.local and @port; 0 picks one. Returns 0; -EADDRINUSE. */
int port_bind(struct port_table *t, struct sock *sk, u16 port);
void port_unbind(struct sock *sk);
static inline bool port_is_bound(const struct sock *sk)
{
    return !list_empty(&sk->port_node);
}

bool port_is_taken(struct port_table *t, u16 port); /* is anybody bound to it? */

/* May @sk, now listening, share its port as it does? (bind() is laxer with SO_REUSEADDR) */
bool port_may_listen(struct port_table *t, const struct sock *sk);

/* --- the protocols --- */

int tcp_sock_new(struct net *n, int file_flags, struct sock **out);
int tcp_listen(struct sock *sk, int backlog);
int tcp_accept(struct sock *sk, int flags, struct sock **out);
int tcp_connect(struct sock *sk, const struct ip_addr *ip, u16 port);

int udp_sock_new(struct net *n, int file_flags, struct sock **out);
/* @ip NULL dissolves the association. */
int udp_connect(struct sock *sk, const struct ip_addr *ip, u16 port);
ssize_t udp_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                 int flags);
