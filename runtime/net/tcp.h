/*
 * TCP (RFC 9293), inside. tcp.c has the table and closes, tcp_open.c and tcp_listen.c open,
 * tcp_in.c and tcp_out.c move segments, tcp_seg.c puts headers on them, tcp_ctl.c sends those
 * without text, tcp_rcv.c keeps what has come, tcp_timer.c waits, tcp_rack.c finds what is lost,
 * tcp_cong.c decides how much may be on its way, tcp_tw.c remembers the dead, tcp_sock.c is the
 * service's side.
 *
 * Everything is in host byte order except struct ip_flow and the header template.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <netinet/tcp.h> /* TCP_ESTABLISHED …, TCP_CA_Open …, struct tcp_info: all as Linux has it */

#include "net/ip.h"
#include "net/sock_impl.h"

#define SEQ_LT(a, b)       ((s32)((u32)(a) - (u32)(b)) < 0)
#define SEQ_LEQ(a, b)      ((s32)((u32)(a) - (u32)(b)) <= 0)
#define SEQ_GT(a, b)       SEQ_LT(b, a)
#define SEQ_GEQ(a, b)      SEQ_LEQ(b, a)
#define MIN_SEQ(a, b)      (SEQ_LT(a, b) ? (a) : (b))

/* Where payload starts in the storage of a packet we send: room for all headers with all options
 * in front, and aligned for the copy. */
#define TCP_PAYLOAD_AT     112
#define TCP_PAYLOAD_MAX    (PKT_STORAGE_BYTES - sizeof(struct pkt) - TCP_PAYLOAD_AT)
#define TCP_TS_BYTES       12 /* timestamps option with its two NOPs */
#define TCP_HDRS_MAX       (ETH_HDR_BYTES + IP6_HDR_BYTES + TCP_HDR_BYTES + TCP_TS_BYTES)
#define TCP_TEMPLATE_BYTES ((TCP_HDRS_MAX + 7) & ~7)

#define TCP_MSS_UNTOLD     536     /* RFC 9293 §3.7.1 */
#define TCP_MSS_MIN        88      /* below it a peer only wants us to send many small packets */
#define TCP_PROBE_MIN_US   10000u  /* no probe for a peer that was not scheduled */
#define TCP_PEER_DELACK_US 200000u /* RFC 8985 §7.2 */
#define TCP_MIN_RTT_NS     (300 * NSEC_PER_SEC) /* RFC 8985 §6.1: the minimum of a window of time */
#define TCP_NARROW_NS      (600 * NSEC_PER_SEC) /* RFC 1191 §6.3 */
#define TCP_RTO_MIN_US     200000u
#define TCP_RTO_INIT_US    1000000 /* RFC 6298 §2.1 */
#define TCP_RTO_MAX_US     120000000
#define TCP_DELACK_NS      (40 * NSEC_PER_MSEC) /* RFC 9293 §3.8.6.3: below 0.5 s */
#define TCP_TIME_WAIT_NS   (60 * NSEC_PER_SEC)  /* 2 MSL, as Linux */
#define TCP_FIN_WAIT2_S    60
#define TCP_SYN_RETRIES    6
#define TCP_SYNACK_RETRIES 5
#define TCP_RETRIES        15
#define TCP_ORPHAN_RETRIES 7
#define TCP_SACK_BLOCKS    4
#define TCP_PAWS_IDLE_NS   (24 * 24 * 3600 * NSEC_PER_SEC) /* RFC 7323 §5.5 */

/* In pkt.scratch of a packet in the send queue. */
struct tx_seg {
    u64 sent_ns; /* when it last left */
    u32 seq;
    u32 sum; /* partial checksum of the payload, if is_summed */
    u16 len; /* payload bytes */
    u16 at;  /* where the payload starts in pkt.buf */
    u8 n_sent;
    u8 marks;                          /* BIT(SEG_…) */
    bool is_summed;                    /* not where a device sums */
} __attribute__((packed, aligned(4))); /* as pkt.scratch is */

