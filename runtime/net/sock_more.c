/*
 * What the options of sock_rare.c do. A socket that has any gets functions of its own, which look
 * at them and then do what the socket did before: others pay nothing for it.
 *
 *      SO_RCVLOWAT       poll() and a recv() that waits want so many bytes (TCP, AF_UNIX streams)
 *      SO_PEEK_OFF       MSG_PEEK goes on where the last one ended
 *      TCP_INQ, SO_RXQ_OVFL, SO_TIMESTAMPING, IP_ORIGDSTADDR: one more control message
 *      SO_ZEROCOPY       MSG_ZEROCOPY copies, and says so on the error queue
 */
#include "net/sock_rare.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "mem/heap.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "sched/clock.h"

#pragma weak udp_tell

#define IN_EVENTS         (EPOLLIN | EPOLLRDNORM)
#define STAMP_RX_SOFTWARE 0x08 /* SOF_TIMESTAMPING_…, <linux/net_tstamp.h> */
#define STAMP_SOFTWARE    0x10
#define ORIGIN_ZEROCOPY   5 /* SO_EE_ORIGIN_ZEROCOPY, SO_EE_CODE_ZEROCOPY_COPIED */
#define CODE_COPIED       1
#define TCP_INQ_          36 /* also of its control message, TCP_CM_INQ */
#define MSG_ZEROCOPY_     0x4000000

/* struct sock_extended_err of <linux/errqueue.h> */
struct extended_err {
    u32 err;
    u8 origin, type, code, pad;
    u32 info, data;
};

static bool is_tcp(const struct sock *sk)
{
    return !sk->ops->names && sk->type == SOCK_STREAM;
}

static int value(const struct sock *sk, int name, int dflt)
{
    return sock_rare_value(sk, SOL_SOCKET, name, dflt);
}

/* --- SO_RCVLOWAT --- */

/* Wait until there are as many bytes as the service wants. Returns 0; -errno: none, and none
 * will be. */
static int wait_low(struct sock *sk, struct sock_more *m, size_t len, int flags)
{
    size_t low = MIN((size_t)value(sk, SO_RCVLOWAT, 1), len);
    u64 deadline_ns = 0;
    int err;

    if (low <= 1 || sk->type != SOCK_STREAM || sock_is_nonblock(sk, flags) || flags & MSG_WAITALL)
        return 0;
    while (sk->is_connected && !sk->err && !(sk->shut & SHUT_RD_BIT) &&
           m->base->n_readable(sk) < low) {
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->rcvtimeo_ns);
        err = sock_wait(sk, deadline_ns);
        if (err)
            return m->base->n_readable(sk) ? 0 : err;
    }
    return 0;
}

static u32 more_poll(struct sock *sk)
{
    struct sock_more *m = sock_more_of(sk);
    u32 ev = m->base->poll(sk), low = (u32)value(sk, SO_RCVLOWAT, 1);

    if (low > 1 && is_tcp(sk) && !sk->is_listening && !(sk->shut & SHUT_RD_BIT) &&
        m->base->n_readable(sk) < low)
        ev &= ~(u32)IN_EVENTS;
    return m->n_told != m->n_zerocopy ? ev | EPOLLERR : ev;
}

/* --- SO_PEEK_OFF --- */

static ssize_t peek_at(struct sock *sk, struct sock_more *m, const struct iovec *iov, int n_iov,
                       size_t len, struct msghdr *msg, int flags, int off)
{
    size_t n_max = MIN(m->base->n_readable(sk), off + len), done = 0;
    struct iovec all;
    ssize_t n;

    if ((size_t)off >= n_max) { /* LIMIT: of datagrams in the first one only */
        if (sock_is_nonblock(sk, flags) || sk->shut & SHUT_RD_BIT || sk->err)
            return sk->err ? sock_error(sk) : sk->shut & SHUT_RD_BIT ? 0 : -EAGAIN;
        n = sock_wait(sk, sock_deadline(sk->rcvtimeo_ns));
        return n ? n : peek_at(sk, m, iov, n_iov, len, msg, flags, off);
    }
    all = (struct iovec){heap_new(n_max), n_max};
    if (!all.iov_base)
        return -ENOBUFS;
    n = m->base->recv(sk, &all, 1, msg, (flags & ~MSG_TRUNC) | MSG_DONTWAIT);
    for (int i = 0; n > off && i < n_iov && done < (size_t)(n - off); i++) {
        size_t k = MIN(iov[i].iov_len, (size_t)(n - off) - done);
        memcpy(iov[i].iov_base, (u8 *)all.iov_base + off + done, k);
        done += k;
    }
    heap_free(all.iov_base);
    return n < 0 ? n : (ssize_t)done;
}

