/*
 * Connections that we open, until the peer has answered. The rest of TCP comes here through struct
 * tcp_table, where tcp_connect() enters it: a service that only listens does not link it.
 */
#include "net/tcp.h"

#include <errno.h>

/* A local port that makes the flow unique (RFC 6056 §3.3.1). It is not entered into the port table:
 * other connections may share it. */
static bool pick_port(struct tcp_sock *c)
{
    struct net *n = c->net;
    struct ip_flow *f = &c->sk.flow;
    u32 range = PORT_LAST - PORT_FIRST + 1;
    u32 start = (u32)(net_random64() % range);

    for (u32 i = 0; i < range; i++) {
        f->lport = be16(PORT_FIRST + (start + i) % range);
        if (!port_is_taken(&n->tcp_table->ports, f->lport) &&
            !tcp_find(n, &f->local, &f->remote, tcp_ports(f)))
            return true;
    }
    f->lport = 0;
    return false;
}

void tcp_start_connect(struct tcp_sock *c)
{
    struct sock *sk = &c->sk;
    struct net *n = c->net;
    struct ip_route rt;
    int err = ip_route(n, &sk->flow.remote, &rt);

    if (err == -EAGAIN && n->now_ns < n->acquire_end_ns) {
        c->is_waiting_addr = true;
        c->rtx_at = n->acquire_end_ns;
        c->rtx_kind = TCP_RTX_TIMEOUT;
        tcp_arm_at(c, c->rtx_at);
        net_block(n, &c->tx_wait);
        return;
    }
    if (err) {
        tcp_done(c, err == -EAGAIN ? ENETUNREACH : -err);
        return;
    }
    if (ip_addr_is_any(&sk->flow.remote))
        sk->flow.remote = rt.src;
    if (!sk->has_addr)
        sk->flow.local = rt.src;
    if (!sk->flow.lport && !pick_port(c)) {
        tcp_done(c, EADDRNOTAVAIL);
        return;
    }
    if (tcp_find(n, &sk->flow.local, &sk->flow.remote, tcp_ports(&sk->flow))) {
        tcp_done(c, EADDRNOTAVAIL);
        return;
    }
    c->is_waiting_addr = false;
    c->nif = rt.nif;
    c->rtx_at = 0;
    c->has_ts = c->has_sack = c->has_ecn = true;
    c->wscale_ok = true;
    c->iss = tcp_iss(n, &sk->flow);
    c->ts_offset = (u32)tcp_secret(n, &sk->flow, 1);
    c->snd_una = c->iss;
    c->snd_nxt = c->write_seq = c->small_end = c->recover = c->fack = c->reo_round = c->iss + 1;
    c->progress_ns = c->last_rx_ns = n->now_ns;
    n->stats.tcp_active_opens++;
    tcp_hash(n, &c->ep);
    tcp_send_syn(c);
    if (c->ep.state == TCP_SYN_SENT)
        tcp_rtx_start(c);
}

void tcp_syn_sent_input(struct tcp_sock *c, struct tcp_in *s)
{
    struct net *n = c->net;
    bool has_ack = s->flags & TCP_F_ACK;

    if (has_ack && s->ack != c->snd_nxt) {
        if (!(s->flags & TCP_F_RST)) {
            n->stats.tcp_rst_out++;
            tcp_send_raw(n, &c->sk.flow, s->ack, 0, TCP_F_RST, 0, NULL);
        }
        return;
    }
    if (s->flags & TCP_F_RST) {
        if (has_ack) {
            n->stats.tcp_resets_in++;
            tcp_done(c, ECONNREFUSED);
        }
        return;
    }
    if (!(s->flags & TCP_F_SYN))
        return;
    c->irs = s->seq;
    c->rcv_nxt = s->seq + 1;
    c->rcv_adv = c->rcv_nxt + MIN(c->sk.rcvbuf, 0xffffu);
    c->has_ts = c->has_ts && s->has_ts;
    c->has_sack = s->has_sack;
    c->has_ecn = c->has_ecn && (s->flags & (TCP_F_ECE | TCP_F_CWR)) == TCP_F_ECE;
    c->wscale_ok = s->has_wscale;
    c->snd_wscale = s->wscale;
    if (!s->has_wscale)
        c->rcv_wscale = 0;
    tcp_set_bufs(c);
    if (c->has_ts)
        tcp_note_ts(c, s);
    c->peer_mss = s->mss ? s->mss : TCP_MSS_UNTOLD;
    c->hdr_generation = 0;
    tcp_set_mss(c, c->nif->mtu_bytes);
    c->snd_wnd = c->max_wnd = s->wnd; /* in a SYN it is not scaled */
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    if (has_ack) {
        c->snd_una = s->ack;
        if (!c->n_retries)
            tcp_rtt_sample(c, (n->now_ns - c->progress_ns) / 1024);
        c->ack_now = true;
        tcp_established(c);
        tcp_output(c);
        return;
    }
    c->ep.state = TCP_SYN_RECV; /* simultaneous open */
    tcp_send_syn(c);
    tcp_rtx_start(c);
}
