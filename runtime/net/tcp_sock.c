/* TCP as the service sees it: the calls on a stream socket. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "arch/copy.h"
#include "net/csum.h"

#pragma weak tcp_setopt_flag
#pragma weak tcp_setopt_any
#pragma weak tcp_setopt_raw
#pragma weak tcp_getopt

#define IN_EVENTS       (EPOLLIN | EPOLLRDNORM)
#define OUT_EVENTS      (EPOLLOUT | EPOLLWRNORM)

#define TCP_BACKLOG_MAX 4096 /* as Linux's net.core.somaxconn */

/* --- sending --- */

/* May data be sent? Returns 0; -EAGAIN while connecting; or why not. */
static int send_state(struct tcp_sock *c)
{
    if (unlikely(c->sk.err))
        return sock_error(&c->sk);
    if (unlikely(c->sk.shut & SHUT_WR_BIT))
        return -EPIPE;
    switch (c->ep.state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
        return 0;
    case TCP_SYN_SENT:
    case TCP_SYN_RECV:
        return -EAGAIN;
    }
    return -EPIPE;
}

/* Copy some of @buf into the send queue. Returns bytes; 0 if there is no room. */
static __attribute__((noinline)) size_t queue_data(struct tcp_sock *c, const u8 *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        struct pkt *p = c->tx_tail;
        struct tx_seg *s;
        size_t n;
        u8 *to;

        /* A last segment that has not left yet is filled up. */
        if (!c->tx_next || tx_seg(p)->n_sent || tx_seg(p)->len >= c->mss) {
            p = tcp_queue_pkt(c);
            if (unlikely(!p))
                break;
        }
        s = tx_seg(p);
        n = MIN(len - done, (size_t)(c->mss - s->len));
        to = p->buf + s->at + s->len;
        if (s->is_summed)
            s->sum = csum_join(s->sum, s->len, (u32)csum_copy(to, buf + done, n));
        else
            copy_bytes(to, buf + done, n);
        s->len += (u16)n;
        c->write_seq += n;
        done += n;
    }
    return done;
}

/* A writer has to wait: for its own segments to be acknowledged, or for memory of others. */
static void want_space(struct tcp_sock *c)
{
    c->no_space = true;
    if (!c->n_tx || c->net->tcp_table->n_tx >= c->net->limits.tx_pkts) {
        if (list_empty(&c->mem_node))
            list_push_back(&c->net->tcp_table->mem_waiters, &c->mem_node);
        tcp_arm_at(c, c->net->now_ns + 10 * NSEC_PER_MSEC);
    }
}

static inline void send_queue(struct tcp_sock *c)
{
    if (c->tx_next && list_empty(&c->tx_wait.node))
        tcp_output(c);
}

/* Everything that tcp_send() does not do itself. @at: bytes of *iov that are done. */
static __attribute__((noinline)) ssize_t send_any(struct sock *sk, const struct iovec *iov,
                                                  int n_iov, size_t at, int flags)
{
    struct tcp_sock *c = tcp_of(sk);
    struct net *n = sk->net;
    u64 deadline_ns = 0;
    ssize_t done = (ssize_t)at;
    int err;

    /* RFC 6093 §6; MSG_FASTOPEN: as Linux where net.ipv4.tcp_fastopen is off for clients */
    if (unlikely(flags & (MSG_OOB | MSG_FASTOPEN)))
        return -EOPNOTSUPP;
    net_now_slow(n);
    for (;;) {
        err = send_state(c);
        if (likely(!err)) {
            c->more = flags & MSG_MORE;
            while (n_iov) {
                size_t k = queue_data(c, (const u8 *)iov->iov_base + at, iov->iov_len - at);
                done += k;
                at += k;
                if (at < iov->iov_len)
                    break;
                iov++;
                n_iov--;
                at = 0;
            }
            send_queue(c);
            if (likely(!n_iov))
                return done;
            want_space(c);
        } else if (err != -EAGAIN) {
            return done ? done : err;
        }
        if (sock_is_nonblock(sk, flags))
            return done ? done : -EAGAIN;
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->sndtimeo_ns);
        err = sock_wait(sk, deadline_ns);
        if (err)
            return done ? done : err;
        n->now_ns = net_now_slow(n);
    }
}

