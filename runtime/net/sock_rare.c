/*
 * The options that few services ask for: which there are, what Linux takes and shows. Most have no
 * effect in a machine with one process, one interface and no routing, and are only kept. Those that
 * do something are in sock_more.c; those that should, and cannot here, are refused as a kernel
 * refuses that was built without them.
 */
#define _GNU_SOURCE 1 /* struct ucred */
#include "net/sock_rare.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#include "mem/heap.h"
#include "net/ip.h"
#include "net/ip6.h"
#include "net/sock_opt.h"
#include "net/tcp.h"
#include "net/udp.h"

/* Not all libcs have them; as <asm-generic/socket.h>, <linux/in.h>, <linux/in6.h>, <linux/udp.h>.
 */
#define O_SO_BINDTOIFINDEX        62
#define O_SO_PREFER_BUSY_POLL     69
#define O_SO_BUSY_POLL_BUDGET     70
#define O_SO_BUF_LOCK             72
#define O_SO_RESERVE_MEM          73
#define O_SO_RCVTIMEO_NEW         66
#define O_SO_SNDTIMEO_NEW         67
#define O_SO_DETACH_REUSEPORT_BPF 68
#define O_SO_INCOMING_NAPI_ID     56
#define O_SO_MEMINFO              55
#define O_SO_PEERGROUPS           59
#define O_SO_CNX_ADVICE           53
#define O_SO_BPF_EXTENSIONS       48
#define O_IP_RECVFRAGSIZE         25
#define O_IP_NODEFRAG             22
#define O_IP_UNICAST_IF           50
#define O_IPV6_UNICAST_IF         76
#define O_IPV6_RECVFRAGSIZE       77
#define O_IPV6_MINHOPCOUNT        73
#define O_IPV6_ADDR_PREFERENCES   72
#define O_IPV6_AUTOFLOWLABEL      70
#define O_TXREHASH                74
#define O_RCVMARK                 75
#define O_PASSPIDFD               76
#define O_PEERPIDFD               77
#define O_RCVPRIORITY             82
#define O_PASSRIGHTS              83
#define O_IP_RECVERR_RFC4884      26
#define O_IPV6_MULTICAST_ALL      29
#define O_IPV6_ALERT_ISOLATE      30
#define O_IPV6_RECVERR_RFC4884    31
#define O_IPV6_FLOWINFO_SEND      33
#define O_UDP_CORK                1
#define O_UDP_SEGMENT             103
#define O_UDP_GRO                 104
#define O_TCP_THIN_LINEAR         16
#define O_TCP_THIN_DUPACK         17

enum { TCP4 = 1, TCP6 = 2, UDP4 = 4, UDP6 = 8, UNIX = 16 };
#define TCP   (TCP4 | TCP6)
#define UDP   (UDP4 | UDP6)
#define INET  (TCP | UDP)
#define INET6 (TCP6 | UDP6)
#define ALL   (INET | UNIX)

enum { FLAG, NUM, SHOWN, TAKEN, REFUSED };

/* FLAG: not 0 is 1. NUM: from a to b. SHOWN: only read, and always dflt. TAKEN: only set, from a to
 * b. REFUSED: set answers a, get b, errnos; b 0: as dflt. */