static void peek_moved(struct sock *sk, struct sock_more *m, int by)
{
    for (struct sock_kept *k = m->kept; k; k = k->next) {
        if (k->level == SOL_SOCKET && k->name == SO_PEEK_OFF && k->value >= 0)
            k->value = MAX(k->value + by, 0);
    }
    (void)sk;
}

/* --- more control messages --- */

/* Of what recv() will return next: TCP does not keep when a segment came, the last one has to do.
 */
static void put_stamp(const struct sock *sk, struct msghdr *msg, struct cmsg_out *out, u64 at_ns)
{
    u64 t[6] = {0}; /* struct scm_timestamping */
    int want = STAMP_RX_SOFTWARE | STAMP_SOFTWARE;

    if ((value(sk, SO_TIMESTAMPING_OLD_, 0) & want) != want)
        return;
    at_ns = clock_wall_ns() - (clock_mono_ns() - at_ns);
    t[0] = at_ns / NSEC_PER_SEC;
    t[1] = at_ns % NSEC_PER_SEC;
    sock_cmsg_put(msg, out, SOL_SOCKET, SO_TIMESTAMPING_OLD_, t, sizeof(t));
}

static ssize_t recv_tcp(struct sock *sk, struct sock_more *m, const struct iovec *iov, int n_iov,
                        struct msghdr *msg, int flags)
{
    struct cmsg_out out = {0};
    ssize_t n;
    int inq;

    if (msg)
        out = sock_cmsg_begin(msg);
    n = m->base->recv(sk, iov, n_iov, msg, flags);
    if (n < 0 || !msg)
        return n;
    put_stamp(sk, msg, &out, tcp_of(sk)->last_rx_ns);
    if (sock_rare_value(sk, IPPROTO_TCP, TCP_INQ_, 0)) {
        inq = (int)m->base->n_readable(sk);
        inq = !inq && sk->shut & SHUT_RD_BIT ? 1 : inq; /* as Linux: there is more to say */
        sock_cmsg_put(msg, &out, IPPROTO_TCP, TCP_INQ_, &inq, sizeof(inq));
    }
    sock_cmsg_end(msg, &out);
    return n;
}

static ssize_t recv_udp(struct sock *sk, struct sock_more *m, const struct iovec *iov, int n_iov,
                        struct msghdr *msg, int flags)
{
    struct udp_told told;
    struct cmsg_out out = sock_cmsg_begin(msg);
    u8 *end = out.at + out.room;
    ssize_t n = m->base->recv(sk, NULL, 0, NULL, flags | MSG_PEEK); /* waits */

    if (n < 0 || !udp_tell(sk, &told))
        return n;
    n = m->base->recv(sk, iov, n_iov, msg, flags);
    if (n < 0)
        return n;
    out.at += msg->msg_control ? msg->msg_controllen : 0;
    out.room = (size_t)(end - out.at);
    put_stamp(sk, msg, &out, told.at_ns);
    if (value(sk, SO_RXQ_OVFL, 0) && told.n_dropped)
        sock_cmsg_put(msg, &out, SOL_SOCKET, SO_RXQ_OVFL, &told.n_dropped, sizeof(u32));
    if (sock_rare_value(sk, IPPROTO_IP, IP_ORIGDSTADDR, 0) && ip_addr_is_v4(&told.dst)) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = sk->flow.lport};
        in.sin_addr.s_addr = told.dst.v4;
        sock_cmsg_put(msg, &out, IPPROTO_IP, IP_ORIGDSTADDR, &in, sizeof(in));
    }
    if (sock_rare_value(sk, IPPROTO_IPV6, IPV6_ORIGDSTADDR_, 0)) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = sk->flow.lport};
        memcpy(&in6.sin6_addr, &told.dst, sizeof(told.dst));
        sock_cmsg_put(msg, &out, IPPROTO_IPV6, IPV6_ORIGDSTADDR_, &in6, sizeof(in6));
    }
    sock_cmsg_end(msg, &out);
    return n;
}

