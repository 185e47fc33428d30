/*
 * Sockets: what is the same for all of them, and the calls of net/sock.h that every service with a
 * socket uses. The calls that tell TCP from UDP are in sock_stream.c and sock_dgram.c: which of the
 * protocols is linked follows from which of those the service reaches.
 */
#include "net/sock_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "net/ip.h"
#include "net/ip6.h"
#include "net/netif_info.h"
#include "sched/clock.h"

struct net *net_self;

#pragma weak ip6_sockaddr_get
#pragma weak ip6_sockaddr_put

/* NULL if the protocol is not linked. */
extern __typeof__(tcp_sock_new) tcp_sock_new __attribute__((weak));
extern __typeof__(udp_sock_new) udp_sock_new __attribute__((weak));
extern __typeof__(sock_ip_bind) sock_ip_bind __attribute__((weak));
extern __typeof__(netif_ioctl) netif_ioctl __attribute__((weak));

/* --- what the protocols share --- */

u64 sock_deadline(u64 timeo_ns)
{
    return timeo_ns ? clock_mono_ns() + timeo_ns : DEADLINE_NEVER;
}

NO_STACK_CHECK int sock_wait(struct sock *sk, u64 deadline_ns)
{
    struct waiter w;
    int err;

    waiter_init(&w, thread_current());
    waitq_add(&sk->file.waitq, &w);
    err = sched_sleep(deadline_ns);
    waitq_remove(&w);
    return err == -ETIMEDOUT ? -EAGAIN : err;
}

int sock_wait_or_again(struct sock *sk, int flags, u64 *deadline_ns, u64 timeo_ns)
{
    if (!sock_is_nonblock(sk, flags)) {
        if (!*deadline_ns)
            *deadline_ns = sock_deadline(timeo_ns);
        return sock_wait(sk, *deadline_ns);
    }
    if (*deadline_ns)
        return -EAGAIN;
    *deadline_ns = 1; /* polled */
    if (sk->net)
        return sock_repoll(sk) ? 0 : -EAGAIN;
    sched_poll();
    return 0;
}

void sock_cmsg_put(struct msghdr *msg, struct cmsg_out *out, int level, int type, const void *data,
                   size_t len)
{
    struct cmsghdr c = {.cmsg_level = level, .cmsg_type = type};

    if (out->room < CMSG_LEN(len))
        msg->msg_flags |= MSG_CTRUNC;
    if (out->room < sizeof(c))
        return;
    c.cmsg_len = (socklen_t)MIN(out->room, CMSG_LEN(len));
    memcpy(out->at, &c, sizeof(c));
    memcpy(out->at + CMSG_LEN(0), data, c.cmsg_len - CMSG_LEN(0));
    len = MIN(out->room, CMSG_SPACE(len));
    out->at += len;
    out->room -= len;
}

bool sock_repoll(struct sock *sk)
{
    struct net *n = sk->net;

    if (sk->last_poll != n->n_polls && !n->loop.n_txq) { /* polled since we last said it */
        sk->last_poll = n->n_polls;
        return false;
    }
    sched_poll();
    sk->last_poll = n->n_polls;
    return true;
}

int sock_addr_get(const struct sock *sk, const struct sockaddr *addr, socklen_t len,
                  struct ip_addr *ip, u16 *port)
{
    struct sockaddr_in in;

    if (!addr || len < sizeof(in))
        return -EINVAL;
    memcpy(&in, addr, sizeof(in));
    /* As Linux: a datagram socket of IPv6 also takes the short form. */
    if (sk->domain == AF_INET6 &&
        !(in.sin_family == AF_INET && sk->type == SOCK_DGRAM && !sk->v6only))
        return ip6_sockaddr_get(sk, addr, len, ip, port);
    if (in.sin_family != AF_INET)
        return -EAFNOSUPPORT;
    *ip = ip_addr_v4(in.sin_addr.s_addr);
    *port = in.sin_port;
    return 0;
}

void sock_addr_put(const struct sock *sk, struct sockaddr *addr, socklen_t *len,
                   const struct ip_addr *ip, u16 port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};

    if (sk->domain == AF_INET6) {
        ip6_sockaddr_put(addr, len, ip, port);
        return;
    }
    in.sin_addr.s_addr = ip->v4;
    memcpy(addr, &in, MIN(*len, sizeof(in)));
    *len = sizeof(in);
}

/* --- struct file --- */

static inline struct sock *sock_of(struct file *f)
{
    return CONTAINER_OF(f, struct sock, file);
}

static ssize_t op_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct sock *sk = sock_of(f);

    if (off >= 0)
        return -ESPIPE;
    while (n_iov && unlikely(!iov->iov_len)) {
        iov++;
        n_iov--;
    }
    /* read(2) of nothing is nothing, at once; recv(2) of it is not: it waits. */
    return n_iov ? sk->ops->recv(sk, iov, n_iov, NULL, 0) : 0;
}

static ssize_t op_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    struct sock *sk = sock_of(f);

    return off >= 0 ? -ESPIPE : sk->ops->send(sk, iov, n_iov, NULL, 0);
}

static u32 op_poll(struct file *f)
{
    struct sock *sk = sock_of(f);

    return sk->ops->poll(sk);
}

