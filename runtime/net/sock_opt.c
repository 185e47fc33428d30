/* setsockopt(2), getsockopt(2): socket(7) and ip(7); tcp(7) is in tcp_opt.c. */
#include "net/sock_impl.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

/* <linux/in.h> has these, <netinet/in.h> of some libcs has not. */
#define IP_OPT_MTU_DISCOVER         10
#define IP_OPT_RECVERR              11
#define IP_OPT_BIND_ADDRESS_NO_PORT 24
#define IPV6_FREEBIND_              78

#define SNDBUF_MIN_BYTES            4608u /* as Linux */
#define RCVBUF_MIN_BYTES            2304u
#define UNIX_BUF_MAX_BYTES          425984u

/* An option that is a field of struct sock. Nothing else is needed for most. */
struct field {
    u8 name;
    u8 max; /* 0: a flag; else the value is at most that */
    u16 at;
};
#define FIELD(name, max, field)                                                                    \
    {                                                                                              \
        name, max, offsetof(struct sock, field)                                                    \
    }

static const struct field socket_fields[] = {
    FIELD(SO_DEBUG, 0, debug),          FIELD(SO_REUSEADDR, 0, reuse_addr),
    FIELD(SO_DONTROUTE, 0, dont_route), /* one interface: no choice to make */
    FIELD(SO_BROADCAST, 0, broadcast),  FIELD(SO_KEEPALIVE, 0, keepalive),
    FIELD(SO_OOBINLINE, 0, oob_inline), FIELD(SO_NO_CHECK, 0, no_check),
    FIELD(SO_PRIORITY, 255, priority),  FIELD(SO_REUSEPORT, 0, reuse_port),
    FIELD(SO_PASSCRED, 0, passcred),
};

static const struct field ip_fields[] = {
    FIELD(IP_TOS, 255, tos),
    FIELD(IP_PKTINFO, 0, pktinfo),
    FIELD(IP_OPT_MTU_DISCOVER, 5, mtu_discover),
    FIELD(IP_OPT_RECVERR, 0, recverr),
    FIELD(IP_RECVTTL, 0, recvttl),
    FIELD(IP_RECVTOS, 0, recvtos),
    FIELD(IP_FREEBIND, 0, freebind),
    FIELD(IP_OPT_BIND_ADDRESS_NO_PORT, 0, bind_no_port),
    FIELD(IP_MULTICAST_LOOP, 0, mcast_loop),
    FIELD(IP_MULTICAST_TTL, 255, mcast_ttl),
};

static const struct field ipv6_fields[] = {
    FIELD(IPV6_MTU_DISCOVER, 5, mtu_discover),
    FIELD(IPV6_RECVERR, 0, recverr),
    FIELD(IPV6_RECVPKTINFO, 0, pktinfo),
    FIELD(IPV6_RECVHOPLIMIT, 0, recvttl),
    FIELD(IPV6_RECVTCLASS, 0, recvtos),
    FIELD(IPV6_MULTICAST_HOPS, 255, mcast_ttl),
    FIELD(IPV6_MULTICAST_LOOP, 0, mcast_loop),
    FIELD(IPV6_V6ONLY, 0, v6only),
    FIELD(IPV6_TCLASS, 255, tos),
    FIELD(IPV6_FREEBIND_, 0, freebind),
    FIELD(IPV6_DONTFRAG, 0, dontfrag),
};

static inline struct sock *sock_of(struct file *f)
{
    return CONTAINER_OF(f, struct sock, file);
}

static const struct field *field_find(int level, int name)
{
    const struct field *f = socket_fields, *end = f + ARRAY_SIZE(socket_fields);

    if (level == IPPROTO_IP) {
        f = ip_fields;
        end = f + ARRAY_SIZE(ip_fields);
    } else if (level == IPPROTO_IPV6) {
        f = ipv6_fields;
        end = f + ARRAY_SIZE(ipv6_fields);
    }
    for (; f < end; f++) {
        if (f->name == name)
            return f;
    }
    return NULL;
}

/* Returns 0; -EINVAL; -ENOPROTOOPT it is no such option. */
static int field_set(struct sock *sk, int level, int name, int v)
{
    const struct field *f = field_find(level, name);

    if (!f)
        return -ENOPROTOOPT;
    if (f->max && (v < 0 || v > f->max))
        return -EINVAL;
    *((u8 *)sk + f->at) = (u8)(f->max ? v : v != 0);
    return 0;
}

static int get_timeo(const void *val, socklen_t len, u64 *ns)
{
    struct timeval tv;

    if (len < sizeof(tv))
        return -EINVAL;
    memcpy(&tv, val, sizeof(tv));
    if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
        return -EDOM;
    if (tv.tv_sec < 0) /* as Linux: do not wait at all */
        *ns = 1;
    else if ((u64)tv.tv_sec >= UINT64_MAX / 4 / NSEC_PER_SEC)
        *ns = 0;
    else
        *ns = (u64)tv.tv_sec * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC;
    return 0;
}

