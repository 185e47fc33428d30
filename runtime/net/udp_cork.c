/* UDP_CORK of udp(7) and MSG_MORE of send(2): a datagram in several pieces. */
#include "net/udp.h"

#include <errno.h>
#include <string.h>

#include "arch/copy.h"
#include "mem/heap.h"

#pragma weak udp_segment_send

#define UDP_MAX (0xffff - 28u)

/* Put @len more bytes behind what is pending; the first time, @msg says whither. */
static int append(struct udp_sock *u, const struct iovec *iov, int n_iov, size_t len,
                  const struct msghdr *msg)
{
    struct udp_pending *old = u->pending, *p;
    u32 at = old ? old->len : 0;

    if (!old && !(msg && msg->msg_name) && !u->sk.is_connected)
        return -EDESTADDRREQ;
    if (at + len > UDP_MAX || (msg && msg->msg_name && msg->msg_namelen > sizeof(p->to)))
        return len > UDP_MAX - at ? -EMSGSIZE : -EINVAL;
    p = heap_new(sizeof(*p) + at + len);
    if (!p)
        return -ENOBUFS;
    if (old) {
        memcpy(p, old, sizeof(*p));
        copy_block(p->data, old->data, at);
    } else if (msg && msg->msg_name) {
        p->to_len = msg->msg_namelen;
        memcpy(&p->to, msg->msg_name, p->to_len);
    }
    for (int i = 0; i < n_iov; at += (u32)iov[i++].iov_len)
        copy_block(p->data + at, iov[i].iov_base, iov[i].iov_len);
    p->len = at;
    heap_free(old);
    u->pending = p;
    return 0;
}

int udp_cork_push(struct udp_sock *u, int flags)
{
    struct udp_pending *p = u->pending;
    struct iovec iov;
    struct msghdr msg = {0};
    ssize_t n;

    if (!p)
        return 0;
    u->pending = NULL;
    iov = (struct iovec){p->data, p->len};
    msg.msg_name = p->to_len ? &p->to : NULL;
    msg.msg_namelen = p->to_len;
    if (udp_segment_send && u->segment_bytes)
        n = udp_segment_send(u, &iov, 1, &msg, flags);
    else
        n = udp_send_now(&u->sk, &iov, 1, &msg, flags);
    heap_free(p);
    return n < 0 ? (int)n : 0;
}

ssize_t udp_cork_send(struct udp_sock *u, const struct iovec *iov, int n_iov,
                      const struct msghdr *msg, int flags)
{
    size_t len = 0;
    int err;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    err = append(u, iov, n_iov, len, msg);
    if (err == -EMSGSIZE) { /* as Linux: all of it is lost */
        heap_free(u->pending);
        u->pending = NULL;
    }
    if (!err && !(flags & MSG_MORE) && !u->is_corked)
        err = udp_cork_push(u, flags);
    return err ? err : (ssize_t)len;
}
