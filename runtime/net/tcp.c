/* TCP connections: the table of them, and the many ways they end. */
#include "net/tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "mem/heap.h"
#include "mem/page.h"
#include "net/sock_rare.h"

#pragma weak sock_more_inherit

/* --- the table --- */

/* Multiplied by a secret odd number: nobody can aim at one bucket. */
static inline __attribute__((always_inline)) struct tcp_ep **
bucket(struct net *n, const struct ip_addr *remote, u32 ports)
{
    u64 x = remote->lo; /* of IPv4 its lower half is the same for all */

    if (unlikely(remote->hi))
        x = (x + remote->hi * n->hash_mul) * n->hash_mul;
    x ^= ports;
    return &n->tcp_table->buckets[(x * n->hash_mul) >> (64 - n->limits.hash_bits)];
}

struct tcp_ep *tcp_find(struct net *n, const struct ip_addr *local, const struct ip_addr *remote,
                        u32 ports)
{
    struct tcp_ep *ep = *bucket(n, remote, ports);

    for (; ep; ep = ep->hash_next) {
        const struct ip_flow *f = ep->flow;
        if (ep->ports == ports && ip_addr_eq(&f->remote, remote) && ip_addr_eq(&f->local, local))
            break;
    }
    return ep;
}

void tcp_hash(struct net *n, struct tcp_ep *ep)
{
    struct tcp_ep **at;

    ep->ports = tcp_ports(ep->flow);
    at = bucket(n, &ep->flow->remote, ep->ports);
    ep->hash_next = *at;
    *at = ep;
}

void tcp_unhash(struct net *n, struct tcp_ep *ep)
{
    struct tcp_ep **at = bucket(n, &ep->flow->remote, ep->ports);

    for (; *at; at = &(*at)->hash_next) {
        if (*at == ep) {
            *at = ep->hash_next;
            return;
        }
    }
}

struct tcp_sock *tcp_find_listener(struct net *n, const struct ip_addr *local, u16 lport)
{
    struct list *bucket_ = port_bucket(&n->tcp_table->ports, lport);
    struct tcp_sock *best = NULL;

    list_for_each (it, bucket_) {
        struct sock *sk = list_entry(it, struct sock, port_node);
        if (sk->flow.lport != lport || !sk->is_listening)
            continue;
        if (!sock_is_at(sk, local))
            continue;
        if (sk->has_addr)
            return tcp_of(sk);
        /* SO_REUSEPORT: the shortest queue */
        if (!best || tcp_of(sk)->n_accept < best->n_accept)
            best = tcp_of(sk);
    }
    return best;
}

/* bind(2) without SO_REUSEADDR: not while connections, even dead ones, have the port. */
static bool port_is_busy(struct net *n, u16 port)
{
    for (u32 i = 0; i < 1u << n->limits.hash_bits; i++) {
        for (struct tcp_ep *ep = n->tcp_table->buckets[i]; ep; ep = ep->hash_next) {
            if (ep->flow->lport == port)
                return true;
        }
    }
    return false;
}

int tcp_init(struct net *n)
{
    struct tcp_table *t = heap_new(sizeof(*t));
    size_t n_pages = ALIGN_UP(sizeof(*t->buckets) << n->limits.hash_bits, PAGE_SIZE) / PAGE_SIZE;

    if (!t)
        return -ENOMEM;
    t->buckets = page_alloc(n_pages);
    if (!t->buckets) {
        heap_free(t);
        return -ENOMEM;
    }
    memset(t->buckets, 0, n_pages * PAGE_SIZE);
    t->net = n;
    port_table_init(&t->ports);
    t->ports.is_busy = port_is_busy;
    list_init(&t->mem_waiters);
    tcp_tw_init(t);
    n->tcp_table = t;
    n->tcp = &tcp_proto;
    LINK_WITH(tcp_finish);
    return 0;
}

u64 tcp_secret(struct net *n, const struct ip_flow *f, u32 what)
{
    return siphash_3u64(&n->secret, f->remote.hi, f->remote.lo, (u64)f->local.v4 << 32 | what);
}