/* In tcp_in.flags beside those of the header: the packet has met congestion (RFC 3168 §5). */
#define TCP_F_CE   0x100
/* It has SACK blocks; to emit(): the payload leaves for the first time. */
#define TCP_F_SACK 0x200
#define TCP_F_NEW  0x400

#define SEG_SACKED 0 /* the peer has it, beyond a gap */
#define SEG_LOST   1 /* it must be sent again, and has not been yet */

/* In pkt.scratch of a received packet: data and len_bytes are the payload. */
struct rx_seg {
    u32 seq;
    bool has_fin;
    bool is_compact; /* from the heap, not from the pool */
};
_Static_assert(sizeof(struct tx_seg) <= sizeof(((struct pkt *)0)->scratch), "fits");

static inline struct tx_seg *tx_seg(struct pkt *p)
{
    return (struct tx_seg *)(void *)p->scratch;
}
static inline struct rx_seg *rx_seg(struct pkt *p)
{
    return (struct rx_seg *)(void *)p->scratch;
}

/* A segment taken apart. */
struct tcp_in {
    u32 seq, ack, wnd; /* wnd as in the header, not scaled */
    u32 len;           /* payload bytes */
    u16 flags;         /* TCP_F_…, without URG: that is read in line (RFC 6093 §6) */
    bool has_ts, has_wscale, has_sack;
    u8 wscale;
    u8 n_blocks;      /* with TCP_F_SACK: blocks, of two big-endian words, … */
    const u8 *blocks; /* … in the segment */
    u16 mss;          /* 0 = no option */
    u32 ts_val, ts_ecr;
};

/* What the connection table holds: a connection, or the memory of one (struct tcp_tw). */
struct tcp_ep {
    u8 state;  /* TCP_TIME_WAIT: a struct tcp_tw */
    u32 ports; /* tcp_ports(flow) */
    struct ip_flow *flow;
    struct tcp_ep *hash_next;
};

struct tcp_tw {
    struct tcp_ep ep;
    struct list node; /* oldest first: all wait equally long */
    struct ip_flow flow;
    u64 end_ns;
    u32 snd_nxt, rcv_nxt, rcv_wnd, ts_recent, ts_offset;
    u8 rcv_wscale;
    bool has_ts;
};

/*
 * A connection. First what most of the code uses: up to 127 an offset is a byte in an instruction,
 * behind that four. A new field goes behind sk, unless it is used more than what it pushes there.
 */
struct tcp_sock {
    struct net *net; /* sk.net */
    u32 ts_recent, ts_offset;
    struct pkt *tx_head, *tx_next; /* sent and unsent, in order of seq; first one never sent */
    struct pkt *ooo;               /* out of order, by seq, no overlaps */
    u32 snd_una, snd_nxt;
    u32 snd_wnd, cwnd;
    u32 sacked_bytes, lost_bytes; /* of what is between una and nxt: not in the network any more */
    u32 n_sacked;                 /* segments; without SACK: duplicate ACKs */
    u32 recover;                  /* snd_nxt when the window was last reduced */
    u32 write_seq;                /* seq after the last byte queued: our FIN's, if there is one */
    u32 n_tx;                     /* packets queued to be sent */
    u32 rcv_nxt, rcv_adv;         /* rcv_adv: right edge of the window the peer knows */
    u32 rcv_bytes;                /* in rcv_head: what the service may read */
    u32 srtt8_us;                 /* SRTT of RFC 6298, times 8; 0 = no sample yet */
    u32 hdr_generation;           /* of the ARP cache when hdr was made; 0 = make it anew */
    u16 mss;                      /* payload bytes of a full segment we send */
    u8 rcv_wscale;
    u8 hdr_len, ip_len; /* IP and TCP header, options included; the IP header of it */
    u8 ca_state;        /* TCP_CA_…: Open, and everything is as it should be */
    u8 n_retries;       /* RTOs or probes since the last progress */
    u8 rtx_kind;        /* TCP_RTX_… */
    u8 frto;            /* was the timeout one? TCP_FRTO_… */
    bool frto_has_orig; /* what was sent before it and not again has arrived since frto changed */
    bool has_ts, has_sack; /* agreed on: both SYNs had the option; */
    bool has_ecn;          /* their flags (RFC 3168) */
    bool cwr_due;          /* CWR goes with the next new data */
    bool ack_now;          /* an ACK must go out */
    u8 n_unacked;          /* full segments received since our last ACK */
    bool force_small;      /* a held-back small segment has waited long enough */
    bool fin_queued;       /* our FIN follows the last byte of the send queue */
    bool has_tlp;          /* a probe is out, ending at tlp_end */
    bool is_orphan;        /* no descriptor: frees itself */
    struct tcp_ep ep;      /* its state is the last thing in reach */
    struct sock sk;