static ssize_t tcp_send(struct sock *sk, const struct iovec *iov, int n_iov,
                        const struct msghdr *msg, int flags)
{
    struct tcp_sock *c = tcp_of(sk);
    size_t n;

    (void)msg; /* an address is ignored, as POSIX asks of connected sockets */
    /* One buffer, and room for all of it: what nearly every call finds. */
    if (unlikely(n_iov != 1 || flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT) ||
                 c->ep.state != TCP_ESTABLISHED))
        return send_any(sk, iov, n_iov, 0, flags);
    net_now_slow(sk->net);
    c->more = false;
    if (likely(tcp_send_short(c, iov->iov_base, iov->iov_len)))
        return (ssize_t)iov->iov_len;
    n = queue_data(c, iov->iov_base, iov->iov_len);
    send_queue(c);
    if (unlikely(n < iov->iov_len))
        return send_any(sk, iov, n_iov, n, flags);
    return (ssize_t)n;
}

/* --- receiving --- */

/* What there is to say when the queue is empty: 0 end of stream; -EAGAIN wait; or an error. */
static int recv_state(struct tcp_sock *c)
{
    if (c->got_fin)
        return 0; /* before an error: that is for who writes */
    if (c->sk.err)
        return sock_error(&c->sk);
    if (c->sk.shut & SHUT_RD_BIT)
        return 0;
    if (c->ep.state == TCP_CLOSE || c->ep.state == TCP_LISTEN)
        return -ENOTCONN;
    return -EAGAIN;
}

/* Move up to @len bytes to the service. tcp(7): with MSG_TRUNC they are thrown away. */
static __attribute__((noinline)) size_t take_data(struct tcp_sock *c, u8 *buf, size_t len,
                                                  int flags)
{
    size_t done = 0;
    struct pkt *p;

    while (done < len && (p = c->rcv_head)) {
        u32 k = (u32)MIN(p->len_bytes, len - done);

        if (likely(!(flags & MSG_TRUNC)))
            copy_bytes(buf + done, p->data, k);
        done += k;
        c->rcv_bytes -= k;
        if (k < p->len_bytes) {
            p->data += k;
            p->len_bytes -= k;
            break;
        }
        c->rcv_head = p->next;
        tcp_rx_put(c->net->tcp_table, p);
    }
    return done;
}

/* Copy up to @len bytes that follow the first @skip, and leave them: MSG_PEEK. */
static __attribute__((noinline)) size_t peek_data(const struct tcp_sock *c, u8 *buf, size_t len,
                                                  size_t skip, int flags)
{
    size_t done = 0;

    for (const struct pkt *p = c->rcv_head; p && done < len; p = p->next) {
        size_t s = MIN(skip, p->len_bytes), k = MIN(p->len_bytes - s, len - done);

        skip -= s;
        if (!(flags & MSG_TRUNC))
            copy_block(buf + done, p->data + s, k);
        done += k;
    }
    return done;
}

static __attribute__((noinline)) void open_window(struct tcp_sock *c)
{
    if (tcp_window_gain(c) < MIN(2u * c->mss, c->sk.rcvbuf / 2))
        return;
    if (c->got_fin || c->ep.state == TCP_CLOSE || c->ep.state == TCP_SYN_RECV)
        return;
    net_now_slow(c->net);
    tcp_send_ack(c);
}

/* The service has read: tell the peer if that opens the window by much (RFC 9293 §3.8.6.2.2). While
 * much is left the peer goes on sending, and ACKs of that will tell it. */
static inline void update_window(struct tcp_sock *c)
{
    s32 left = (s32)(c->rcv_adv - c->rcv_nxt); /* < 0: it was taken back */

    if (unlikely(left < (s32)MIN(32768u, c->sk.rcvbuf / 2)))
        open_window(c);
}