/* --- SO_ZEROCOPY --- */

static ssize_t recv_error(struct sock *sk, struct sock_more *m, struct msghdr *msg)
{
    struct extended_err e = {.origin = ORIGIN_ZEROCOPY, .code = CODE_COPIED};
    struct cmsg_out out;
    bool is_v6 = sk->domain == AF_INET6;

    if (m->n_told == m->n_zerocopy)
        return -EAGAIN;
    e.info = m->n_told;
    e.data = m->n_zerocopy - 1;
    m->n_told = m->n_zerocopy;
    if (msg) {
        out = sock_cmsg_begin(msg);
        msg->msg_flags = MSG_ERRQUEUE;
        msg->msg_namelen = 0;
        sock_cmsg_put(msg, &out, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      is_v6 ? IPV6_RECVERR : IP_RECVERR, &e, sizeof(e));
        sock_cmsg_end(msg, &out);
    }
    return 0;
}

static ssize_t more_send(struct sock *sk, const struct iovec *iov, int n_iov,
                         const struct msghdr *msg, int flags)
{
    struct sock_more *m = sock_more_of(sk);
    ssize_t n = m->base->send(sk, iov, n_iov, msg, flags & ~MSG_ZEROCOPY_);

    if (n > 0 && flags & MSG_ZEROCOPY_ && value(sk, SO_ZEROCOPY_, 0)) {
        m->n_zerocopy++;
        file_notify(&sk->file, EPOLLERR);
    }
    return n;
}

/* --- the socket's functions --- */

static ssize_t more_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                         int flags)
{
    struct sock_more *m = sock_more_of(sk);
    int off = value(sk, SO_PEEK_OFF, -1), err;
    size_t len = 0;
    ssize_t n;

    if (flags & MSG_ERRQUEUE)
        return recv_error(sk, m, msg);
    for (int i = 0; i < n_iov; i++)
        len += iov[i].iov_len;
    err = wait_low(sk, m, len, flags);
    if (err)
        return err;
    if (flags & MSG_PEEK && off > 0)
        n = peek_at(sk, m, iov, n_iov, len, msg, flags, off);
    else if (is_tcp(sk))
        n = recv_tcp(sk, m, iov, n_iov, msg, flags);
    else if (sk->net && msg)
        n = recv_udp(sk, m, iov, n_iov, msg, flags);
    else
        n = m->base->recv(sk, iov, n_iov, msg, flags);
    if (n > 0)
        peek_moved(sk, m, flags & MSG_PEEK ? (int)MIN((size_t)n, len) : -(int)n);
    return n;
}

static void more_release(struct sock *sk)
{
    struct sock_more *m = sock_more_of(sk);

    sk->ops = m->base;
    while (m->kept) {
        struct sock_kept *k = m->kept;
        m->kept = k->next;
        heap_free(k);
    }
    heap_free(m);
    sk->ops->release(sk);
}

struct sock_more *sock_more_of(const struct sock *sk)
{
    return sk->ops->release == more_release
               ? (struct sock_more *)(uintptr_t)CONTAINER_OF(sk->ops, const struct sock_more, ops)
               : NULL;
}

struct sock_more *sock_more_make(struct sock *sk)
{
    struct sock_more *m = sock_more_of(sk);

    if (m)
        return m;
    m = heap_new(sizeof(*m));
    if (!m)
        return NULL;
    m->base = sk->ops;
    m->ops = *sk->ops;
    m->ops.send = more_send;
    m->ops.recv = more_recv;
    m->ops.poll = more_poll;
    m->ops.release = more_release;
    sk->ops = &m->ops;
    return m;
}

void sock_more_inherit(struct sock *child, const struct sock *listener)
{
    const struct sock_more *from = sock_more_of(listener);
    struct sock_more *m = from ? sock_more_make(child) : NULL;

    for (const struct sock_kept *k = m ? from->kept : NULL; k; k = k->next) {
        struct sock_kept *copy = heap_new(sizeof(*copy));
        if (!copy)
            return;
        *copy = (struct sock_kept){m->kept, k->level, k->name, k->value};
        m->kept = copy;
    }
}