    u64 rtx_at, ack_at; /* see timer */
    u64 progress_ns;
    struct netif *nif;
    struct pkt *rcv_head, *rcv_tail;
    struct pkt *tx_tail;
    u32 tx_max;    /* packets that may be queued to be sent */
    u32 small_end; /* end of the last segment sent that was not full (Nagle) */
    u32 ssthresh, max_wnd;
    u32 snd_wl1, snd_wl2;
    u32 rcv_wnd_full;  /* with nothing to read: the lesser of the buffer and … */
    u32 rcv_wnd_max;   /* … what the window may be at most: the field, or the service's word */
    u32 rcv_wnd_slack; /* less than that behind rcv_wnd_full: not worth moving the edge */
    u8 snd_wscale;
    bool no_space;       /* a writer was told to wait */
    bool more;           /* MSG_MORE of the last send */
    bool got_fin;        /* the peer's FIN has arrived, in order */
    bool has_ce;         /* congestion was met: said in each ACK until CWR comes */
    u32 ip_sum, tcp_sum; /* of the template's fixed part, */
    u32 pseudo_sum;      /* and of the pseudo-header without the length */
    /* Ethernet, IP, TCP: the parts that never change; ends at the end, so that whole words copied
     * from its back never reach into the payload. */
    u8 hdr[TCP_TEMPLATE_BYTES] __attribute__((aligned(8)));

    u32 ooo_bytes; /* of memory that ooo holds: tcp_rx_cost() of each */
    u32 iss, irs;
    u32 rttvar4_us;    /* RTTVAR of RFC 6298, times 4 */
    u32 min_rtt_us;    /* of the last minutes; 0 = none yet */
    u64 min_rtt_ns;    /* when that was */
    u64 narrow_end_ns; /* the MSS is for a smaller MTU than the interface's; 0 = it is not */

    /* Loss detection, tcp_rack.c */
    u64 rack_sent_ns;          /* of what has arrived, the one sent last: when, */
    u32 rack_end, rack_rtt_us; /* its end, and how long that took */
    u32 fack;                  /* end of the highest that has arrived */
    u32 reo_round;             /* reo_mult does not grow before this is acknowledged */
    u8 reo_mult, reo_persist;  /* patience with reordering, min_rtt / 4; recoveries it lasts */
    bool has_reordering;       /* has been seen */
    bool is_tlp_resent;        /* the probe was sent before */
    u32 tlp_end;
    u32 n_resent;                           /* segments, ever */
    u32 prr_flight, prr_delivered, prr_out; /* RFC 6937, since recovery began */
    u32 frto_ts;                            /* our clock when it fired */

    /* Congestion control, tcp_cong.c */
    u32 partial_acked;         /* Reno: bytes since cwnd last grew */
    u32 cubic_max, cubic_reno; /* W_max, W_est of RFC 9438, bytes */
    u32 cubic_prior;           /* cwnd before it was last reduced */
    u32 cubic_k_ms;
    u64 cubic_ns, cubic_idle_ns; /* epoch, 0 = none; when cwnd last counted */
    u32 undo_ssthresh, undo_max; /* before a timeout reduced: ssthresh, cubic_max, */
    u64 undo_ns;                 /* and cubic_ns */
    u16 peer_mss;
    s32 soft_err;    /* positive errno: why it may have failed, if it does */
    bool syn_is_due; /* our SYN could not leave yet */
    bool wscale_ok;  /* the peer's SYN had the option */
    bool has_dsack;  /* dsack: what came twice, not told yet */
    u8 n_recent;
    u32 recent[TCP_SACK_BLOCKS]; /* a byte of each block in ooo, the latest first */
    u32 dsack[2];
    bool was_connected;   /* has been ESTABLISHED */
    bool is_trying;       /* connect() has begun, and not said how that ended */
    bool is_told;         /* it, or accept(), has said that it is connected */
    bool is_waiting_addr; /* connect() before DHCP was done */
    u64 challenge_ns;     /* no second challenge ACK before */
    u64 last_rx_ns, ts_recent_ns;

