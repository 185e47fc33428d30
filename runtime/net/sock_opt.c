/* setsockopt(2), getsockopt(2): socket(7) and ip(7); tcp(7) is in tcp_opt.c. */
#include "net/sock_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#define IP_OPT_MTU_DISCOVER 10
#define IP_OPT_RECVERR      11
#define BUF_MIN_BYTES       2048u

static inline struct sock *sock_of(struct file *f)
{
    return CONTAINER_OF(f, struct sock, file);
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

static int set_socket(struct sock *sk, int name, int v)
{
    switch (name) {
    case SO_REUSEADDR:
        sk->reuse_addr = v;
        break;
    case SO_REUSEPORT:
        sk->reuse_port = v;
        break;
    case SO_KEEPALIVE:
        sk->keepalive = v;
        break;
    case SO_BROADCAST:
        sk->broadcast = v;
        break;
    case SO_OOBINLINE:
        sk->oob_inline = v;
        break;
    case SO_SNDBUF: /* Linux doubles it for its own bookkeeping, and getsockopt() shows that */
        sk->sndbuf = MAX(BUF_MIN_BYTES, MIN((u32)MAX(v, 0), sk->net->limits.buf_max_bytes / 2) * 2);
        break;
    case SO_RCVBUF:
        sk->rcvbuf = MAX(BUF_MIN_BYTES, MIN((u32)MAX(v, 0), sk->net->limits.buf_max_bytes / 2) * 2);
        break;
    case SO_DONTROUTE: /* one interface: no choice to make */
    case SO_PRIORITY:
    case SO_RCVLOWAT:
    case SO_BUSY_POLL:
    case SO_INCOMING_CPU:
        return v < 0 ? -EINVAL : 0;
    case SO_TIMESTAMP:
    case SO_MARK:
    default:
        return -ENOPROTOOPT;
    }
    return 0;
}

static int set_ip(struct sock *sk, int name, int v)
{
    switch (name) {
    case IP_TOS:
        sk->tos = (u8)v;
        return 0;
    case IP_TTL:
        if (v != -1 && (v < 1 || v > 255))
            return -EINVAL;
        sk->ttl = v == -1 ? 0 : (u8)v;
        return 0;
    case IP_PKTINFO:
        sk->pktinfo = v;
        return 0;
    case IP_OPT_RECVERR:
        sk->recverr = v;
        return 0;
    case IP_OPT_MTU_DISCOVER: /* we always set DF */
        return v < 0 || v > 5 ? -EINVAL : 0;
    }
    return -ENOPROTOOPT;
}

/* ipv6(7) */
static int set_ipv6(struct sock *sk, int name, int v)
{
    switch (name) {
    case IPV6_V6ONLY:
        if (sk->flow.lport)
            return -EINVAL;
        sk->v6only = v;
        return 0;
    case IPV6_UNICAST_HOPS:
        if (v < -1 || v > 255)
            return -EINVAL;
        sk->ttl = v < 1 ? 0 : (u8)v;
        return 0;
    case IPV6_TCLASS:
        if (v < -1 || v > 255)
            return -EINVAL;
        sk->tos = v == -1 ? 0 : (u8)v;
        return 0;
    case IPV6_RECVPKTINFO:
        sk->pktinfo = v;
        return 0;
    case IPV6_RECVERR:
        sk->recverr = v;
        return 0;
    case IPV6_MTU_DISCOVER:
        return v < 0 || v > 5 ? -EINVAL : 0;
    }
    return -ENOPROTOOPT;
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
    if (!val)
        return -EFAULT;
    if (level == IPPROTO_IP && len == 1) /* ip(7): a byte will do */
        v = *(const u8 *)val;
    else if (len < sizeof(v))
        return -EINVAL;
    else
        memcpy(&v, val, sizeof(v));
    if (level == SOL_SOCKET) {
        err = set_socket(sk, name, v);
        if (err)
            return err;
        err = sk->ops->setopt(sk, level, name, v);
        return err == -ENOPROTOOPT ? 0 : err;
    }
    if (level == IPPROTO_IP || (level == IPPROTO_IPV6 && sk->domain == AF_INET6)) {
        err = level == IPPROTO_IP ? set_ip(sk, name, v) : set_ipv6(sk, name, v);
        if (err)
            return err;
        err = sk->ops->setopt(sk, level, name, v);
        return err == -ENOPROTOOPT ? 0 : err;
    }
    return sk->ops->setopt(sk, level, name, v);
}

static int get_socket(struct sock *sk, int name, void *val, socklen_t *len)
{
    u64 timeo_ns;
    int v;

    switch (name) {
    case SO_REUSEADDR:
        v = sk->reuse_addr;
        break;
    case SO_REUSEPORT:
        v = sk->reuse_port;
        break;
    case SO_KEEPALIVE:
        v = sk->keepalive;
        break;
    case SO_BROADCAST:
        v = sk->broadcast;
        break;
    case SO_OOBINLINE:
        v = sk->oob_inline;
        break;
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
        v = sk->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
        break;
    case SO_ACCEPTCONN:
        v = sk->is_listening;
        break;
    case SO_RCVLOWAT:
    case SO_SNDLOWAT:
        v = 1;
        break;
    case SO_PRIORITY:
    case SO_DONTROUTE:
        v = 0;
        break;
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
        return -ENOPROTOOPT;
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

static int get_ip(struct sock *sk, int name, void *val, socklen_t *len)
{
    int v;

    switch (name) {
    case IP_TOS:
        v = sk->tos;
        break;
    case IP_TTL:
        v = sk->ttl ? sk->ttl : 64;
        break;
    case IP_PKTINFO:
        v = sk->pktinfo;
        break;
    case IP_OPT_RECVERR:
        v = sk->recverr;
        break;
    case IP_OPT_MTU_DISCOVER:
        v = 2; /* IP_PMTUDISC_DO */
        break;
    default:
        return -ENOPROTOOPT;
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

static int get_ipv6(struct sock *sk, int name, void *val, socklen_t *len)
{
    int v = sk->v6only;

    switch (name) {
    case IPV6_TCLASS:
        return get_ip(sk, IP_TOS, val, len);
    case IPV6_UNICAST_HOPS:
        return get_ip(sk, IP_TTL, val, len);
    case IPV6_RECVPKTINFO:
        return get_ip(sk, IP_PKTINFO, val, len);
    case IPV6_RECVERR:
        return get_ip(sk, IP_OPT_RECVERR, val, len);
    case IPV6_MTU_DISCOVER:
        return get_ip(sk, IP_OPT_MTU_DISCOVER, val, len);
    case IPV6_V6ONLY:
        break;
    default:
        return -ENOPROTOOPT;
    }
    *len = MIN(*len, (socklen_t)sizeof(v));
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
    if (level == IPPROTO_IP)
        return get_ip(sk, name, val, len);
    if (level == IPPROTO_IPV6 && sk->domain == AF_INET6)
        return get_ipv6(sk, name, val, len);
    return sk->ops->getopt(sk, level, name, val, len);
}