/* Everything that tcp_recv() does not do itself. */
static __attribute__((noinline)) ssize_t recv_any(struct sock *sk, const struct iovec *iov,
                                                  int n_iov, struct msghdr *msg, int flags)
{
    struct tcp_sock *c = tcp_of(sk);
    const struct iovec *first;
    u64 deadline_ns = 0;
    ssize_t done = 0;
    size_t at = 0, total = 0;
    bool has_polled = false;
    int err, n_first;

    if (unlikely(flags & (MSG_OOB | MSG_ERRQUEUE)))
        return flags & MSG_OOB ? -EINVAL : -EAGAIN;
    if (unlikely(msg != NULL)) {
        msg->msg_namelen = 0;
        msg->msg_controllen = 0;
        msg->msg_flags = 0;
    }
    if (unlikely(flags & MSG_WAITALL)) {
        for (int i = 0; i < n_iov; i++)
            total += iov[i].iov_len;
    }
    while (n_iov && !iov->iov_len) {
        iov++;
        n_iov--;
    }
    first = iov;
    n_first = n_iov;
    for (;;) {
        if (unlikely(!n_first && c->rcv_head))
            return 0;
        while (n_iov && c->rcv_head) {
            u8 *to = (u8 *)iov->iov_base + at;
            size_t room = iov->iov_len - at;
            size_t k = flags & MSG_PEEK ? peek_data(c, to, room, (size_t)done, flags)
                                        : take_data(c, to, room, flags);
            done += k;
            at += k;
            if (at < iov->iov_len)
                break; /* all there was */
            iov++;
            n_iov--;
            at = 0;
        }
        if (done && !(flags & MSG_PEEK))
            update_window(c);
        if (likely(done && (size_t)done >= total))
            return done;
        if (done && c->sk.err)
            return done; /* the error is for the next call */
        err = recv_state(c);
        if (err != -EAGAIN)
            return done ? done : err;
        if (sock_is_nonblock(sk, flags)) {
            if (done)
                return done;
            if (!has_polled && sock_repoll(sk)) {
                has_polled = true;
                continue;
            }
            return -EAGAIN;
        }
        if (flags & MSG_PEEK) { /* with MSG_WAITALL: look again from the start, at more */
            iov = first;
            n_iov = n_first;
            at = 0;
            done = 0;
        }
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->rcvtimeo_ns);
        err = sock_wait(sk, deadline_ns);
        if (unlikely(!n_first)) /* as Linux: for no bytes it waits, but only once */
            return 0;
        if (err)
            return done ? done : err;
    }
}

static ssize_t tcp_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                        int flags)
{
    struct tcp_sock *c = tcp_of(sk);
    struct pkt *p = c->rcv_head;
    u32 n;

    /* All there is fits into the one buffer, and is one packet: what nearly every call finds. */
    if (unlikely(!p || p->next || n_iov != 1 || iov->iov_len < p->len_bytes || msg ||
                 flags & ~MSG_DONTWAIT))
        return recv_any(sk, iov, n_iov, msg, flags);
    n = p->len_bytes;
    copy_bytes(iov->iov_base, p->data, n);
    c->rcv_bytes = 0;
    c->rcv_head = NULL;
    tcp_rx_put(sk->net->tcp_table, p);
    update_window(c);
    return (ssize_t)n;
}

/* tcp_poll() of Linux, event for event. */
static __attribute__((noinline)) u32 poll_any(struct sock *sk)
{
    struct tcp_sock *c = tcp_of(sk);
    u32 ev = 0;

    if (c->ep.state == TCP_LISTEN)
        return c->n_accept ? IN_EVENTS : 0;
    if (sk->shut == (SHUT_RD_BIT | SHUT_WR_BIT) || c->ep.state == TCP_CLOSE)
        ev |= EPOLLHUP;
    if (sk->shut & SHUT_RD_BIT)
        ev |= IN_EVENTS | EPOLLRDHUP;
    if (c->ep.state != TCP_SYN_SENT && c->ep.state != TCP_SYN_RECV) {
        if (c->rcv_bytes)
            ev |= IN_EVENTS;
        if (sk->shut & SHUT_WR_BIT || tcp_is_writable(c))
            ev |= OUT_EVENTS;
        else
            c->no_space = true;
    }
    if (sk->err)
        ev |= EPOLLERR;
    return ev;
}

static u32 tcp_poll(struct sock *sk)
{
    struct tcp_sock *c = tcp_of(sk);

    /* What has an error is not established. */
    if (likely(c->ep.state == TCP_ESTABLISHED && !sk->shut && c->n_tx < 2))
        return c->rcv_bytes ? IN_EVENTS | OUT_EVENTS : OUT_EVENTS;
    return poll_any(sk);
}

/* --- connections --- */

SOCK_READS(sock_ip_bind);

int tcp_sock_new(struct net *n, int file_flags, struct sock **out)
{
    struct tcp_sock *c;
    int err = n->tcp_table ? 0 : tcp_init(n);

    if (err)
        return err;
    c = tcp_new(n, file_flags);
    if (!c)
        return -ENOMEM;
    *out = &c->sk;
    return 0;
}

static int tcp_bind(struct sock *sk, u16 port)
{
    if (tcp_of(sk)->ep.state != TCP_CLOSE || sk->flow.lport)
        return -EINVAL;
    return port_bind(&sk->net->tcp_table->ports, sk, port);
}