/* RFC 6528: a clock of 4 us per step, plus a secret function of the flow. */
u32 tcp_iss(struct net *n, const struct ip_flow *f)
{
    return (u32)tcp_secret(n, f, tcp_ports(f)) + (u32)(n->now_ns >> 12);
}

/* --- memory --- */

/* A connection may always queue one packet; more while all together leave room for the others. */
bool tcp_tx_has_room(const struct tcp_sock *c)
{
    const struct net *n = c->net;

    if (!c->n_tx)
        return true;
    if (unlikely(c->write_seq - c->snd_nxt >= c->notsent_lowat))
        return false;
    return n->tcp_table->n_tx < n->limits.tx_pkts && c->n_tx < c->tx_max;
}

/* As Linux: writable when a third of the buffer is free. */
bool tcp_is_writable(const struct tcp_sock *c)
{
    return tcp_tx_has_room(c) && c->n_tx * 3 <= c->tx_max * 2;
}

void tcp_mem_wake(struct tcp_table *t)
{
    struct list *l = &t->mem_waiters;

    if (t->n_tx >= t->net->limits.tx_pkts)
        return;
    while (!list_empty(l)) {
        struct tcp_sock *c = list_first(l, struct tcp_sock, mem_node);
        list_remove(&c->mem_node);
        c->no_space = false;
        file_notify(&c->sk.file, EPOLLOUT | EPOLLWRNORM);
    }
}

void tcp_tx_purge(struct tcp_sock *c)
{
    struct tcp_table *t = c->net->tcp_table;

    while (c->tx_head) {
        struct pkt *p = c->tx_head;
        c->tx_head = p->next;
        tcp_tx_put(t, p);
    }
    c->tx_tail = c->tx_next = NULL;
    c->n_tx = c->sacked_bytes = c->lost_bytes = c->n_sacked = 0;
    if (!list_empty(&t->mem_waiters))
        tcp_mem_wake(t);
}

static void rx_list_purge(struct tcp_table *t, struct pkt **head)
{
    while (*head) {
        struct pkt *p = *head;
        *head = p->next;
        tcp_rx_put(t, p);
    }
}

void tcp_rx_purge(struct tcp_sock *c)
{
    struct tcp_table *t = c->net->tcp_table;

    rx_list_purge(t, &c->rcv_head);
    rx_list_purge(t, &c->ooo);
    c->rcv_tail = NULL;
    c->rcv_bytes = c->ooo_bytes = 0;
}

/* --- life and death --- */

void tcp_set_bufs(struct tcp_sock *c)
{
    u8 scale = 0;

    c->tx_max = MAX(4u, c->sk.sndbuf / 1400);
    while (scale < 14 && c->sk.rcvbuf >> scale > 0xffff)
        scale++;
    if (c->ep.state == TCP_CLOSE || c->ep.state == TCP_LISTEN)
        c->rcv_wscale = scale; /* for good, once a SYN has told it (RFC 7323 §2.2) */
    c->rcv_wnd_max = 0xffffu << c->rcv_wscale;
    if (c->window_clamp)
        c->rcv_wnd_max = MIN(c->rcv_wnd_max, c->window_clamp);
    c->rcv_wnd_full = MIN(c->rcv_wnd_max, c->sk.rcvbuf);
    c->rcv_wnd_slack = MIN((u32)c->mss, c->rcv_wnd_full / 2);
}

struct tcp_sock *tcp_new(struct net *n, int file_flags)
{
    struct tcp_sock *c = heap_new(sizeof(*c));

