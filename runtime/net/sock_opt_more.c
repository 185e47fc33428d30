/* setsockopt(2): what is more than a flag of socket(7), and all of ip(7) and ipv6(7). Linked where
 * a service may ask for that (libc/sockets.sh). */
#include "net/sock_opt.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#define SNDBUF_MIN_BYTES   4608u /* as Linux */
#define RCVBUF_MIN_BYTES   2304u
#define UNIX_BUF_MAX_BYTES 425984u

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

/* SO_BINDTODEVICE. There is one device, and with it or without is the same.
 * LIMIT: not the loopback; lift when a service wants to hide behind it so. */
static int set_device(const char *name, socklen_t len)
{
    size_t n = strnlen(name, len);

    return !n || (n == 4 && memcmp(name, "eth0", n) == 0) ? 0 : -ENODEV;
}

int sock_setopt_struct(struct sock *sk, int name, const void *val, socklen_t len)
{
    switch (name) {
    case SO_RCVTIMEO:
        return get_timeo(val, len, &sk->rcvtimeo_ns);
    case SO_SNDTIMEO:
        return get_timeo(val, len, &sk->sndtimeo_ns);
    case SO_LINGER:
        return set_linger(sk, val, len);
    case SO_BINDTODEVICE:
        return set_device(val, len);
    }
    return -ENOPROTOOPT;
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
    case SO_BSDCOMPAT:
        return 0;
    case SO_DETACH_FILTER:
        return -ENOENT;
    }
    return -ENOPROTOOPT;
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
    }
    return sock_field_set(sk, sock_field_ip(IPPROTO_IP, name), v);
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
        if (v < -1 || v > 255)
            return -EINVAL;
        v = v == -1 ? 0 : v & (sk->type == SOCK_STREAM ? 0xfc : 0xff); /* as IP_TOS */
        break;
    case IPV6_MULTICAST_HOPS:
        v = v == -1 ? 1 : v;
        break;
    }
    return sock_field_set(sk, sock_field_ip(IPPROTO_IPV6, name), v);
}

int sock_setopt_int(struct sock *sk, int level, int name, int v)
{
    return level == SOL_SOCKET   ? set_socket(sk, name, v)
           : level == IPPROTO_IP ? set_ip(sk, name, v)
                                 : set_ipv6(sk, name, v);
}
