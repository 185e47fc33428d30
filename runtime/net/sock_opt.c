/* setsockopt(2): the flags of socket(7), and the way to all others: sock_opt_more.c, and tcp(7) in
 * tcp_opt.c. getsockopt(2): all of socket(7) and ip(7). */
#include "net/sock_opt.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#include "net/sock_rare.h"

#pragma weak sock_setopt_struct
#pragma weak sock_setopt_int
#pragma weak sock_rare_set
#pragma weak sock_rare_get

/* <linux/in.h> has these, <netinet/in.h> of some libcs has not. */
#define IP_OPT_MTU_DISCOVER         10
#define IP_OPT_RECVERR              11
#define IP_OPT_BIND_ADDRESS_NO_PORT 24
#define IPV6_FREEBIND_              78
#define IPV6_TRANSPARENT_           75

static const struct sock_field socket_fields[] = {
    SOCK_FIELD(SO_DEBUG, 0, debug),          SOCK_FIELD(SO_REUSEADDR, 0, reuse_addr),
    SOCK_FIELD(SO_DONTROUTE, 0, dont_route), /* one interface: no choice to make */
    SOCK_FIELD(SO_BROADCAST, 0, broadcast),  SOCK_FIELD(SO_KEEPALIVE, 0, keepalive),
    SOCK_FIELD(SO_OOBINLINE, 0, oob_inline), SOCK_FIELD(SO_NO_CHECK, 0, no_check),
    SOCK_FIELD(SO_REUSEPORT, 0, reuse_port), SOCK_FIELD(SO_PASSCRED, 0, passcred),
};

static const struct sock_field ip_fields[] = {
    SOCK_FIELD(IP_TOS, 255, tos),
    SOCK_FIELD(IP_PKTINFO, 0, pktinfo),
    SOCK_FIELD(IP_OPT_MTU_DISCOVER, 5, mtu_discover),
    SOCK_FIELD(IP_OPT_RECVERR, 0, recverr),
    SOCK_FIELD(IP_RECVTTL, 0, recvttl),
    SOCK_FIELD(IP_RECVTOS, 0, recvtos),
    SOCK_FIELD(IP_FREEBIND, 0, freebind),
    SOCK_FIELD(IP_TRANSPARENT, 0, transparent),
    SOCK_FIELD(IP_OPT_BIND_ADDRESS_NO_PORT, 0, bind_no_port),
    SOCK_FIELD(IP_MULTICAST_LOOP, 0, mcast_loop),
    SOCK_FIELD(IP_MULTICAST_TTL, 255, mcast_ttl),
};

static const struct sock_field ipv6_fields[] = {
    SOCK_FIELD(IPV6_MTU_DISCOVER, 5, mtu_discover),
    SOCK_FIELD(IPV6_RECVERR, 0, recverr),
    SOCK_FIELD(IPV6_RECVPKTINFO, 0, pktinfo),
    SOCK_FIELD(IPV6_RECVHOPLIMIT, 0, recvttl),
    SOCK_FIELD(IPV6_RECVTCLASS, 0, recvtos),
    SOCK_FIELD(IPV6_MULTICAST_HOPS, 255, mcast_ttl),
    SOCK_FIELD(IPV6_MULTICAST_LOOP, 1, mcast_loop),
    SOCK_FIELD(IPV6_V6ONLY, 0, v6only),
    SOCK_FIELD(IPV6_TCLASS, 255, tos),
    SOCK_FIELD(IPV6_FREEBIND_, 0, freebind),
    SOCK_FIELD(IPV6_TRANSPARENT_, 0, transparent),
    SOCK_FIELD(IPV6_DONTFRAG, 0, dontfrag),
};

static const struct sock_field *find(const struct sock_field *fields, u32 n, int name)
{
    for (; n; n--, fields++) {
        if (fields->name == name)
            return fields;
    }
    return NULL;
}

static const struct sock_field *field_socket(int name)
{
    return find(socket_fields, ARRAY_SIZE(socket_fields), name);
}