    if (!c)
        return NULL;
    if (sock_init(&c->sk, n, &tcp_sock_ops, SOCK_STREAM, file_flags) != 0) {
        heap_free(c);
        return NULL;
    }
    c->net = n;
    c->ep.state = TCP_CLOSE;
    c->ep.flow = &c->sk.flow;
    c->mss = TCP_MSS_UNTOLD;
    c->keep_idle_s = 7200;
    c->keep_intvl_s = 75;
    c->keep_cnt = 9;
    c->syn_retries = TCP_SYN_RETRIES;
    c->linger2_s = TCP_FIN_WAIT2_S;
    c->notsent_lowat = UINT32_MAX;
    tcp_set_bufs(c);
    timer_init(&c->timer, tcp_timer_fire);
    c->tx_wait.resume = tcp_blocked_resume;
    list_init(&c->tx_wait.node);
    list_init(&c->mem_node);
    list_init(&c->children);
    list_init(&c->accept_q);
    list_init(&c->child_node);
    return c;
}

void tcp_inherit(struct tcp_sock *c, const struct tcp_sock *l)
{
    struct sock *a = &c->sk;
    const struct sock *b = &l->sk;

    a->domain = b->domain;
    a->v6only = b->v6only;
    a->tos = b->tos;
    a->ttl = b->ttl;
    a->reuse_addr = b->reuse_addr;
    a->reuse_port = b->reuse_port;
    a->keepalive = b->keepalive;
    a->oob_inline = b->oob_inline;
    a->linger = b->linger;
    a->linger_sec = b->linger_sec;
    a->rcvbuf = b->rcvbuf;
    a->sndbuf = b->sndbuf;
    a->rcvtimeo_ns = b->rcvtimeo_ns;
    a->sndtimeo_ns = b->sndtimeo_ns;
    memcpy(&c->keep_idle_s, &l->keep_idle_s,
           offsetof(struct tcp_sock, syn_retries) - offsetof(struct tcp_sock, keep_idle_s));
    tcp_set_bufs(c);
    if (unlikely(b->ops != &tcp_sock_ops) && sock_more_inherit)
        sock_more_inherit(a, b);
}

void tcp_set_mss(struct tcp_sock *c, u32 mtu_bytes)
{
    u32 mss = mtu_bytes - ip_hdr_bytes(&c->sk.flow.remote) - TCP_HDR_BYTES;

    mss = MIN(mss, MAX(c->peer_mss, TCP_MSS_MIN));
    if (c->user_mss)
        mss = MIN(mss, c->user_mss);
    if (c->has_ts) /* RFC 6691: options are at the segment's expense */
        mss -= TCP_TS_BYTES;
    c->mss = (u16)MIN(mss, TCP_PAYLOAD_MAX);
    c->rcv_wnd_slack = MIN((u32)c->mss, c->rcv_wnd_full / 2);
}

void tcp_narrow(struct tcp_sock *c, u32 mtu_bytes)
{
    tcp_set_mss(c, mtu_bytes);
    c->narrow_end_ns = c->net->now_ns + TCP_NARROW_NS;
    tcp_rack_too_big(c);
}

void tcp_free(struct tcp_sock *c)
{
    tcp_tx_purge(c);
    tcp_rx_purge(c);
    timer_cancel(&c->timer);
    list_remove(&c->tx_wait.node);
    list_remove(&c->mem_node);
    sock_fini(&c->sk);
    heap_free(c);
}

/* Out of the table, nothing more to send: what is left is for the service to read. */
static void detach(struct tcp_sock *c)
{
    if (c->ep.state != TCP_CLOSE && c->ep.state != TCP_LISTEN && !c->is_waiting_addr)
        tcp_unhash(c->net, &c->ep);
    c->ep.state = TCP_CLOSE;
    c->is_waiting_addr = c->syn_is_due = c->sk.is_connected = false;
    c->sk.shut = SHUT_RD_BIT | SHUT_WR_BIT;
    c->rtx_at = c->ack_at = c->keep_at = 0;
    timer_cancel(&c->timer);
    list_remove(&c->tx_wait.node);
    list_remove(&c->mem_node);
    port_unbind(&c->sk);
    tcp_tx_purge(c);
    rx_list_purge(c->net->tcp_table, &c->ooo);
    c->ooo_bytes = 0;
}