    /* One timer, rearmed only to fire earlier; when it fires it looks which of rtx_at,
     * ack_at and keep_at is due. 0 = off */
    struct timer timer;
    u64 keep_at;
    u32 n_keep;

    /* What the service has asked for (tcp_opt.c), and what an accepted connection takes over from
     * its listener: from keep_idle_s to is_reno. */
    u32 keep_idle_s, keep_intvl_s, keep_cnt, user_timeout_ms;
    u32 user_mss;      /* 0 = not said */
    u32 notsent_lowat; /* bytes not sent yet beyond which it is not writable */
    u32 linger2_s;     /* in FIN-WAIT-2 without a descriptor; UINT32_MAX: it does not wait */
    u32 window_clamp;  /* bytes; 0 = none */
    u32 fastopen;
    bool nodelay, cork, quickack, is_reno;

    u32 syn_retries;
    u32 defer_tries; /* of a listener: SYN|ACKs until a connection counts without data */

    struct tx_waiter tx_wait; /* for the ring, ARP or an address */
    struct list mem_node;     /* for packets: net-wide list */

    /* listener */
    struct list children; /* of a listener: half-open, then accept queue, by child_node */
    struct list accept_q;
    u32 backlog, n_syn, n_accept;
    struct tcp_sock *parent; /* of a child not yet accepted */
    struct list child_node;
    bool is_in_accept_q;
};

_Static_assert(offsetof(struct tcp_sock, ep.state) < 128, "in reach");

struct tcp_table {
    struct tcp_ep **buckets;
    struct list time_waits, mem_waiters;
    struct timer tw_timer;
    struct net *net;
    u64 cookie_ns; /* when the last SYN cookie was sent; 0 = never */
    u32 n_tw, n_orphans;
    u32 n_tx, n_rx;       /* packets in all send queues; in all receive and reassembly queues */
    u32 rx_compact_bytes; /* heap behind the receive queues */
    /* tcp_open.c and tcp_listen.c, where connect(2) and listen(2) are linked. */
    void (*start_connect)(struct tcp_sock *c);
    void (*syn_sent_input)(struct tcp_sock *c, struct tcp_in *s);
    struct tcp_sock *(*listen_input)(struct tcp_sock *l, const struct ip_flow *f,
                                     const struct tcp_in *s, u32 iss);
    struct port_table ports;
};

static inline struct tcp_sock *tcp_of(struct sock *sk)
{
    return CONTAINER_OF(sk, struct tcp_sock, sk);
}

/* Something waits to be sent: data, or our FIN (again, after a timeout). */
static inline bool tcp_has_unsent(const struct tcp_sock *c)
{
    return c->tx_next || (c->fin_queued && c->snd_nxt == c->write_seq);
}

/* Bytes in the network, as far as we know (RFC 6675 calls it pipe). */
static inline u32 tcp_in_flight(const struct tcp_sock *c)
{
    return c->snd_nxt - c->snd_una - c->sacked_bytes - c->lost_bytes;
}

static inline bool tcp_fin_is_acked(const struct tcp_sock *c)
{
    return c->fin_queued && c->snd_una == c->write_seq + 1;
}

/* The state of a connection that has not reduced its window. */
static inline u8 tcp_calm_state(const struct tcp_sock *c)
{
    return c->n_sacked || c->lost_bytes ? TCP_CA_Disorder : TCP_CA_Open;
}

static inline u32 tcp_srtt_us(const struct tcp_sock *c)
{
    return c->srtt8_us / 8;
}

