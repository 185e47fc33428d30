/*
 * AF_VSOCK (vsock(7)): stream sockets between this VM and its host, and within the VM. The protocol
 * is that of virtio 1.2 §5.10; who carries its packets is a struct vsockdev, the device's or the
 * loopback's. The errors are those of Linux.
 *
 *      out   vsock_send -> device's buffer (the one copy) | vsock_flush: what else is to be said
 *      in    device -> vsock_input: connection, state -> ring (copy) -> vsock_recv (copy)
 *
 * Every byte that may come has been promised room: credit, which starts small and grows with use.
 * What has to be said about a connection is a bit in it until the device has room (vsock.says), so
 * nothing queues up without bound.
 *
 * Linked by the header <linux/vm_sockets.h>, which a service includes to name an address.
 */
#pragma once

#include <linux/vm_sockets.h>

#include "dev/vsockdev.h"
#include "file/ring.h"
#include "net/sock_impl.h"

/* struct sockaddr_vm without what is always the same. */
struct vsock_addr {
    u32 cid, port;
};

enum vsock_state {
    VSOCK_CLOSED, /* not yet, or no longer */
    VSOCK_LISTEN,
    VSOCK_CONNECTING,
    VSOCK_CONNECTED, /* until nothing can come any more, whatever has been shut down */
    VSOCK_ENDED,     /* the peer has gone, and all it sent is read */
};

/* As socket(2) keeps it on Linux, apart from the above: what connect() and shutdown() go by. */
enum vsock_call { VSOCK_CALL_NONE, VSOCK_CALL_CONNECTING, VSOCK_CALL_DONE, VSOCK_CALL_SHUT };

/* Bits of vsock.says, in the order in which they are said. */
#define VSOCK_SAY_REQUEST  0
#define VSOCK_SAY_RESPONSE 1
#define VSOCK_SAY_CREDIT   2
#define VSOCK_SAY_ASK      3 /* for credit */
#define VSOCK_SAY_SHUTDOWN 4

struct vsock {
    struct sock sk;
    struct vsockdev *dev; /* carries the connection; NULL: there is none */
    struct vsock_addr local, remote;
    u8 state, call;
    u8 peer_shut;          /* SHUT_RD_BIT: the peer reads no more, SHUT_WR_BIT: it sends no more */
    u8 says;               /* BIT(VSOCK_SAY_…) still to be sent */
    bool is_over;          /* the peer is done with it: recv() ends, as at the end of a file */
    bool is_orphan;        /* no descriptor: waits for the peer's last word */
    bool has_asked;        /* for credit, since it last came */
    struct list node;      /* connected or connecting: in a bucket of vsock_in.c */
    struct list port_node; /* bound by itself, not by its listener */
    struct list accept_node; /* in its listener's accept_q */
    struct list wait_node;   /* waits for the device to have room: in a list of vsock_out.c */
    struct list accept_q;
    u32 n_accept, backlog;
    struct timer timer;           /* of connect(), and of an orphan */
    u64 timeout_ns;               /* SO_VM_SOCKETS_CONNECT_TIMEOUT */
    u64 size, size_min, size_max; /* SO_VM_SOCKETS_BUFFER_SIZE and its bounds, as set */
    /* Credit (virtio 1.2 §5.10.6.3). Counts are modulo 2^32. */
    u32 tx_cnt, peer_fwd_cnt, peer_buf_alloc;
    u32 rx_cnt, fwd_cnt, told_fwd_cnt;
    u32 buf_alloc; /* promised: rx_cnt - fwd_cnt is never more */
    struct ring in;
};

static inline struct vsock *vsock_of(struct sock *sk)
{
    return (struct vsock *)sk;
}

/* Only ever counted up. */
extern struct vsock_stats {
    u64 in_requests, in_refused;     /* connections asked for; of those, not taken */
    u64 in_no_conn;                  /* for no connection: answered with RST, but RST itself */
    u64 in_wrong_cid, in_bad;        /* not ours; against the protocol */
    u64 credit_overflows, no_memory; /* connections reset because of these */
    u64 resets_lost;                 /* RST not sent: too many waited */
} vsock_stats;

/* From the size of RAM. */
extern struct vsock_limits {
    u32 n_socks;      /* orphans among them */
    u32 credit_bytes; /* promised to all connections together */
    u32 start_bytes;  /* promised to a new one */
} vsock_limits;

/* What all sockets have now. */
extern struct vsock_usage {
    u32 n_socks;
    u32 credit_bytes;
} vsock_usage;

/* @type may carry SOCK_NONBLOCK. Returns 0; -ESOCKTNOSUPPORT; -ENODEV SOCK_DGRAM, as where Linux
 * has nobody for those; -EPROTONOSUPPORT; -ENOBUFS -ENOMEM */
int vsock_create(int type, int protocol, struct file **out);

/* --- vsock.c, for the others --- */

/* A socket to be accepted from @l. NULL: too many, or no memory. */
struct vsock *vsock_child(const struct vsock *l);

/* The connection is over without the peer's consent: @err is what SO_ERROR says. */
void vsock_break(struct vsock *s, int err);

/* The peer has gone; what it sent can be read. Frees an orphan. */
void vsock_peer_gone(struct vsock *s);

/* Who has bound @port, for packets to @cid; VMADDR_CID_ANY: for any. NULL: nobody. */
struct vsock *vsock_find_bound(u32 cid, u32 port);

/* Who carries packets to @cid: the device, the loopback, or NULL. */
struct vsockdev *vsock_dev_for(u32 cid);

/* --- vsock_in.c: what comes, and the table of connections --- */

void vsock_dev_attach(struct vsockdev *vd); /* set its calls to ours */
void vsock_conn_add(struct vsock *s);       /* dev, local and remote are set */
/* Tell the peers of all connections on @vd that nothing more comes, nor is taken. */
void vsock_conns_shut(struct vsockdev *vd);

/* --- vsock_out.c: what goes, and credit --- */

/* To say @what (VSOCK_SAY_…), now or as soon as the device has room. */
void vsock_say(struct vsock *s, unsigned what);

/* Tell @to that there is no connection. It waits for room in a short queue; while that is full,
 * nothing is received. */
void vsock_say_reset(struct vsockdev *vd, const struct vsock_addr *from,
                     const struct vsock_addr *to, u16 type);

/* The device has room: say what waits. */
void vsock_flush(struct vsockdev *vd);

/* How much the peer has room for. */
u32 vsock_credit(const struct vsock *s);

/* May @s send? If the device is what it waits for, it is told when that has room. */
bool vsock_is_writable(struct vsock *s);

/* Promise a new connection its first credit. Returns false: there is none to give. */
bool vsock_credit_start(struct vsock *s);
void vsock_credit_end(struct vsock *s); /* the promise, and what has come */
/* SO_VM_SOCKETS_BUFFER_SIZE has changed. */
void vsock_credit_resize(struct vsock *s);

/* The sock_ops of that name. */
ssize_t vsock_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                   int flags);
ssize_t vsock_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                   int flags);

/* --- vsock_loop.c --- */

/* The device whose other end is this machine. The first call starts it. */
struct vsockdev *vsock_loop(void);
