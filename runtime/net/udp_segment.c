/* UDP_SEGMENT of udp(7): one send(2), many datagrams of the same size. */
#include "net/udp.h"

#include <errno.h>
#include <string.h>

#include "arch/copy.h"
#include "mem/heap.h"
#include "net/ip.h"

/* Linked without UDP where only a header asks for it. */
#pragma weak udp_send_now

#define CMSG_UDP_SEGMENT 103
#define SEGMENTS_MAX     128 /* as Linux */

/* What @msg says, or else the socket. Returns -EINVAL. */
static int segment_of(const struct udp_sock *u, const struct msghdr *msg)
{
    struct msghdr *m = (struct msghdr *)(uintptr_t)msg;
    int bytes = u->segment_bytes;

    if (!msg || !msg->msg_control)
        return bytes;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        u16 v;
        if (c->cmsg_len < sizeof(*c))
            return -EINVAL;
        if (c->cmsg_level != IPPROTO_UDP)
            continue;
        if (c->cmsg_type != CMSG_UDP_SEGMENT || c->cmsg_len != CMSG_LEN(sizeof(v)))
            return -EINVAL;
        memcpy(&v, CMSG_DATA(c), sizeof(v));
        bytes = v;
    }
    return bytes;
}

ssize_t udp_segment_send(struct udp_sock *u, const struct iovec *iov, int n_iov,
                         const struct msghdr *msg, int flags)
{
    int bytes = segment_of(u, msg);
    size_t len = 0, at = 0;
    ssize_t n = 0;
    u8 *all;

    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    if (bytes <= 0 || len <= (size_t)bytes)
        return bytes < 0 ? bytes : udp_send_now(&u->sk, iov, n_iov, msg, flags);
    if (len > 0xffff - 8)
        return -EMSGSIZE;
    if (len > (size_t)bytes * SEGMENTS_MAX)
        return -EINVAL;
    all = heap_new(len);
    if (!all)
        return -ENOBUFS;
    for (int i = 0; i < n_iov; at += iov[i++].iov_len)
        copy_block(all + at, iov[i].iov_base, iov[i].iov_len);
    for (at = 0; at < len && n >= 0; at += (size_t)bytes) {
        struct iovec one = {all + at, MIN(len - at, (size_t)bytes)};
        n = udp_send_now(&u->sk, &one, 1, msg, flags);
    }
    heap_free(all);
    return n < 0 ? n : (ssize_t)len;
}