/* RFC 6298 §2, without its backing off. As Linux, the variance part is never below the least RTO: a
 * quiet path still may hiccup. */
static inline u32 tcp_rto_us(const struct tcp_sock *c)
{
    if (unlikely(!c->srtt8_us))
        return TCP_RTO_INIT_US;
    return c->srtt8_us / 8 + MAX(c->rttvar4_us, TCP_RTO_MIN_US);
}

static inline void tcp_put32(u8 *o, u32 v)
{
    store32(o, be32(v));
}

static inline u32 tcp_ts_now(const struct tcp_sock *c)
{
    return (u32)(c->net->now_ns >> 20) + c->ts_offset; /* about a millisecond, RFC 7323 §5.4 */
}

/* --- tcp.c --- */
int tcp_init(struct net *n);
void tcp_hash(struct net *n, struct tcp_ep *ep);
void tcp_unhash(struct net *n, struct tcp_ep *ep);
struct tcp_ep *tcp_find(struct net *n, const struct ip_addr *local, const struct ip_addr *remote,
                        u32 ports);

/* lport and rport as they lie in memory: one word to compare. */
static inline u32 tcp_ports(const struct ip_flow *f)
{
    return f->lport | (u32)f->rport << 16;
}
struct tcp_sock *tcp_find_listener(struct net *n, const struct ip_addr *local, u16 lport);
struct tcp_sock *tcp_new(struct net *n, int file_flags);
/* Options a new connection takes over from its listener. */
void tcp_inherit(struct tcp_sock *c, const struct tcp_sock *l);
void tcp_free(struct tcp_sock *c);
/* A number nobody outside can guess, of the addresses and @what (0 and 1 are no ports). */
u64 tcp_secret(struct net *n, const struct ip_flow *f, u32 what);
u32 tcp_iss(struct net *n, const struct ip_flow *f);
/* Begin to close from our side: the FIN follows what is queued. */
void tcp_send_fin(struct tcp_sock *c);
/* The connection is over. @err positive errno for the service, 0 none. An orphan is freed: the
 * caller does not touch @c again. */
void tcp_done(struct tcp_sock *c, int err);
/* Our FIN is acknowledged and the peer's received: move to TIME-WAIT; then as tcp_done(). */
void tcp_time_wait(struct tcp_sock *c);
/* An orphan whose FIN is acknowledged: how long it waits for the peer's. As tcp_done(). */
void tcp_fin_wait2(struct tcp_sock *c);
/* Send RST, then as tcp_done(). */
void tcp_abort(struct tcp_sock *c, int err);
void tcp_tx_purge(struct tcp_sock *c);
void tcp_rx_purge(struct tcp_sock *c);
/* A buffer's size, the clamp or the window scale has changed. */
void tcp_set_bufs(struct tcp_sock *c);
void tcp_release(struct sock *sk);
void tcp_listener_close(struct tcp_sock *l);
void tcp_rx_put(struct tcp_table *t, struct pkt *p);
static inline void tcp_tx_put(struct tcp_table *t, struct pkt *p)
{
    t->n_tx--;
    pkt_put(p);
}
void tcp_mem_wake(struct tcp_table *t);
bool tcp_tx_has_room(const struct tcp_sock *c);
bool tcp_is_writable(const struct tcp_sock *c);
void tcp_set_mss(struct tcp_sock *c, u32 mtu_bytes);
/* The way takes no more than that, for now: what is larger is sent again in smaller segments. */
void tcp_narrow(struct tcp_sock *c, u32 mtu_bytes);

/* --- tcp_finish.c --- */
/* Close every socket as the end of a process does: FIN behind what is queued; a reset where
 * something was not read, or not yet accepted. Nothing of the service runs any more. */
void tcp_finish(struct net *n);
/* Bytes, FINs among them, that peers have not acknowledged. */
u64 tcp_n_owed(const struct net *n);

/* --- tcp_sock.c --- */
extern const struct sock_ops tcp_sock_ops;

