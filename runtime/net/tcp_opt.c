/* setsockopt(2), tcp(7): the options of a stream socket beyond those every socket has. Linked where
 * a service may ask for one (libc/sockets.sh), TCP or not: so it refers to TCP weakly. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>

#pragma weak tcp_set_bufs
#pragma weak tcp_setopt_flag

/* How many SYN|ACKs leave in @s seconds: after 1 s, then twice as long each, 120 s at
 * most. */
static u32 tries_in(u32 s)
{
    u32 n = 0;

    for (u32 gap = 1, at = 0; at < s && n < 255; n++, gap = MIN(gap * 2, TCP_RTO_MAX_US / 1000000))
        at += gap;
    return n;
}

/* The value of a word as it is kept. Returns -EINVAL for what cannot be. */
static s64 word_of(const struct tcp_num_opt *o, int val)
{
    if (o->max && (val < o->min || val > o->max))
        return -EINVAL;
    switch (o->name) {
    case TCP_MAXSEG: /* 0: not said */
        return val && val < TCP_MSS_MIN ? -EINVAL : val;
    case TCP_USER_TIMEOUT:
    case TCP_FASTOPEN:
        return val < 0 ? -EINVAL : o->name == TCP_FASTOPEN ? MIN(val, 4096) : val;
    case TCP_NOTSENT_LOWAT: /* 0: as if it had not been set */
        return val ? (s64)(u32)val : (s64)UINT32_MAX;
    case TCP_LINGER2: /* below 0: an orphan does not wait at all */
        return val < 0 ? (s64)UINT32_MAX : !val ? TCP_FIN_WAIT2_S : MIN(val, 120);
    case TCP_DEFER_ACCEPT:
        return tries_in(val > 0 ? (u32)val : 0);
    case TCP_WINDOW_CLAMP: /* as Linux: not below half the least buffer */
        return val ? MAX(val, 1152) : 0;
    }
    return val;
}

int tcp_setopt_any(struct tcp_sock *c, int name, int val)
{
    const struct tcp_num_opt *o = tcp_num_opt(name);
    s64 word;

    if (!o)
        return -ENOPROTOOPT;
    if (o->is_bool)
        return tcp_setopt_flag(c, name, val);
    word = word_of(o, val);
    if (word < 0)
        return (int)word;
    if (name == TCP_WINDOW_CLAMP && !word && c->ep.state != TCP_CLOSE)
        return -EINVAL;
    *(u32 *)(void *)((u8 *)c + o->at) = (u32)word;
    if (name == TCP_WINDOW_CLAMP)
        tcp_set_bufs(c);
    return 0;
}

int tcp_setopt_raw(struct sock *sk, int level, int name, const void *val, u32 len)
{
    static const char cubic[] = "cubic", reno[] = "reno";

    if (level == IPPROTO_TCP &&
        name == TCP_ULP) /* no such module: TLS libraries do it themselves */
        return -ENOENT;
    if (level != IPPROTO_TCP || name != TCP_CONGESTION)
        return -ENOPROTOOPT;
    if (!len)
        return -EINVAL;
    if (len >= 5 && memcmp(val, cubic, 5) == 0 && (len == 5 || !((const char *)val)[5]))
        tcp_of(sk)->is_reno = false;
    else if (len >= 4 && memcmp(val, reno, 4) == 0 && (len == 4 || !((const char *)val)[4]))
        tcp_of(sk)->is_reno = true;
    else
        return -ENOENT;
    return 0;
}