void tcp_done(struct tcp_sock *c, int err)
{
    struct tcp_sock *l = c->parent;

    c->net->stats.tcp_ended[c->ep.state]++;
    detach(c);
    if (l && !c->is_in_accept_q) { /* half-open: the service never hears of it */
        l->n_syn--;
        list_remove(&c->child_node);
        tcp_free(c);
        return;
    }
    if (c->is_orphan) {
        c->net->tcp_table->n_orphans--;
        tcp_free(c);
        return;
    }
    if (err)
        c->sk.err = err;
    file_notify(&c->sk.file, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLHUP |
                                 EPOLLRDHUP | (err ? EPOLLERR : 0));
}

void tcp_time_wait(struct tcp_sock *c)
{
    struct net *n = c->net;

    tcp_unhash(n, &c->ep);
    tcp_tw_add(c);
    c->ep.state = TCP_CLOSE; /* already out of the table */
    tcp_done(c, 0);
}

void tcp_abort(struct tcp_sock *c, int err)
{
    if (c->ep.state != TCP_SYN_SENT && c->ep.state != TCP_CLOSE && c->ep.state != TCP_LISTEN) {
        c->net->stats.tcp_rst_out++;
        tcp_send_empty(c, c->snd_nxt, TCP_F_RST | TCP_F_ACK);
    }
    tcp_done(c, err);
}

void tcp_send_fin(struct tcp_sock *c)
{
    c->fin_queued = true;
    c->sk.shut |= SHUT_WR_BIT;
    c->ep.state = c->ep.state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT1;
    tcp_output(c);
}

void tcp_fin_wait2(struct tcp_sock *c)
{
    if (c->linger2_s == UINT32_MAX)
        tcp_abort(c, 0);
    else
        tcp_arm_at(c, c->keep_at = c->net->now_ns + c->linger2_s * NSEC_PER_SEC);
}

/* Everybody a listener has not handed out yet. */
static void listener_drop(struct tcp_sock *l)
{
    while (!list_empty(&l->children))
        tcp_abort(list_first(&l->children, struct tcp_sock, child_node), 0);
    while (!list_empty(&l->accept_q)) {
        struct tcp_sock *c = list_first(&l->accept_q, struct tcp_sock, child_node);
        list_remove(&c->child_node);
        c->parent = NULL;
        c->is_orphan = true;
        l->net->tcp_table->n_orphans++;
        tcp_abort(c, 0);
    }
    l->n_accept = 0;
}

void tcp_listener_close(struct tcp_sock *l)
{
    listener_drop(l);
    l->sk.is_listening = false;
    detach(l);
    l->sk.flow.lport = 0;
}

/* The last descriptor is closed (RFC 9293 §3.10.4; close(2), SO_LINGER in socket(7)). */
void tcp_release(struct sock *sk)
{
    struct tcp_sock *c = tcp_of(sk);
    struct net *n = sk->net;
    struct tcp_table *t = n->tcp_table;
    bool had_unread = c->rcv_bytes || c->ooo;

    n->now_ns = net_now_slow(n);
    if (c->ep.state == TCP_LISTEN)
        listener_drop(c);
    tcp_rx_purge(c);
    c->is_orphan = true;
    t->n_orphans++;
    switch (c->ep.state) {
    case TCP_CLOSE:
    case TCP_LISTEN:
    case TCP_SYN_SENT:
        tcp_done(c, 0);
        return;
    case TCP_SYN_RECV:
        tcp_abort(c, 0);
        return;
    }
    /* RFC 2525 §2.17: data nobody has read is answered with a reset; RFC 9293 §3.10.5: ABORT */
    if (had_unread || (sk->linger && !sk->linger_sec) || t->n_orphans > n->limits.n_orphans) {
        if (t->n_orphans > n->limits.n_orphans)
            n->stats.tcp_orphans_cut++;
        tcp_abort(c, 0);
        return;
    }
    c->keep_at = 0;
    c->n_retries = 0;
    switch (c->ep.state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
        tcp_send_fin(c);
        break;
    case TCP_FIN_WAIT2:
        tcp_fin_wait2(c);
        break;
    }
}