/* --- tcp_opt*.c: each linked or not, and then NULL --- */
/* IPPROTO_TCP: a flag; any that is a number. Return 0; -ENOPROTOOPT -EINVAL */
int tcp_setopt_flag(struct tcp_sock *c, int name, int val);
int tcp_setopt_any(struct tcp_sock *c, int name, int val);
int tcp_setopt_raw(struct sock *sk, int level, int name, const void *val, u32 len);
int tcp_getopt(struct sock *sk, int level, int name, void *val, u32 *len);
/* A number kept in the connection: a byte (a truth), or a word with its limits. */
struct tcp_num_opt {
    u8 name;
    bool is_bool;
    u16 at, min, max; /* offset; of a word: what it may be, max 0 = anything */
};
const struct tcp_num_opt *tcp_num_opt(int name); /* NULL: no such option */

/* --- tcp_open.c: through struct tcp_table, so that only tcp_connect() links it --- */
/* Choose what is not chosen yet and send the SYN; again when an address has come. */
void tcp_start_connect(struct tcp_sock *c);
/* A segment in SYN-SENT, without its payload (RFC 9293 §3.10.7.3). */
void tcp_syn_sent_input(struct tcp_sock *c, struct tcp_in *s);

/* --- tcp_in.c --- */
extern const struct ip_proto tcp_proto;
/* The peer has acknowledged our SYN. Returns false if the segment is to be ignored. */
bool tcp_established(struct tcp_sock *c);

/* RFC 7323 §4.3: echoed is the first segment that our next ACK covers. A delayed ACK is on its way
 * only if something has come since the last one. */
static inline void tcp_note_ts(struct tcp_sock *c, const struct tcp_in *s)
{
    if (c->ack_at)
        return;
    c->ts_recent = s->ts_val;
    c->ts_recent_ns = c->net->now_ns;
}

/* --- tcp_rcv.c --- */
/* As tcp_rx_keep() where the packet pool's share is used up: a copy on the heap, or NULL. */
struct pkt *tcp_rx_compact(struct net *n, struct pkt *p);
/* Make @p, just received, fit to be kept. Returns what to keep; NULL: no memory, @p is the
 * caller's. */
static inline struct pkt *tcp_rx_keep(struct net *n, struct pkt *p)
{
    struct tcp_table *t = n->tcp_table;

    rx_seg(p)->is_compact = false;
    if (unlikely(t->n_rx >= n->limits.rx_pkts))
        p = tcp_rx_compact(n, p);
    t->n_rx += p != NULL;
    return p;
}
/* The memory that a packet holds which is kept, bytes. */
static inline u32 tcp_rx_cost(const struct pkt *p)
{
    return (u32)sizeof(*p) + p->cap_bytes;
}
/* Put @p, which was kept, at the end of what the service may read. */
void tcp_rx_append(struct tcp_sock *c, struct pkt *p);
static inline void tcp_rx_queue(struct tcp_sock *c, struct pkt *p)
{
    if (unlikely(c->rcv_head)) {
        tcp_rx_append(c, p);
        return;
    }
    p->next = NULL;
    c->rcv_head = c->rcv_tail = p;
    c->rcv_bytes += p->len_bytes;
}
/* Take payload and FIN of a segment, in order or not. Owns @p. Returns false if the connection is
 * gone. */
bool tcp_take_text(struct tcp_sock *c, struct tcp_in *s, struct pkt *p);

/* @len bytes of text have come, in order: RFC 9293 §3.8.6.3, every second full segment is
 * acknowledged at once, others within 40 ms. */
void tcp_delay_ack(struct tcp_sock *c, u32 len);

/* --- tcp_parse.c --- */
/* Note in @s what the @len bytes of options at @o say; nonsense ends them. */
void tcp_parse_options(struct tcp_in *s, const u8 *o, u32 len);

/* --- tcp_sack.c --- */
/* Text at @seq has come out of order and is in c->ooo: the block to tell of first. */
void tcp_sack_note(struct tcp_sock *c, u32 seq);
/* Text from @seq up to @end has come again; told once. Nothing if it is empty. */
void tcp_dsack_note(struct tcp_sock *c, u32 seq, u32 end);
/* Write the SACK option, two NOPs in front, to @o: TCP_SACK_BLOCKS * 8 + 4 bytes at most. Returns
 * its length, 0 if there is nothing to tell. */