int tcp_listen(struct sock *sk, int backlog)
{
    struct tcp_sock *c = tcp_of(sk);
    struct port_table *ports = &sk->net->tcp_table->ports;
    int err;

    if ((c->ep.state != TCP_CLOSE && c->ep.state != TCP_LISTEN) || c->is_trying || c->is_told)
        return -EINVAL;
    if (backlog < 0 || backlog > TCP_BACKLOG_MAX)
        backlog = TCP_BACKLOG_MAX;
    c->backlog = (u32)backlog;
    if (c->ep.state == TCP_LISTEN)
        return 0;
    if (!sk->flow.lport) {
        err = port_bind(ports, sk, 0);
        if (err)
            return err;
    }
    if (!port_may_listen(ports, sk))
        return -EADDRINUSE;
    sk->net->tcp_table->listen_input = tcp_listen_input;
    sk->is_listening = true;
    sk->shut = 0;
    c->ep.state = TCP_LISTEN;
    if (net_on_listen)
        net_on_listen(be16(sk->flow.lport), IPPROTO_TCP);
    return 0;
}

int tcp_accept(struct sock *sk, int flags, struct sock **out)
{
    struct tcp_sock *l = tcp_of(sk), *c;
    u64 deadline_ns = 0;
    bool has_polled = false;
    int err;

    while (l->ep.state == TCP_LISTEN && !l->n_accept) {
        if (sock_is_nonblock(sk, 0)) {
            if (!has_polled && sock_repoll(sk)) {
                has_polled = true;
                continue;
            }
            return -EAGAIN;
        }
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->rcvtimeo_ns);
        err = sock_wait(sk, deadline_ns);
        if (err)
            return err;
    }
    if (l->ep.state != TCP_LISTEN)
        return -EINVAL;
    c = list_first(&l->accept_q, struct tcp_sock, child_node);
    list_remove(&c->child_node);
    l->n_accept--;
    c->parent = NULL;
    c->is_in_accept_q = false;
    if (flags & SOCK_NONBLOCK)
        c->sk.file.flags |= SOCK_NONBLOCK;
    *out = &c->sk;
    return 0;
}

/* The end of an attempt is told: the socket is as new. */
static int connect_failed(struct tcp_sock *c)
{
    int err = c->sk.err ? sock_error(&c->sk) : -ECONNABORTED;

    take_data(c, NULL, SIZE_MAX, MSG_TRUNC);
    c->sk.shut = 0;
    c->is_trying = c->was_connected = c->got_fin = false;
    return err;
}

int tcp_connect(struct sock *sk, const struct ip_addr *ip, u16 port)
{
    struct tcp_sock *c = tcp_of(sk);
    struct net *n = sk->net;
    u64 deadline_ns = 0;
    int err;

    n->now_ns = net_now_slow(n);
    n->tcp_table->start_connect = tcp_start_connect;
    n->tcp_table->syn_sent_input = tcp_syn_sent_input;
    switch (c->ep.state) {
    case TCP_SYN_SENT:
    case TCP_SYN_RECV:
        if (sock_is_nonblock(sk, 0))
            return -EALREADY;
        break;
    case TCP_CLOSE:
        if (c->is_told)
            return -EISCONN; /* as Linux: it was, and is not used twice */
        if (c->is_trying)    /* it failed or ended meanwhile */
            return connect_failed(c);
        if (ip_is_many(n, ip))
            return -ENETUNREACH;
        sk->flow.remote = *ip;
        sk->flow.rport = port;
        sk->shut = 0;
        c->was_connected = false;
        c->n_retries = c->ca_state = c->frto = 0;
        c->soft_err = 0;
        c->srtt8_us = c->rttvar4_us = 0;
        c->fin_queued = c->got_fin = false;
        c->hdr_generation = 0;
        tcp_set_bufs(c);
        c->ep.state = TCP_SYN_SENT;
        c->is_trying = true;
        c->is_waiting_addr = true; /* not in the table yet */
        tcp_start_connect(c);
        if (c->ep.state == TCP_CLOSE)
            return connect_failed(c);
        if (sock_is_nonblock(sk, 0))
            return -EINPROGRESS;
        break;
    default:
        if (c->is_told || c->ep.state == TCP_LISTEN)
            return -EISCONN;
    }
    while (c->ep.state == TCP_SYN_SENT || c->ep.state == TCP_SYN_RECV) {
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->sndtimeo_ns);
        err = sock_wait(sk, deadline_ns);
        if (err)
            return err == -EAGAIN ? -EINPROGRESS : err; /* socket(7), SO_SNDTIMEO */
    }
    if (sk->err || c->ep.state == TCP_CLOSE)
        return connect_failed(c);
    c->is_trying = false;
    c->is_told = true;
    return 0;
}

_Static_assert(SHUT_RD + 1 == SHUT_RD_BIT && SHUT_WR + 1 == SHUT_WR_BIT &&
                   SHUT_RDWR + 1 == (SHUT_RD_BIT | SHUT_WR_BIT),
               "by adding one");