static int set_linger(struct sock *sk, const void *val, socklen_t len)
{
    struct linger l;

    if (len < sizeof(l))
        return -EINVAL;
    memcpy(&l, val, sizeof(l));
    sk->linger = l.l_onoff;
    sk->linger_sec = (u32)MAX(l.l_linger, 0);
    return 0;
}

static u32 buf_bytes(const struct sock *sk, int v, u32 min)
{
    u32 max = sk->net ? sk->net->limits.buf_max_bytes : UNIX_BUF_MAX_BYTES;

    /* Linux doubles it for its own bookkeeping, and getsockopt() shows that; a negative number is a
     * large one. */
    return MAX(min, MIN((u32)v, max / 2) * 2);
}

static int set_socket(struct sock *sk, int name, int v)
{
    switch (name) {
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
        sk->sndbuf = buf_bytes(sk, v, SNDBUF_MIN_BYTES);
        return 0;
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
        sk->rcvbuf = buf_bytes(sk, v, RCVBUF_MIN_BYTES);
        return 0;
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
        sk->timestamp = !v                     ? SOCK_STAMP_NONE
                        : name == SO_TIMESTAMP ? SOCK_STAMP_USEC
                                               : SOCK_STAMP_NSEC;
        return 0;
    case SO_MARK:
        sk->mark = (u32)v;
        return 0;
    case SO_RCVLOWAT: /* LIMIT: one byte is enough to wake a reader; lift when a service sets more
                       */
        return v < 0 ? -EINVAL : v <= 1 ? 0 : -ENOPROTOOPT;
    case SO_INCOMING_CPU: /* there is one */
        return v <= 0 ? 0 : -EINVAL;
    case SO_BSDCOMPAT:
        return 0;
    case SO_DETACH_FILTER:
        return -ENOENT;
    }
    return field_set(sk, SOL_SOCKET, name, v);
}

static int set_ip(struct sock *sk, int name, int v)
{
    switch (name) {
    case IP_TOS:
        v &= sk->type == SOCK_STREAM ? 0xfc : 0xff; /* the two bits of ECN are TCP's own */
        break;
    case IP_TTL:
        if (v != -1 && (v < 1 || v > 255))
            return -EINVAL;
        sk->ttl = v == -1 ? 0 : (u8)v;
        return 0;
    case IP_MULTICAST_TTL:
        if (sk->type == SOCK_STREAM)
            return -EINVAL;
        v = v == -1 ? 1 : v;
        break;
    case IP_TRANSPARENT: /* other machines' addresses cannot be ours: there is no routing */
        return v ? -EPERM : 0;
    }
    return field_set(sk, IPPROTO_IP, name, v);
}

/* ipv6(7) */
static int set_ipv6(struct sock *sk, int name, int v)
{
    switch (name) {
    case IPV6_V6ONLY:
        if (sk->flow.lport)
            return -EINVAL;
        break;
    case IPV6_UNICAST_HOPS:
        if (v < -1 || v > 255)
            return -EINVAL;
        sk->ttl = v < 1 ? 0 : (u8)v;
        return 0;
    case IPV6_TCLASS:
        v = v == -1 ? 0 : v;
        break;
    case IPV6_MULTICAST_HOPS:
        v = v == -1 ? 1 : v;
        break;
    }
    return field_set(sk, IPPROTO_IPV6, name, v);
}

/* SO_BINDTODEVICE. There is one device, and with it or without is the same.
 * LIMIT: not the loopback; lift when a service wants to hide behind it so. */
static int set_device(const char *name, socklen_t len)
{
    size_t n = strnlen(name, len);

    return !n || (n == 4 && memcmp(name, "eth0", n) == 0) ? 0 : -ENODEV;
}