u32 tcp_sack_put(struct tcp_sock *c, u8 *o);

/* --- tcp_seg.c: one segment --- */
/**
 * Put headers in front of a packet of the send queue, or of one that tx_seg() tells about like
 * that, and hand the frame over.
 *
 * @p      with n_frags its payload is there, and tx_seg(p)->len all of that
 * @flags  of the header, and TCP_F_NEW
 * Returns 0; -ENOSPC, -EAGAIN, -EHOSTUNREACH, -ENETUNREACH: nothing sent
 */
int tcp_emit(struct tcp_sock *c, struct pkt *p, u32 flags);
/* How far the right edge could move now. */
u32 tcp_window_gain(const struct tcp_sock *c);
/* What to promise in a header. RFC 9293 §3.8.6.2.2: the edge moves by a segment or half the buffer,
 * or not at all. */
u16 tcp_window_move(struct tcp_sock *c);

/* --- tcp_ctl.c: the template, and segments without text --- */
/* Make the header template: route, MAC address, everything that stays, and the sums of it.
 * Returns 0; -EAGAIN while ARP or DHCP works on it; -EHOSTUNREACH, -ENETUNREACH. */
int tcp_template_make(struct tcp_sock *c);
/* That could not send now. Everybody who waits here tries again from tcp_blocked_resume(). */
void tcp_emit_failed(struct tcp_sock *c, int err);
/* A packet that is not of the send queue, at @seq. NULL: no memory, and an ACK is due later. */
struct pkt *tcp_empty_pkt(struct tcp_sock *c, u32 seq);
void tcp_send_ack(struct tcp_sock *c);
/* A segment without data. @seq its sequence number. Returns 0 or -ENOSPC, -EAGAIN, -EHOSTUNREACH.
 */
int tcp_send_empty(struct tcp_sock *c, u32 seq, u32 flags);
/* An ACK in answer to something suspicious, at most two a second (RFC 5961 §7). */
void tcp_challenge_ack(struct tcp_sock *c);
/* SYN or SYN|ACK with its options, by state. */
void tcp_send_syn(struct tcp_sock *c);
/* A segment that belongs to no connection: RST or TIME-WAIT's ACK. */
void tcp_send_raw(struct net *n, const struct ip_flow *f, u32 seq, u32 ack, u8 flags, u32 wnd,
                  const u32 *ts);

/* --- tcp_out.c: the send queue --- */
/* Send what windows allow, or just an ACK if one is due. Needs net.now_ns fresh. */
void tcp_output(struct tcp_sock *c);
/* A packet without data at the end of the send queue. NULL if there is no room. */
struct pkt *tcp_queue_pkt(struct tcp_sock *c);
/* The prediction for what the service sends, when the connection is established: everything before
 * has left, and the @len bytes are one segment, not full, that may follow at once. Copies and sends
 * them; false: it is otherwise, and nothing has been done. Needs net.now_ns fresh. */
bool tcp_send_short(struct tcp_sock *c, const void *buf, size_t len);
/* Send again what is marked as lost, as far as cwnd and the window allow. @is_forced: its first
 * segment in any case; where nothing but our FIN is out, that. Returns false if something is left
 * to send, or could not leave now. */
bool tcp_retransmit(struct tcp_sock *c, bool is_forced);
/* A tail loss probe (RFC 8985 §7.3): a new segment if there is one, else the last one again.
 * Returns false if none could leave. */
bool tcp_send_probe(struct tcp_sock *c);
/* Cut a queued packet in two; the first keeps @len bytes. Returns false without memory. */
bool tcp_split(struct tcp_sock *c, struct pkt *p, u32 len);
void tcp_blocked_resume(struct tx_waiter *w);