static long op_ioctl(struct file *f, unsigned cmd, void *arg)
{
    struct sock *sk = sock_of(f);
    int v;

    switch (cmd) {
    case FIONREAD:
        if (sk->is_listening)
            return -EINVAL;
        v = (int)sk->ops->n_readable(sk);
        break;
    case TIOCOUTQ:
        if (sk->is_listening)
            return -EINVAL;
        v = (int)sk->ops->n_unsent(sk);
        break;
    case SIOCATMARK: /* urgent data is in line: there is no mark */
        if (sk->type != SOCK_STREAM)
            return -ENOTTY;
        v = 0;
        break;
    case FIONBIO:
        memcpy(&v, arg, sizeof(v));
        f->flags = v ? f->flags | O_NONBLOCK : f->flags & ~(u32)O_NONBLOCK;
        return 0;
    default:
        return netif_ioctl ? netif_ioctl(cmd, arg) : -ENOTTY;
    }
    memcpy(arg, &v, sizeof(v));
    return 0;
}

static void op_release(struct file *f)
{
    struct sock *sk = sock_of(f);

    sk->ops->release(sk);
}

static int op_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFSOCK | 0777;
    st->st_nlink = 1;
    st->st_blksize = PAGE_SIZE;
    return 0;
}

const struct file_ops sock_file_ops = {
    .read = op_read,
    .write = op_write,
    .poll = op_poll,
    .ioctl = op_ioctl,
    .stat = op_stat,
    .release = op_release,
};

int sock_init(struct sock *sk, struct net *n, const struct sock_ops *ops, int type, int file_flags)
{
    file_init(&sk->file, &sock_file_ops, (u32)file_flags);
    sk->ops = ops;
    sk->net = n;
    sk->type = (u8)type;
    sk->domain = AF_INET;
    list_init(&sk->port_node);
    if (!n) /* AF_UNIX */
        return 0;
    if (n->n_socks >= n->limits.n_socks)
        return -ENOBUFS;
    n->n_socks++;
    sk->flow.local = sk->flow.remote = ip_addr_v4(0);
    sk->mtu_discover = 1; /* IP_PMTUDISC_WANT: as Linux shows it */
    sk->mcast_ttl = 1;
    sk->mcast_loop = true;
    sk->rcvbuf = n->limits.rcvbuf_bytes;
    sk->sndbuf = n->limits.sndbuf_bytes;
    sk->last_poll = n->n_polls - 1;
    return 0;
}

void sock_fini(struct sock *sk)
{
    list_remove(&sk->port_node);
    sk->net->n_socks--;
}

/* --- net/sock.h --- */

NO_STACK_CHECK int sock_create(int domain, int type, int protocol, struct file **out)
{
    int flags = O_RDWR | (type & SOCK_NONBLOCK);
    int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    __typeof__(&tcp_sock_new) make;
    struct sock *sk;
    int err;

    for (const struct sock_family *f = __skiff_sock_families_start; f < __skiff_sock_families_end;
         f++)
        if (f->domain == domain)
            return f->create(type & ~SOCK_CLOEXEC, protocol, out);
    if (!net_self || (domain != AF_INET && (domain != AF_INET6 || !net_self->ip6)))
        return -EAFNOSUPPORT;
    switch (kind) {
    case SOCK_STREAM:
        if (protocol && protocol != IPPROTO_TCP)
            return -EPROTONOSUPPORT;
        make = tcp_sock_new;
        break;
    case SOCK_DGRAM:
        if (protocol && protocol != IPPROTO_UDP)
            return -EPROTONOSUPPORT;
        make = udp_sock_new;
        break;
    case SOCK_RAW:
        return -EPROTONOSUPPORT;
    default:
        return -ESOCKTNOSUPPORT;
    }
    if (!make)
        return -EPROTONOSUPPORT;
    err = make(net_self, flags, &sk);
    if (err)
        return err;
    sk->domain = (u8)domain;
    sk->flow.local = sk->flow.remote = sock_any(sk);
    *out = &sk->file;
    return 0;
}

int sock_bind(struct file *f, const struct sockaddr *addr, socklen_t len)
{
    struct sock *sk = sock_of(f);

    return (sk->ops->names ? sk->ops->names->bind : sock_ip_bind)(sk, addr, len);
}

int sock_shutdown(struct file *f, int how)
{
    struct sock *sk = sock_of(f);

    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    return sk->ops->shutdown(sk, how);
}

int sock_getname(struct file *f, struct sockaddr *addr, socklen_t *len, bool peer)
{
    struct sock *sk = sock_of(f);

    if (sk->ops->names)
        return sk->ops->names->getname(sk, addr, len, peer);
    if (peer) {
        if (!sock_is_connected(sk))
            return -ENOTCONN;
        sock_addr_put(sk, addr, len, &sk->flow.remote, sk->flow.rport);
        return 0;
    }
    sock_addr_put(sk, addr, len, &sk->flow.local, sk->flow.lport);
    return 0;
}

ssize_t sock_sendv(struct file *f, const struct iovec *iov, int n_iov, int flags)
{
    struct sock *sk = sock_of(f);

    return sk->ops->send(sk, iov, n_iov, NULL, flags);
}

ssize_t sock_recvv(struct file *f, const struct iovec *iov, int n_iov, int flags)
{
    struct sock *sk = sock_of(f);

    /* tcp(7): with MSG_TRUNC nothing is written */
    if (unlikely(!iov->iov_base && iov->iov_len) &&
        !(flags & MSG_TRUNC && sk->net && sk->type == SOCK_STREAM))
        return -EFAULT;
    return sk->ops->recv(sk, iov, n_iov, NULL, flags);
}