int sock_setopt(struct file *f, int level, int name, const void *val, socklen_t len)
{
    struct sock *sk = sock_of(f);
    int v = 0, err;

    if (level == SOL_SOCKET && name == SO_RCVTIMEO)
        return get_timeo(val, len, &sk->rcvtimeo_ns);
    if (level == SOL_SOCKET && name == SO_SNDTIMEO)
        return get_timeo(val, len, &sk->sndtimeo_ns);
    if (level == SOL_SOCKET && name == SO_LINGER)
        return set_linger(sk, val, len);
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        return set_device(val, len);
    if (sk->ops->setopt_raw && (level == (sk->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_IP) ||
                                (level == IPPROTO_IPV6 && sk->domain == AF_INET6))) {
        err = sk->ops->setopt_raw(sk, level, name, val, len);
        if (err != -ENOPROTOOPT)
            return err;
    }
    if (len >= sizeof(v))
        memcpy(&v, val, sizeof(v));
    else if (level == IPPROTO_IP && len) /* ip(7): a byte will do */
        v = *(const u8 *)val;
    else
        return -EINVAL;
    err = -ENOPROTOOPT;
    if (level == SOL_SOCKET)
        err = set_socket(sk, name, v);
    else if (level == IPPROTO_IP && !sk->ops->names)
        err = set_ip(sk, name, v);
    else if (level == IPPROTO_IPV6 && sk->domain == AF_INET6)
        err = set_ipv6(sk, name, v);
    else
        return sk->ops->setopt(sk, level, name, v);
    if (!err)
        sk->ops->setopt(sk, level, name, v); /* which may have no use for it */
    return err;
}

static int get_socket(struct sock *sk, int name, void *val, socklen_t *len)
{
    u64 timeo_ns;
    int v;

    const struct field *f = field_find(SOL_SOCKET, name);

    switch (name) {
    case SO_SNDBUF:
        v = (int)sk->sndbuf;
        break;
    case SO_RCVBUF:
        v = (int)sk->rcvbuf;
        break;
    case SO_ERROR:
        v = -sock_error(sk);
        break;
    case SO_TYPE:
        v = sk->type;
        break;
    case SO_DOMAIN:
        v = sk->domain;
        break;
    case SO_PROTOCOL:
        v = sk->ops->names ? 0 : sk->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
        break;
    case SO_ACCEPTCONN:
        v = sk->is_listening;
        break;
    case SO_RCVLOWAT:
    case SO_SNDLOWAT:
        v = 1;
        break;
    case SO_TIMESTAMP:
        v = sk->timestamp == SOCK_STAMP_USEC;
        break;
    case SO_TIMESTAMPNS:
        v = sk->timestamp == SOCK_STAMP_NSEC;
        break;
    case SO_MARK:
        v = (int)sk->mark;
        break;
    case SO_INCOMING_CPU:
    case SO_BSDCOMPAT:
        v = 0;
        break;
    case SO_COOKIE: {
        u64 cookie = (u64)sk;
        if (*len < sizeof(cookie))
            return -EINVAL;
        *len = sizeof(cookie);
        memcpy(val, &cookie, *len);
        return 0;
    }
    case SO_LINGER: {
        struct linger l = {sk->linger, (int)sk->linger_sec};
        *len = MIN(*len, (socklen_t)sizeof(l));
        memcpy(val, &l, *len);
        return 0;
    }
    case SO_RCVTIMEO:
    case SO_SNDTIMEO: {
        struct timeval tv;
        timeo_ns = name == SO_RCVTIMEO ? sk->rcvtimeo_ns : sk->sndtimeo_ns;
        tv.tv_sec = (time_t)(timeo_ns / NSEC_PER_SEC);
        tv.tv_usec = (suseconds_t)(timeo_ns % NSEC_PER_SEC / NSEC_PER_USEC);
        *len = MIN(*len, (socklen_t)sizeof(tv));
        memcpy(val, &tv, *len);
        return 0;
    }
    default:
        if (!f)
            return sk->ops->getopt(sk, SOL_SOCKET, name, val, len);
        v = *((u8 *)sk + f->at);
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

/* IPPROTO_IP and IPPROTO_IPV6 */
static int get_ip(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
    const struct field *f = field_find(level, name);
    bool is_v6 = level == IPPROTO_IPV6;
    int v = 0;

    if (name == (is_v6 ? IPV6_UNICAST_HOPS : IP_TTL))
        v = sk->ttl ? sk->ttl : 64;
    else if (f)
        v = *((u8 *)sk + f->at);
    else if (is_v6 || name != IP_TRANSPARENT)
        return sk->ops->getopt(sk, level, name, val, len);
    /* As Linux: a small number goes into a byte, if that is all there is room for. */
    *len = *len < sizeof(v) ? MIN(*len, is_v6 ? *len : 1u) : (socklen_t)sizeof(v);
    memcpy(val, &v, *len);
    return 0;
}

int sock_getopt(struct file *f, int level, int name, void *val, socklen_t *len)
{
    struct sock *sk = sock_of(f);

    if ((int)*len < 0)
        return -EINVAL;
    if (level == SOL_SOCKET)
        return get_socket(sk, name, val, len);
    if ((level == IPPROTO_IP && !sk->ops->names) ||
        (level == IPPROTO_IPV6 && sk->domain == AF_INET6))
        return get_ip(sk, level, name, val, len);
    return sk->ops->getopt(sk, level, name, val, len);
}