static int tcp_shutdown(struct sock *sk, int how)
{
    struct tcp_sock *c = tcp_of(sk);
    struct net *n = sk->net;

    if (how != SHUT_WR)
        sock_repoll(sk); /* what has come stays readable */
    n->now_ns = net_now_slow(n);
    switch (c->ep.state) {
    case TCP_LISTEN:
        if (how == SHUT_WR)
            return 0;
        tcp_listener_close(c);
        sk->shut = 0; /* a socket like a new one */
        file_notify(&sk->file, IN_EVENTS | EPOLLHUP);
        return 0;
    case TCP_SYN_SENT:
        tcp_done(c, how == SHUT_RD ? 0 : ECONNRESET);
        return 0;
    case TCP_CLOSE: /* as Linux: it says so, and does it */
        sk->shut |= (u8)(how + 1);
        file_notify(&sk->file, IN_EVENTS | OUT_EVENTS | EPOLLRDHUP | EPOLLHUP);
        return -ENOTCONN;
    case TCP_SYN_RECV:
        return -ENOTCONN;
    }
    if (how != SHUT_WR)
        sk->shut |= SHUT_RD_BIT;
    if (how != SHUT_RD && !c->fin_queued)
        tcp_send_fin(c);
    file_notify(&sk->file, IN_EVENTS | OUT_EVENTS | EPOLLRDHUP | EPOLLHUP);
    return 0;
}

static void tcp_sock_release(struct sock *sk)
{
    struct tcp_sock *c = tcp_of(sk);
    u64 deadline_ns;

    /* socket(7), SO_LINGER: close() waits until everything is acknowledged, or the time is up. */
    if (sk->linger && sk->linger_sec && !c->rcv_bytes && !sock_is_nonblock(sk, 0) &&
        (c->ep.state == TCP_ESTABLISHED || c->ep.state == TCP_CLOSE_WAIT)) {
        sk->net->now_ns = net_now_slow(sk->net);
        deadline_ns = sk->net->now_ns + sk->linger_sec * NSEC_PER_SEC;
        tcp_send_fin(c);
        while (c->ep.state != TCP_CLOSE && !tcp_fin_is_acked(c)) {
            c->no_space = true;
            if (sock_wait(sk, deadline_ns) != 0)
                break;
        }
    }
    tcp_release(sk);
}

static u32 tcp_n_readable(struct sock *sk)
{
    return tcp_of(sk)->rcv_bytes;
}

static u32 tcp_n_unsent(struct sock *sk)
{
    struct tcp_sock *c = tcp_of(sk);

    return c->tx_head ? c->write_seq - c->snd_una : 0;
}

static void keep_restart(struct tcp_sock *c)
{
    if (c->sk.keepalive && c->was_connected && c->ep.state != TCP_CLOSE)
        tcp_arm_at(c, c->keep_at = c->net->now_ns + c->keep_idle_s * NSEC_PER_SEC);
}

static int tcp_setopt(struct sock *sk, int level, int name, int val)
{
    struct tcp_sock *c = tcp_of(sk);
    int err = -ENOPROTOOPT;

    sk->net->now_ns = net_now_slow(sk->net);
    switch (level) {
    case SOL_SOCKET: /* sock_opt.c has stored it; what does TCP make of it? */
        if (name == SO_KEEPALIVE)
            keep_restart(c);
        else if (name == SO_RCVBUF || name == SO_SNDBUF)
            tcp_set_bufs(c);
        return 0;
    case IPPROTO_IPV6:
        if (sk->domain != AF_INET6)
            return -ENOPROTOOPT;
        __attribute__((fallthrough));
    case IPPROTO_IP: /* the header template has them */
        c->hdr_generation = 0;
        return 0;
    case IPPROTO_TCP:
        if (tcp_setopt_any)
            err = tcp_setopt_any(c, name, val);
        else if (tcp_setopt_flag)
            err = tcp_setopt_flag(c, name, val);
        if (!err && (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL))
            keep_restart(c);
    }
    return err;
}

const struct sock_ops tcp_sock_ops = {
    .send = tcp_send,
    .recv = tcp_recv,
    .poll = tcp_poll,
    .bind = tcp_bind,
    .shutdown = tcp_shutdown,
    .setopt = tcp_setopt,
    .setopt_raw = tcp_setopt_raw,
    .getopt = tcp_getopt,
    .n_readable = tcp_n_readable,
    .n_unsent = tcp_n_unsent,
    .release = tcp_sock_release,
};