static const struct rare {
    u8 level, name, who, how;
    s32 a, b, dflt;
} rares[] = {
    {SOL_SOCKET, SO_PRIORITY, ALL, NUM, INT_MIN, INT_MAX, 0},
    {SOL_SOCKET, SO_PASSCRED, INET, REFUSED, EOPNOTSUPP, EOPNOTSUPP, 0},
    {SOL_SOCKET, SO_RCVLOWAT, ALL, NUM, INT_MIN, INT_MAX, 1},
    {SOL_SOCKET, SO_PASSSEC, INET, REFUSED, EOPNOTSUPP, EOPNOTSUPP, 0},
    {SOL_SOCKET, SO_PASSSEC, UNIX, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_REUSEPORT, UNIX, REFUSED, EOPNOTSUPP, 0, 0},
    {SOL_SOCKET, SO_RXQ_OVFL, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_WIFI_STATUS, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_PEEK_OFF, ALL, NUM, INT_MIN, INT_MAX, -1},
    {SOL_SOCKET, SO_NOFCS, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_LOCK_FILTER, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_SELECT_ERR_QUEUE, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, SO_BUSY_POLL, ALL, NUM, 0, INT_MAX, 0},
    {SOL_SOCKET, O_SO_BPF_EXTENSIONS, ALL, SHOWN, 0, 0, 64},
    {SOL_SOCKET, SO_INCOMING_CPU, ALL, NUM, INT_MIN, INT_MAX, -1},
    {SOL_SOCKET, SO_ATTACH_BPF, ALL, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ALL, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, ALL, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {SOL_SOCKET, O_SO_DETACH_REUSEPORT_BPF, ALL, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {SOL_SOCKET, O_SO_CNX_ADVICE, ALL, TAKEN, INT_MIN, INT_MAX, 0},
    {SOL_SOCKET, O_SO_INCOMING_NAPI_ID, ALL, SHOWN, 0, 0, 0},
    {SOL_SOCKET, O_SO_PEERGROUPS, ALL, REFUSED, ENOPROTOOPT, ENODATA, 0},
    {SOL_SOCKET, SO_ZEROCOPY_, INET, NUM, 0, 1, 0},
    {SOL_SOCKET, SO_ZEROCOPY_, UNIX, REFUSED, EOPNOTSUPP, 0, 0},
    {SOL_SOCKET, O_SO_BINDTOIFINDEX, ALL, NUM, 0, INT_MAX, 0},
    {SOL_SOCKET, O_SO_PREFER_BUSY_POLL, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, O_SO_BUSY_POLL_BUDGET, ALL, TAKEN, 0, 65535, 0},
    {SOL_SOCKET, O_SO_BUF_LOCK, ALL, NUM, 0, 3, 0},
    {SOL_SOCKET, O_SO_RESERVE_MEM, ALL, REFUSED, EOPNOTSUPP, 0, 0},
    {SOL_SOCKET, O_TXREHASH, TCP, NUM, -1, 1, 1},
    {SOL_SOCKET, O_TXREHASH, UDP | UNIX, REFUSED, EOPNOTSUPP, EOPNOTSUPP, 0},
    {SOL_SOCKET, O_RCVMARK, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, O_PASSPIDFD, INET, REFUSED, EOPNOTSUPP, EOPNOTSUPP, 0},
    {SOL_SOCKET, O_PEERPIDFD, ALL, REFUSED, ENOPROTOOPT, ENODATA, 0},
    {SOL_SOCKET, O_RCVPRIORITY, ALL, FLAG, 0, 0, 0},
    {SOL_SOCKET, O_PASSRIGHTS, INET, REFUSED, EOPNOTSUPP, EOPNOTSUPP, 0},

    {IPPROTO_IP, IP_HDRINCL, INET, REFUSED, ENOPROTOOPT, 0, 0},
    {IPPROTO_IP, IP_ROUTER_ALERT, INET, REFUSED, EINVAL, 0, 0},
    {IPPROTO_IP, IP_RECVOPTS, INET, FLAG, 0, 0, 0}, /* options are not passed on: none came */
    {IPPROTO_IP, IP_RETOPTS, INET, FLAG, 0, 0, 0},
    {IPPROTO_IP, IP_IPSEC_POLICY, INET, REFUSED, EOPNOTSUPP, ENOPROTOOPT, 0},
    {IPPROTO_IP, IP_XFRM_POLICY, INET, REFUSED, EOPNOTSUPP, ENOPROTOOPT, 0},
    {IPPROTO_IP, IP_PASSSEC, INET, FLAG, 0, 0, 0},
    {IPPROTO_IP, IP_ORIGDSTADDR, INET, FLAG, 0, 0, 0},
    {IPPROTO_IP, IP_MINTTL, INET, NUM, 0, 0, 0}, /* LIMIT: see O_IPV6_MINHOPCOUNT */
    {IPPROTO_IP, O_IP_NODEFRAG, INET, REFUSED, ENOPROTOOPT, 0, 0},
    {IPPROTO_IP, O_IP_RECVFRAGSIZE, TCP, REFUSED, EINVAL, 0, 0},
    {IPPROTO_IP, O_IP_RECVERR_RFC4884, INET, NUM, 0, 1, 0},
    {IPPROTO_IP, IP_MULTICAST_IF, TCP, REFUSED, EINVAL, 0, 0},
    {IPPROTO_IP, IP_ADD_MEMBERSHIP, TCP, REFUSED, EPROTO, ENOPROTOOPT, 0},
    {IPPROTO_IP, IP_DROP_MEMBERSHIP, TCP, REFUSED, EPROTO, ENOPROTOOPT, 0},

    {IPPROTO_IPV6, IPV6_2292HOPOPTS, INET6, FLAG, 0, 0, 0}, /* such headers are not passed on */
    {IPPROTO_IPV6, IPV6_2292DSTOPTS, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_2292RTHDR, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF, TCP6, REFUSED, ENOPROTOOPT, 0, 0},
    {IPPROTO_IPV6, IPV6_ROUTER_ALERT, INET6, REFUSED, ENOPROTOOPT, 0, 0},
    {IPPROTO_IPV6, O_IPV6_ALERT_ISOLATE, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, O_IPV6_RECVERR_RFC4884, INET6, NUM, 0, 1, 0},
    {IPPROTO_IPV6, O_IPV6_FLOWINFO_SEND, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPOPTS, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVRTHDR, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVPATHMTU, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, O_IPV6_AUTOFLOWLABEL, INET6, FLAG, 0, 0, 1}, /* RFC 6437 §3: 0 will do */
    /* LIMIT: what protects a service is not taken without doing so; lift with a look at the hop
     * limit that costs other connections nothing. */
    {IPPROTO_IPV6, O_IPV6_MINHOPCOUNT, INET6, NUM, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_ORIGDSTADDR_, INET6, FLAG, 0, 0, 0},
    {IPPROTO_IPV6, O_IPV6_RECVFRAGSIZE, INET6, FLAG, 0, 0, 0},

    {IPPROTO_TCP, TCP_MD5SIG, TCP, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {IPPROTO_TCP, O_TCP_THIN_LINEAR, TCP, NUM, 0, 1, 0},
    {IPPROTO_TCP, O_TCP_THIN_DUPACK, TCP, TAKEN, 0, 1, 0},
    {IPPROTO_TCP, TCP_REPAIR, TCP, REFUSED, EPERM, 0, 0},
    {IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP, REFUSED, EPERM, EINVAL, 0},
    {IPPROTO_TCP, TCP_QUEUE_SEQ, TCP, REFUSED, EINVAL, EINVAL, 0},
    {IPPROTO_TCP, TCP_REPAIR_OPTIONS, TCP, REFUSED, EINVAL, ENOPROTOOPT, 0},
    {IPPROTO_TCP, TCP_TIMESTAMP, TCP, REFUSED, EPERM, 0, 0},
    {IPPROTO_TCP, TCP_REPAIR_WINDOW, TCP, REFUSED, EPERM, EINVAL, 0},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, TCP, NUM, 0, 1, 0}, /* as without a cookie: it connects */
    {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, TCP, NUM, 0, 1, 0},
    {IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, TCP, REFUSED, ENOPROTOOPT, EINVAL, 0},
    {IPPROTO_TCP, TCP_INQ, TCP, NUM, 0, 1, 0},

    {IPPROTO_UDP, O_UDP_CORK, UDP, FLAG, 0, 0, 0},
    {IPPROTO_UDP, O_UDP_SEGMENT, UDP, NUM, 0, 65535, 0},
    {IPPROTO_UDP, O_UDP_GRO, UDP, FLAG, 0, 0, 0}, /* datagrams may be put together: none is */
};

/* 0: of a family that knows all its options itself. */
static u8 kind_of(const struct sock *sk)
{
    if (sk->ops->names)
        return sk->domain == AF_UNIX ? UNIX : 0;
    if (sk->type == SOCK_STREAM)
        return sk->domain == AF_INET ? TCP4 : TCP6;
    return sk->domain == AF_INET ? UDP4 : UDP6;
}

static const struct rare *find(const struct sock *sk, int level, int name)
{
    u8 who = kind_of(sk);

    for (u32 i = 0; i < ARRAY_SIZE(rares); i++) {
        if (rares[i].level == level && rares[i].name == name && rares[i].who & who)
            return &rares[i];
    }
    return NULL;
}

static int keep(struct sock *sk, int level, int name, int value)
{
    struct sock_more *m = sock_more_make(sk);
    struct sock_kept *k;

    if (!m)
        return -ENOMEM;
    for (k = m->kept; k; k = k->next) {
        if (k->level == level && k->name == name) {
            k->value = value;
            return 0;
        }
    }
    k = heap_new(sizeof(*k));
    if (!k)
        return -ENOMEM;
    *k = (struct sock_kept){m->kept, level, name, value};
    m->kept = k;
    return 0;
}

int sock_rare_value(const struct sock *sk, int level, int name, int dflt)
{
    const struct sock_more *m = sock_more_of(sk);

    for (const struct sock_kept *k = m ? m->kept : NULL; k; k = k->next) {
        if (k->level == level && k->name == name)
            return k->value;
    }
    return dflt;
}

/* RFC 5014 §3.1: of each pair one, or as it is without any. Returns -EINVAL for both of one. */
static int addr_preferences(int v)
{
    int pub = v & 0x103, home = v & 0x404, cga = v & 0x808;

    if ((pub & (pub - 1)) || home == 0x404 || cga == 0x808)
        return -EINVAL;
    return (pub ? pub : 0x100) | (home ? home : 0x400);
}

/* Those that are more than a value. Returns 1: not one of them. */
static int set_special(struct sock *sk, int level, int name, const void *val, socklen_t len, int v)
{
    switch (level << 8 | name) {
    case SOL_SOCKET << 8 | SO_RCVLOWAT: {
        int max =
            sk->net && sk->type == SOCK_STREAM ? (int)sk->net->limits.buf_max_bytes / 2 : INT_MAX;
        v = v < 0 || v > max ? max : MAX(v, 1);
        if (sk->net && sk->type == SOCK_STREAM && sk->rcvbuf / 2 < (u32)v) {
            int err = sock_setopt_int(sk, SOL_SOCKET, SO_RCVBUF, v); /* or it would never come */
            if (!err)
                sk->ops->setopt(sk, SOL_SOCKET, SO_RCVBUF, v);
        }
        return keep(sk, level, name, v);
    }
    case SOL_SOCKET << 8 | SO_MAX_PACING_RATE: { /* LIMIT: kept; the window is what paces */
        u64 rate = (u32)v;
        if (len >= sizeof(rate))
            memcpy(&rate, val, sizeof(rate));
        return keep(sk, level, name, rate > INT_MAX ? -1 : (int)rate);
    }
    case SOL_SOCKET << 8 | SO_ATTACH_FILTER: /* no filters: as a kernel without them */
        return len == 16 ? -ENOPROTOOPT : -EINVAL;
    case SOL_SOCKET << 8 | SO_TIMESTAMPING_OLD_:
        /* LIMIT: of what is sent nothing is told; lift when a service measures its sends. */
        return v & ~0x7fff || v & 0x302 ? -EINVAL : keep(sk, level, name, v);
    case SOL_SOCKET << 8 | O_SO_RCVTIMEO_NEW:
        return sock_setopt_struct(sk, SO_RCVTIMEO, val, len);
    case SOL_SOCKET << 8 | O_SO_SNDTIMEO_NEW:
        return sock_setopt_struct(sk, SO_SNDTIMEO, val, len);
    case IPPROTO_IP << 8 | O_IP_UNICAST_IF:
    case IPPROTO_IPV6 << 8 | O_IPV6_UNICAST_IF:
        if (len < sizeof(v))
            return -EINVAL;
        return be32((u32)v) > NET_IFINDEX_ETH ? -EADDRNOTAVAIL : keep(sk, level, name, v);
    case IPPROTO_IPV6 << 8 | O_IPV6_ADDR_PREFERENCES:
        v = addr_preferences(v);
        return v < 0 ? v : keep(sk, level, name, v);
    case IPPROTO_IPV6 << 8 | IPV6_MTU:
        /* LIMIT: kept; the path's MTU decides. Lift when a service must be smaller than it. */
        return v && v < IP6_MTU_MIN ? -EINVAL : keep(sk, level, name, v);
    case IPPROTO_TCP << 8 | TCP_FASTOPEN_CONNECT:
        if (sk->is_connected || sk->is_listening)
            return -EINVAL;
        return 1;
    }
    return 1;
}

/* Does the socket speak the protocol of @level? */
static bool is_spoken(const struct sock *sk, int level)
{
    u8 who = kind_of(sk);

    return level == SOL_SOCKET || (level == IPPROTO_IP && who & INET) ||
           (level == IPPROTO_IPV6 && who & INET6) || (level == IPPROTO_TCP && who & TCP) ||
           (level == IPPROTO_UDP && who & UDP);
}

int sock_rare_set(struct sock *sk, int level, int name, const void *val, socklen_t len)
{
    const struct rare *r;
    int v = 0, err;

    if (kind_of(sk) == UNIX && level != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (!kind_of(sk) || !is_spoken(sk, level) || name < 0 || name > 255)
        return -ENOPROTOOPT;
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        return -ENOPROTOOPT;
    r = find(sk, level, name);
    if (!sock_opt_value(sk, level, val, len, &v))
        return -EINVAL;
    err = set_special(sk, level, name, val, len, v);
    if (err <= 0)
        return err;
    if (!r)
        return -ENOPROTOOPT;
    switch (r->how) {
    case FLAG:
        v = v != 0;
        err = keep(sk, level, name, v);
        break;
    case NUM:
        if (name == O_TXREHASH && level == SOL_SOCKET && v == -1)
            v = 1;
        err = v < r->a || v > r->b ? -EINVAL : keep(sk, level, name, v);
        break;
    case TAKEN:
        return v < r->a || v > r->b ? -EINVAL : 0;
    case REFUSED:
        if (level == SOL_SOCKET && name == SO_REUSEPORT && !v)
            return 0;
        return name == O_SO_RESERVE_MEM && v < 0 ? -EINVAL : -r->a;
    default:
        return -ENOPROTOOPT;
    }
    if (!err && level == IPPROTO_UDP)
        err = sk->ops->setopt(sk, level, name, v);
    return err;
}

static int put(void *val, socklen_t *len, const void *from, socklen_t size)
{
    *len = MIN(*len, size);
    memcpy(val, from, *len);
    return 0;
}

/* Those that are more than a value. Returns 1: not one of them. */
static int get_special(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
    switch (level << 8 | name) {
    case SOL_SOCKET << 8 | SO_PEERCRED: {
        static const struct ucred nobody = {.uid = (uid_t)-1, .gid = (gid_t)-1};
        return kind_of(sk) == UNIX ? 1 : put(val, len, &nobody, sizeof(nobody));
    }
    case SOL_SOCKET << 8 | SO_BINDTODEVICE:
    case SOL_SOCKET << 8 | SO_GET_FILTER:
        *len = 0;
        return 0;
    case SOL_SOCKET << 8 | SO_PEERNAME: {
        struct sockaddr_storage ss;
        socklen_t size = sizeof(ss);
        int err = sock_getname(&sk->file, (struct sockaddr *)&ss, &size, true);
        if (err || size < *len)
            return err ? err : -EINVAL;
        return put(val, len, &ss, size);
    }
    case SOL_SOCKET << 8 | O_SO_MEMINFO: {
        u32 mem[9] = {sk->ops->n_readable(sk), sk->rcvbuf, sk->ops->n_unsent(sk), sk->sndbuf};
        mem[5] = mem[2];
        if (kind_of(sk) & UDP)
            mem[8] = udp_of(sk)->n_dropped;
        return put(val, len, mem, sizeof(mem));
    }
    case SOL_SOCKET << 8 | SO_MAX_PACING_RATE: {
        s64 rate = sock_rare_value(sk, level, name, -1);
        return put(val, len, &rate, *len >= sizeof(rate) ? sizeof(rate) : 4);
    }
    case SOL_SOCKET << 8 | SO_TIMESTAMPING_OLD_: {
        int flags[2] = {sock_rare_value(sk, level, name, 0), 0};
        return put(val, len, flags, sizeof(flags));
    }
    case SOL_SOCKET << 8 | O_SO_RCVTIMEO_NEW:
        return sock_getopt(&sk->file, level, SO_RCVTIMEO, val, len);
    case SOL_SOCKET << 8 | O_SO_SNDTIMEO_NEW:
        return sock_getopt(&sk->file, level, SO_SNDTIMEO, val, len);
    case IPPROTO_TCP << 8 | TCP_ULP:
    case IPPROTO_TCP << 8 | TCP_SAVED_SYN:
    case IPPROTO_TCP << 8 | TCP_FASTOPEN_KEY:
        *len = 0;
        return 0;
    case IPPROTO_TCP << 8 | TCP_TIMESTAMP: {
        u32 now;
        sk->net->now_ns = net_now_slow(sk->net);
        now = tcp_ts_now(tcp_of(sk));
        return put(val, len, &now, sizeof(now));
    }
    case IPPROTO_IP << 8 | 14: { /* IP_MTU; of UDP in udp.c */
        int mtu;
        if (kind_of(sk) & UDP)
            return 1;
        if (!sk->is_connected || !tcp_of(sk)->nif)
            return -ENOTCONN;
        mtu = tcp_of(sk)->nif->is_loop ? 65535 : (int)tcp_of(sk)->nif->mtu_bytes;
        return put(val, len, &mtu, sizeof(mtu));
    }
    }
    return 1;
}

int sock_rare_get(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
    const struct rare *r;
    int v, err;

    if (!kind_of(sk))
        return -ENOPROTOOPT;
    if (!is_spoken(sk, level))
        return kind_of(sk) & INET6 ? -ENOPROTOOPT : -EOPNOTSUPP;
    if (name < 0 || name > 255)
        return -ENOPROTOOPT;
    err = get_special(sk, level, name, val, len);
    if (err <= 0)
        return err;
    r = find(sk, level, name);
    v = r ? r->dflt : 0;
    if (r && (r->how == NUM || r->how == FLAG)) {
        v = sock_rare_value(sk, level, name, v);
    } else if (r && r->how == REFUSED && r->b) {
        return -r->b;
    } else if (r && r->how == TAKEN && level == SOL_SOCKET) {
        return -ENOPROTOOPT;
    } else if (level == IPPROTO_IPV6 && name == O_IPV6_ADDR_PREFERENCES) {
        v = sock_rare_value(sk, level, name, 0x500);
    } else if (level == IPPROTO_IPV6 ? name == O_IPV6_UNICAST_IF
                                     : level == IPPROTO_IP && name == O_IP_UNICAST_IF) {
        v = sock_rare_value(sk, level, name, 0);
    } else if (!r) {
        return -ENOPROTOOPT;
    }
    if (level == IPPROTO_IP && *len && *len < sizeof(v) && v >= 0 && v <= 255)
        return put(val, len, &v, 1);
    return put(val, len, &v, sizeof(v));
}