/* --- tcp_timer.c --- */
void tcp_timer_fire(struct timer *t);
/* The connection's timer fires at @at_ns at the latest. */
void tcp_arm_at(struct tcp_sock *c, u64 at_ns);
/* What the retransmission timer is set for. */
enum { TCP_RTX_TIMEOUT, TCP_RTX_PROBE, TCP_RTX_REORDER, TCP_RTX_LOOK };
/* Start the retransmission timer as if at @from_ns. */
void tcp_rtx_start_at(struct tcp_sock *c, u64 from_ns);
/* (Re)start it from now. Of a segment alone in flight we only know at first that its time is not up
 * before the least there is; nearly always the ACK comes first (TCP_RTX_LOOK). */
void tcp_rtx_start(struct tcp_sock *c);
void tcp_rtt_sample(struct tcp_sock *c, u64 rtt_us);

/* --- tcp_rack.c: what has arrived, and what never will (RFC 2018, RFC 6675, RFC 8985) --- */

/* RFC 5682 §3.1: after a timeout its retransmission is out, then new data, and what comes back
 * tells whether the rest is lost. */
enum { TCP_FRTO_OFF, TCP_FRTO_RESENT, TCP_FRTO_NEW };
/* @p has been acknowledged, and is not one that was sent once and in order. Before it goes. */
void tcp_rack_acked(struct tcp_sock *c, struct pkt *p, const struct tcp_in *s);
/**
 * An ACK has come while something is missing, or that says so.
 *
 * @acked      bytes it acknowledges for the first time
 * @delivered  as much of that as no block had told of before
 * @is_dup     a duplicate ACK (RFC 5681 §2)
 */
void tcp_rack_ack(struct tcp_sock *c, const struct tcp_in *s, u32 acked, u32 delivered,
                  bool is_dup);
/* Mark what has been under way for too long. What may still come arms the timer. */
void tcp_rack_detect(struct tcp_sock *c);
/* What detect was waiting for has not come. */
void tcp_rack_late(struct tcp_sock *c);
/* The retransmission timer has fired: nothing that we believed about the network holds. */
void tcp_rack_timeout(struct tcp_sock *c);
/* Segments above the MSS must be sent again in smaller ones: the way has become narrower. */
void tcp_rack_too_big(struct tcp_sock *c);
/* An ACK has come while a probe is out. @is_dup: it has no news. */
void tcp_rack_probed(struct tcp_sock *c, bool is_dup);

/* --- tcp_cong.c: how much may be in flight (RFC 5681, RFC 9438, RFC 6937) --- */
void tcp_cong_init(struct tcp_sock *c);
/* @n_bytes have been delivered while cwnd was what limited us. */
void tcp_cong_acked(struct tcp_sock *c, u32 n_bytes);
/* Loss, or ECN's word of it: reduce once per window. @state: TCP_CA_CWR or TCP_CA_Recovery. */
void tcp_cong_reduce(struct tcp_sock *c, u8 state);
/* In those states: what may leave after @delivered more bytes have arrived. */
void tcp_cong_prr(struct tcp_sock *c, u32 delivered, bool is_first);
/* The window is acknowledged up to where it was reduced. */
void tcp_cong_recovered(struct tcp_sock *c);
void tcp_cong_timeout(struct tcp_sock *c);
/* The timeout was none: all is as before, but for a burst. @acked bytes tell us so. */
void tcp_cong_undo(struct tcp_sock *c, u32 acked);
/* Something is about to be sent, perhaps after a pause (RFC 5681 §4.1). */
void tcp_cong_idle(struct tcp_sock *c);

/* --- tcp_tw.c --- */
/* A segment for a connection in TIME-WAIT. Returns true if it may begin a new one (RFC 6191),
 * with a sequence number not below @iss. */
bool tcp_tw_input(struct net *n, struct tcp_tw *tw, const struct tcp_in *s, u32 *iss);
void tcp_tw_add(struct tcp_sock *c);
void tcp_tw_init(struct tcp_table *t);

/* --- tcp_listen.c: through struct tcp_table, so that only tcp_listen() links it --- */
/* A segment for a listener, without its payload. @iss is the one to use, or 0. Returns a new
 * connection that the segment is for as well, or NULL. */
struct tcp_sock *tcp_listen_input(struct tcp_sock *l, const struct ip_flow *f,
                                  const struct tcp_in *s, u32 iss);