const struct sock_field *sock_field_ip(int level, int name)
{
    return level == IPPROTO_IP ? find(ip_fields, ARRAY_SIZE(ip_fields), name)
                               : find(ipv6_fields, ARRAY_SIZE(ipv6_fields), name);
}

int sock_field_set(struct sock *sk, const struct sock_field *field, int v)
{
    if (!field)
        return -ENOPROTOOPT;
    if (field->max && (v < 0 || v > field->max))
        return -EINVAL;
    *((u8 *)sk + field->at) = (u8)(field->max ? v : v != 0);
    return 0;
}

static int get_other(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
    return sk->ops->getopt ? sk->ops->getopt(sk, level, name, val, len) : -ENOPROTOOPT;
}

bool sock_opt_value(const struct sock *sk, int level, const void *val, socklen_t len, int *v)
{
    if (len >= sizeof(*v))
        memcpy(v, val, sizeof(*v));
    else if (level == IPPROTO_IP && !sk->ops->names) /* ip(7): a byte will do; nothing is 0 */
        *v = len ? *(const u8 *)val : 0;
    else
        return false;
    return true;
}

int sock_setopt(struct file *f, int level, int name, const void *val, socklen_t len)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);
    const struct sock_field *field = NULL;
    int v = 0, err = -ENOPROTOOPT;

    if (sock_rare_set)
        err = sock_rare_set(sk, level, name, val, len);
    if (err != -ENOPROTOOPT)
        return err;
    if (level == SOL_SOCKET && sock_setopt_struct)
        err = sock_setopt_struct(sk, name, val, len);
    else if (sk->ops->setopt_raw)
        err = sk->ops->setopt_raw(sk, level, name, val, len);
    if (err != -ENOPROTOOPT)
        return err;
    if (!sock_opt_value(sk, level, val, len, &v))
        return -EINVAL;
    if (level == SOL_SOCKET)
        field = field_socket(name);
    else if (level == IPPROTO_IP ? sk->ops->names != NULL
                                 : level != IPPROTO_IPV6 || sk->domain != AF_INET6)
        return sk->ops->setopt(sk, level, name, v);
    if (field || !sock_setopt_int)
        err = sock_field_set(sk, field, v);
    else
        err = sock_setopt_int(sk, level, name, v);
    if (!err)
        sk->ops->setopt(sk, level, name, v); /* which may have no use for it */
    return err;
}

static int get_socket(struct sock *sk, int name, void *val, socklen_t *len)
{
    u64 timeo_ns;
    int v;

    const struct sock_field *f = field_socket(name);

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
            return get_other(sk, SOL_SOCKET, name, val, len);
        v = *((u8 *)sk + f->at);
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

/* IPPROTO_IP and IPPROTO_IPV6 */
static int get_ip(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
    const struct sock_field *f = sock_field_ip(level, name);
    bool is_v6 = level == IPPROTO_IPV6;
    int v = 0;

    if (name == (is_v6 ? IPV6_UNICAST_HOPS : IP_TTL))
        v = sk->ttl ? sk->ttl : 64;
    else if (f)
        v = *((u8 *)sk + f->at);
    else
        return get_other(sk, level, name, val, len);
    /* As Linux: a small number goes into a byte, if that is all there is room for. */
    *len = *len < sizeof(v) ? MIN(*len, is_v6 ? *len : 1u) : (socklen_t)sizeof(v);
    memcpy(val, &v, *len);
    return 0;
}

int sock_getopt(struct file *f, int level, int name, void *val, socklen_t *len)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);

    if ((int)*len < 0)
        return -EINVAL;
    if (sock_rare_get) {
        int err = sock_rare_get(sk, level, name, val, len);
        if (err != -ENOPROTOOPT)
            return err;
    }
    if (level == SOL_SOCKET)
        return get_socket(sk, name, val, len);
    if ((level == IPPROTO_IP && !sk->ops->names) ||
        (level == IPPROTO_IPV6 && sk->domain == AF_INET6))
        return get_ip(sk, level, name, val, len);
    return get_other(sk, level, name, val, len);
}
