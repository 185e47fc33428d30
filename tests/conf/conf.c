/*
 * Plays one conformance case (tests/conf/README.md has the language) against the real stack, in
 * virtual time: says what the service and the peer do, and compares every segment the stack sends.
 *
 *      conf FILE.tcp
 *
 * Ends with 0, or with 1 after "FILE:LINE: what was wanted and what came".
 *
 * Long, yet one thing: the language, one short function a word. They share the flows, the queue of
 * segments and the clock, and nothing of it is for others.
 */
#include "net_rules.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/csum.h"
#include "net/ip6.h"
#include "net/tcp.h"

#define OUR_IP    be32(0x0a000001)
#define PEER_IP   be32(0x0a000002)
#define PEER_PORT 5000
#define N_FLOWS   64
#define N_SOCKS   16
#define N_QUEUED  4096
#define N_SACKS   4

struct seg {
    u64 at_ns; /* when it was sent */
    u32 seq, ack, len;
    u16 sport, dport, wnd, urgent, mss; /* mss 0 = no option */
    u8 flags, tos;
    int wscale; /* -1 = no option */
    bool has_ts, has_sackok, has_df;
    u32 ts_val, ts_ecr;
    unsigned n_sacks;
    u32 sacks[N_SACKS][2];
    u8 raw_opts[40];
    unsigned n_raw_opts;
    bool has_bad_sum;
    u32 piece; /* in fragments of that many bytes; 0 = whole */
    u32 chain; /* in packets of that many bytes; 0 = in one */
    char how;
    u8 data[9200];
};

/* What the peer knows about one of its connections; numbers in the script count from the ISNs. */
struct flow {
    u16 port, our_port; /* 0 = free, not known yet */
    u32 isn, iss;
    bool has_iss, has_ts;
    u32 seq, ack; /* next to send, next expected */
    u32 ts_last;  /* the stack's last TSval */
    u16 wnd;
};

static struct net net;
static struct host_dev dev;
static struct flow flows[N_FLOWS];
static struct seg queue[N_QUEUED]; /* what the stack has sent and no line has named yet */
static unsigned q_head, q_n;
static struct {
    char name[16];
    struct file *file;
    u32 n_sent, n_received; /* stream positions: what the bytes must be */
} socks[N_SOCKS];
static int current = -1;
static u32 peer_isn = 1000;
static u16 listen_port = 80;
static u64 start_ns, mark_ns;
static const char *file_name;
static unsigned line_no;
static char line_text[300];
static long pkts_before, heap_before, pages_before;

/* --- saying what is wrong --- */

static _Noreturn void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void wrong(const char *fmt, ...)
{
    va_list ap;

    printf("%s:%u: %s\n    at %.6f s: ", file_name, line_no, line_text,
           (double)(host_now_ns - start_ns) / 1e9);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    puts("");
    fflush(stdout);
    _exit(1);
}

static const char *flags_text(u8 flags)
{
    static char text[9];
    char *t = text;

    for (int i = 0; i < 8; i++)
        if (flags & "\x02\x10\x01\x04\x08\x20\x40\x80"[i])
            *t++ = "SAFRPUEC"[i];
    *t = '\0';
    return text;
}

static struct flow *flow_of(u16 port)
{
    for (struct flow *f = flows; f < flows + N_FLOWS; f++) {
        if (f->port == port)
            return f;
        if (!f->port) {
            *f = (struct flow){.port = port, .isn = peer_isn, .seq = peer_isn, .wnd = 65535};
            return f;
        }
    }
    wrong("too many flows");
}

static const char *seg_text(const struct seg *s)
{
    static char text[600];
    const struct flow *f = flow_of(s->dport);
    int n =
        snprintf(text, sizeof(text), "%s seq %u ack %u win %u len %u", flags_text(s->flags),
                 s->seq - f->iss, s->flags & TCP_F_ACK ? s->ack - f->isn : s->ack, s->wnd, s->len);

#define ADD(...) n += snprintf(text + n, sizeof(text) - (size_t)n, __VA_ARGS__)
    if (s->mss)
        ADD(" mss %u", s->mss);
    if (s->wscale >= 0)
        ADD(" wscale %d", s->wscale);
    if (s->has_sackok)
        ADD(" sackok");
    if (s->has_ts)
        ADD(" ts %u ecr %u", s->ts_val, s->ts_ecr);
    for (unsigned i = 0; i < s->n_sacks; i++)
        ADD(" sack %u-%u", s->sacks[i][0] - f->isn, s->sacks[i][1] - f->isn);
    if (s->tos)
        ADD(" tos %u", s->tos);
    if (s->dport != PEER_PORT)
        ADD(" to %u", s->dport);
    ADD("  (at %.6f s)", (double)(s->at_ns - start_ns) / 1e9);
    return text;
}

/* Every byte of a stream is a function of its position. */
static u8 byte_at(u32 at)
{
    return (u8)(at * 167 + (at >> 8) * 31 + 7);
}

/* --- the wire --- */

/* The packet in @f, of @len bytes behind its header, in pieces of at most @piece bytes. @how: r the
 * last one first, d each one twice, o each one with eight bytes of the next, which are others. */
static void give_fragments(const u8 *f, u32 len, u32 piece, char how)
{
    u32 n = (len + piece - 1) / piece;
    static u16 id;

    id++;
    for (u32 i = 0; i < n; i++) {
        static u8 g[2048];
        struct ip4_hdr *ip = (struct ip4_hdr *)(g + 14);
        u32 at = (how == 'r' ? n - 1 - i : i) * piece, k = MIN(piece, len - at);
        bool has_more = at + k < len;
        memset(g, 0xee, sizeof(g));
        memcpy(g, f, 34);
        memcpy(g + 34, f + 34 + at, k);
        k += how == 'o' && has_more ? 8 : 0;
        ip->id = id;
        ip->total_len = be16(20 + k);
        ip->frag = be16(at / 8 | (has_more ? IP4_MF : 0));
        ip->csum = 0;
        ip->csum = csum_finish(csum_add(ip, 20));
        for (u32 times = 0; times < (how == 'd' ? 2u : 1u); times++)
            host_dev_give(&dev, g, MAX(34 + k, 60u));
    }
    host_poll();
}

static void give(u8 proto, u8 tos, u8 *f, u32 len, u32 piece, char how, u32 chain)
{
    struct eth_hdr *eth = (struct eth_hdr *)f;
    struct ip4_hdr *ip = (struct ip4_hdr *)(eth + 1);
    struct ip_out out = {ip_addr_v4(PEER_IP), ip_addr_v4(OUR_IP), proto, tos, 0};

    memcpy(eth->dst, dev.nd.mac, 6);
    memcpy(eth->src, "\2\0\0\0\0\2", 6);
    eth->type = be16(ETH_TYPE_IPV4);
    ip4_fill(ip, &out, 20 + len);
    if (piece) {
        give_fragments(f, len, piece, how);
        return;
    }
    if (chain)
        host_dev_give_chain(&dev, f, 34 + len, chain);
    else
        host_dev_give(&dev, f, MAX(34 + len, 60u));
    host_poll();
}

static u8 *put32(u8 *o, u32 v)
{
    v = be32(v);
    memcpy(o, &v, 4);
    return o + 4;
}

static void send_seg(const struct seg *s)
{
    static u8 f[9400];
    struct tcp_hdr *th = (struct tcp_hdr *)(f + 34);
    u8 *o = (u8 *)(th + 1);
    struct ip_addr src = ip_addr_v4(PEER_IP), dst = ip_addr_v4(OUR_IP);
    u32 len;

    memset(f, 0, sizeof(f));
    th->sport = be16(s->sport);
    th->dport = be16(s->dport);
    th->seq = be32(s->seq);
    th->ack = be32(s->ack);
    th->flags = s->flags;
    th->window = be16(s->wnd);
    th->urgent = be16(s->urgent);
    if (s->mss)
        o = put32(o, 2u << 24 | 4u << 16 | s->mss);
    if (s->has_sackok)
        o = put32(o, 0x01010402);
    if (s->has_ts)
        o = put32(put32(put32(o, 0x0101080a), s->ts_val), s->ts_ecr);
    if (s->wscale >= 0)
        o = put32(o, 0x01030300u | (u32)s->wscale);
    if (s->n_sacks) {
        o = put32(o, 0x01010500u | (2 + 8 * s->n_sacks));
        for (unsigned i = 0; i < s->n_sacks; i++)
            o = put32(put32(o, s->sacks[i][0]), s->sacks[i][1]);
    }
    memcpy(o, s->raw_opts, s->n_raw_opts);
    o += s->n_raw_opts;
    if (o > (u8 *)th + 60)
        wrong("too many options for one segment");
    th->offset = (u8)(((o - (u8 *)th) / 4) << 4);
    memcpy(o, s->data, s->len);
    len = (u32)(o - (u8 *)th) + s->len;
    th->csum = csum_finish(csum_add(th, len) + be16(len) + ip_pseudo(&src, &dst, IP_PROTO_TCP));
    th->csum = (u16)(th->csum + s->has_bad_sum);
    give(IP_PROTO_TCP, s->tos, f, len, s->piece, s->how, s->chain);
}

static void parse_options(struct seg *s, const u8 *o, const u8 *end)
{
    while (o < end && *o) {
        if (*o == 1) {
            o++;
            continue;
        }
        if (end - o < 2 || o[1] < 2 || o + o[1] > end)
            wrong("the stack sent broken options");
        u32 v[8];
        for (int i = 0; i < 8 && 2 + 4 * i + 4 <= o[1]; i++)
            v[i] = (u32)o[2 + 4 * i] << 24 | (u32)o[3 + 4 * i] << 16 | (u32)o[4 + 4 * i] << 8 |
                   o[5 + 4 * i];
        if (*o == 2)
            s->mss = (u16)(o[2] << 8 | o[3]);
        if (*o == 3)
            s->wscale = o[2];
        if (*o == 4)
            s->has_sackok = true;
        if (*o == 5)
            for (s->n_sacks = 0; s->n_sacks < (o[1] - 2u) / 8 && s->n_sacks < N_SACKS; s->n_sacks++)
                memcpy(s->sacks[s->n_sacks], &v[2 * s->n_sacks], 8);
        if (*o == 8) {
            s->has_ts = true;
            s->ts_val = v[0];
            s->ts_ecr = v[1];
        }
        o += o[1];
    }
}

static void answer_arp(const struct arp_hdr *a)
{
    struct {
        struct eth_hdr eth;
        struct arp_hdr arp;
    } __attribute__((packed)) r = {
        .eth = {{0}, {2, 0, 0, 0, 0, 2}, be16(ETH_TYPE_ARP)},
        .arp = {
            be16(1), be16(ETH_TYPE_IPV4), 6, 4, be16(2), {2, 0, 0, 0, 0, 2}, PEER_IP, {0}, OUR_IP}};

    if (a->op != be16(1) || a->target_ip != PEER_IP)
        return;
    memcpy(r.eth.dst, a->sender_mac, 6);
    memcpy(r.arp.target_mac, a->sender_mac, 6);
    host_dev_give(&dev, &r, sizeof(r));
    host_poll();
}

/* Take what the stack has sent, checked as a receiver would. */
static void collect(void)
{
    static u8 f[16384];
    size_t n;

    while ((n = host_dev_take(&dev, f, sizeof(f))) != 0) {
        const struct eth_hdr *eth = (const struct eth_hdr *)f;
        const struct ip4_hdr *ip = (const struct ip4_hdr *)(eth + 1);
        const struct tcp_hdr *th = (const struct tcp_hdr *)(ip + 1);
        struct ip_addr src, dst;
        struct seg *s;
        struct flow *fl;
        u32 len, off;

        if (eth->type == be16(ETH_TYPE_ARP))
            answer_arp((const struct arp_hdr *)(eth + 1));
        if (eth->type != be16(ETH_TYPE_IPV4) || ip->proto != IP_PROTO_TCP)
            continue;
        len = be16(ip->total_len) - 20u;
        off = (th->offset >> 4) * 4u;
        src = ip_addr_v4(ip->src);
        dst = ip_addr_v4(ip->dst);
        if (csum_finish(csum_add(ip, 20)) || 34 + len != n || off < 20 || off > len ||
            csum_finish(csum_add(th, len) + be16(len) + ip_pseudo(&src, &dst, IP_PROTO_TCP)))
            wrong("the stack sent a broken segment");
        if (q_n == N_QUEUED)
            wrong("the stack sends and sends");
        s = &queue[(q_head + q_n++) % N_QUEUED];
        memset(s, 0, offsetof(struct seg, data));
        s->at_ns = host_now_ns;
        s->seq = be32(th->seq);
        s->ack = be32(th->ack);
        s->flags = th->flags;
        s->wnd = be16(th->window);
        s->urgent = be16(th->urgent);
        s->sport = be16(th->sport);
        s->dport = be16(th->dport);
        s->tos = ip->tos;
        s->has_df = ip->frag & be16(IP4_DF);
        s->wscale = -1;
        s->len = len - off;
        parse_options(s, (const u8 *)(th + 1), (const u8 *)th + off);
        fl = flow_of(s->dport);
        if ((s->flags & TCP_F_SYN) && (!fl->has_iss || fl->iss != s->seq)) {
            fl->has_iss = true;
            fl->iss = fl->ack = s->seq;
        }
        fl->our_port = s->sport;
        if (s->has_ts)
            fl->ts_last = s->ts_val;
        for (u32 i = 0; i < s->len; i++)
            if (((const u8 *)th)[off + i] != byte_at(s->seq - fl->iss - 1 + i))
                wrong("byte %u of what the stack sent is wrong: %s", i, seg_text(s));
    }
}

static void pass_until(u64 end_ns, bool until_sent)
{
    collect();
    while (timer_next_ns() <= end_ns) {
        if (until_sent && q_n)
            return;
        host_pass(timer_next_ns() > host_now_ns ? timer_next_ns() - host_now_ns : 0);
        collect();
    }
    if (until_sent && q_n)
        return;
    if (end_ns > host_now_ns)
        host_pass(end_ns - host_now_ns);
    collect();
}

static void nothing_pending(void)
{
    collect();
    if (q_n)
        wrong("before this line the stack sent: %s", seg_text(&queue[q_head]));
}

/* --- words of a line --- */

static char *words[64];
static unsigned n_words, at_word;

static char *next_word(void)
{
    return at_word < n_words ? words[at_word++] : NULL;
}

static char *need_word(const char *what)
{
    char *w = next_word();

    if (!w)
        wrong("%s is missing", what);
    return w;
}

static bool is_next(const char *word)
{
    if (at_word < n_words && strcmp(words[at_word], word) == 0) {
        at_word++;
        return true;
    }
    return false;
}

static u32 number(const char *w)
{
    char *end;
    long long v = strtoll(w, &end, 0);

    if (end == w || *end)
        wrong("\"%s\" is no number", w);
    return (u32)v;
}

static u32 need_number(const char *what)
{
    return number(need_word(what));
}

static u64 seconds(const char *w)
{
    char *end;
    double v = strtod(w, &end);

    if (end == w || *end || v < 0)
        wrong("\"%s\" is no time in seconds", w);
    return (u64)(v * 1e9 + 0.5);
}

static const struct {
    const char *name;
    int err;
} errors[] = {{"eagain", EAGAIN},
              {"econnrefused", ECONNREFUSED},
              {"econnreset", ECONNRESET},
              {"epipe", EPIPE},
              {"etimedout", ETIMEDOUT},
              {"ehostunreach", EHOSTUNREACH},
              {"enetunreach", ENETUNREACH},
              {"enotconn", ENOTCONN},
              {"einprogress", EINPROGRESS},
              {"eisconn", EISCONN},
              {"ealready", EALREADY},
              {"einval", EINVAL},
              {"eproto", EPROTO},
              {"eaddrinuse", EADDRINUSE},
              {"emsgsize", EMSGSIZE},
              {"enoprotoopt", ENOPROTOOPT},
              {"none", 0}};

/* "-1234" or "econnreset" */
static const char *err_text(long v)
{
    static char text[24];

    for (size_t i = 0; i < ARRAY_SIZE(errors) && v < 0; i++)
        if (errors[i].err == -v)
            return errors[i].name;
    snprintf(text, sizeof(text), "%ld", v);
    return text;
}

/* "= VALUE" at the end of a call, else @usual. */
static void check_result(long got, long usual)
{
    long want = usual;
    const char *w;

    if (is_next("=")) {
        w = need_word("result");
        want = LONG_MIN;
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
            if (strcmp(errors[i].name, w) == 0)
                want = -errors[i].err;
        if (want == LONG_MIN)
            want = (long)number(w);
    }
    if (got != want) {
        char text[24];
        snprintf(text, sizeof(text), "%s", err_text(want));
        wrong("wanted %s, got %s", text, err_text(got));
    }
}

/* --- segments --- */

static u8 parse_flags(const char *w)
{
    u8 flags = 0;

    if (strcmp(w, "-") == 0)
        return 0;
    for (; *w; w++) {
        const char *at = strchr("SAFRPUEC", *w);
        if (!at)
            wrong("'%c' is no flag; flags are SAFRPUEC, or - for none", *w);
        flags |= (u8) "\x02\x10\x01\x04\x08\x20\x40\x80"[at - "SAFRPUEC"];
    }
    return flags;
}

static void parse_sack(struct seg *s, const char *w, u32 base)
{
    char *end;
    u32 a = (u32)strtoul(w, &end, 10);

    if (*end != '-' || s->n_sacks == N_SACKS)
        wrong("a block is FROM-TO, and there are at most four");
    s->sacks[s->n_sacks][0] = base + a;
    s->sacks[s->n_sacks++][1] = base + number(end + 1);
}

static u16 peer_port_ahead(const char *word)
{
    for (unsigned i = at_word; i + 1 < n_words; i++)
        if (strcmp(words[i], word) == 0)
            return (u16)number(words[i + 1]);
    return PEER_PORT;
}

/* in FLAGS …: the peer sends */
static void do_in(void)
{
    static struct seg s;
    struct flow *f = flow_of(peer_port_ahead("from"));
    bool is_tracked = true, no_ts = false;
    const char *w;

    memset(&s, 0, sizeof(s));
    s.flags = parse_flags(need_word("flags"));
    s.wscale = -1;
    s.sport = f->port;
    s.dport = f->our_port ? f->our_port : listen_port;
    s.seq = s.flags & TCP_F_SYN && !(s.flags & TCP_F_ACK) ? f->isn : f->seq;
    s.ack = s.flags & TCP_F_ACK ? f->ack : 0;
    s.wnd = f->wnd;
    while ((w = next_word()) != NULL) {
        if (strcmp(w, "from") == 0)
            next_word();
        else if (strcmp(w, "dport") == 0)
            s.dport = (u16)need_number("port");
        else if (strcmp(w, "seq") == 0) {
            s.seq = f->isn + need_number("seq");
            is_tracked = s.seq == f->seq;
        } else if (strcmp(w, "ack") == 0)
            s.ack = f->iss + need_number("ack");
        else if (strcmp(w, "win") == 0)
            f->wnd = s.wnd = (u16)need_number("window");
        else if (strcmp(w, "len") == 0)
            s.len = need_number("length");
        else if (strcmp(w, "mss") == 0)
            s.mss = (u16)need_number("mss");
        else if (strcmp(w, "wscale") == 0)
            s.wscale = (int)need_number("shift");
        else if (strcmp(w, "sackok") == 0)
            s.has_sackok = true;
        else if (strcmp(w, "sack") == 0)
            parse_sack(&s, need_word("block"), f->iss);
        else if (strcmp(w, "urg") == 0)
            s.urgent = (u16)need_number("urgent pointer");
        else if (strcmp(w, "tos") == 0)
            s.tos = (u8)need_number("tos");
        else if (strcmp(w, "ts") == 0) {
            s.has_ts = true;
            s.ts_val = need_number("TSval");
            s.ts_ecr = is_next("ecr")    ? need_number("TSecr")
                       : is_next("late") ? f->ts_last - need_number("time")
                                         : f->ts_last;
            if (s.flags & TCP_F_SYN)
                f->has_ts = true;
        } else if (strcmp(w, "nots") == 0)
            no_ts = true;
        else if (strcmp(w, "badsum") == 0)
            s.has_bad_sum = true;
        else if (strcmp(w, "chain") == 0) {
            s.chain = need_number("bytes");
            if (s.chain < 14 || s.chain > 1900)
                wrong("a packet has 14 to 1900 bytes");
        } else if (strcmp(w, "frag") == 0) {
            s.piece = need_number("bytes");
            if (!s.piece || s.piece % 8)
                wrong("fragments have a multiple of eight bytes");
            s.how = is_next("reversed")      ? 'r'
                    : is_next("twice")       ? 'd'
                    : is_next("overlapping") ? 'o'
                                             : 0;
        } else if (strcmp(w, "opts") == 0) {
            const char *hex = need_word("bytes");
            for (; hex[0] && hex[1] && s.n_raw_opts < 40; hex += 2)
                s.raw_opts[s.n_raw_opts++] = (u8)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16);
            if (s.n_raw_opts % 4)
                wrong("options fill whole words");
        } else
            wrong("\"%s\"?", w);
    }
    if (s.len > (s.chain ? sizeof(s.data) : 1460))
        wrong("the wire takes 1460 bytes");
    if (f->has_ts && !s.has_ts && !no_ts && !(s.flags & TCP_F_RST)) {
        s.has_ts = true; /* once agreed on, in every segment; the peer's clock ticks in ms */
        s.ts_val = 1000 + (u32)((host_now_ns - start_ns) / NSEC_PER_MSEC);
        s.ts_ecr = f->ts_last;
    }
    for (u32 i = 0; i < s.len; i++)
        s.data[i] = byte_at(s.seq - f->isn - 1 + !!(s.flags & TCP_F_SYN) + i);
    nothing_pending();
    if (is_tracked && !s.has_bad_sum && s.how != 'o')
        f->seq = s.seq + s.len + !!(s.flags & TCP_F_SYN) + !!(s.flags & TCP_F_FIN);
    send_seg(&s);
    collect();
}

/* out FLAGS …: the stack has sent, at @due_ns (0: at any time up to now) */
static void do_out(u64 due_ns, u64 slack_ns)
{
    const struct seg *s;
    struct flow *f;
    bool has_seq = false, has_len = false, ignores_seq = false;
    const char *w;
    u8 flags = parse_flags(need_word("flags"));
    static struct seg want; /* its blocks */
    u32 v;

    want.n_sacks = 0;
    collect();
    if (!q_n)
        wrong("the stack sent nothing");
    s = &queue[q_head];
    if (due_ns && (s->at_ns + slack_ns < due_ns || s->at_ns > due_ns + slack_ns))
        wrong("wanted at %.6f s, came: %s", (double)(due_ns - start_ns) / 1e9, seg_text(s));
    f = flow_of(s->dport);
    if (peer_port_ahead("to") != s->dport)
        wrong("came: %s", seg_text(s));
    if ((flags & TCP_F_PSH ? s->flags : s->flags & ~TCP_F_PSH) != flags)
        wrong("came: %s", seg_text(s));
#define SAME(have, what)                                                                           \
    do {                                                                                           \
        if ((have) != (v = need_number(what)))                                                     \
            wrong("another %s; came: %s", what, seg_text(s));                                      \
    } while (0)
    while ((w = next_word()) != NULL) {
        if (strcmp(w, "to") == 0)
            next_word();
        else if (strcmp(w, "seq") == 0) {
            has_seq = true;
            if (is_next("*"))
                ignores_seq = true;
            else
                SAME(s->seq - f->iss, "seq");
        } else if (strcmp(w, "rawseq") == 0) {
            has_seq = true;
            SAME(s->seq, "seq");
        } else if (strcmp(w, "ack") == 0)
            SAME(s->ack - f->isn, "ack");
        else if (strcmp(w, "win") == 0) {
            if (is_next(">")) {
                if (s->wnd <= (v = need_number("window")))
                    wrong("a smaller window; came: %s", seg_text(s));
            } else if (is_next("<")) {
                if (s->wnd >= (v = need_number("window")))
                    wrong("a bigger window; came: %s", seg_text(s));
            } else
                SAME(s->wnd, "window");
        } else if (strcmp(w, "len") == 0) {
            has_len = true;
            if (!is_next("*"))
                SAME(s->len, "length");
        } else if (strcmp(w, "mss") == 0)
            SAME(s->mss, "mss");
        else if (strcmp(w, "wscale") == 0)
            SAME((u32)s->wscale, "wscale");
        else if (strcmp(w, "ecr") == 0)
            SAME(s->ts_ecr, "TSecr");
        else if (strcmp(w, "tos") == 0)
            SAME(s->tos, "tos");
        else if (strcmp(w, "sack") == 0) {
            parse_sack(&want, need_word("block"), f->isn);
        } else if (strcmp(w, "nosack") == 0) {
            if (s->n_sacks)
                wrong("blocks; came: %s", seg_text(s));
        } else if (strcmp(w, "df") == 0) {
            if (!s->has_df)
                wrong("without DF: %s", seg_text(s));
        } else if (strcmp(w, "sackok") == 0 || strcmp(w, "nosackok") == 0) {
            if (s->has_sackok != (*w == 's'))
                wrong("came: %s", seg_text(s));
        } else if (strcmp(w, "ts") == 0 || strcmp(w, "nots") == 0) {
            if (s->has_ts != (*w == 't'))
                wrong("came: %s", seg_text(s));
        } else if (strcmp(w, "nowscale") == 0) {
            if (s->wscale >= 0)
                wrong("came: %s", seg_text(s));
        } else
            wrong("\"%s\"?", w);
    }
    if (want.n_sacks &&
        (want.n_sacks != s->n_sacks || memcmp(want.sacks, s->sacks, 8 * (size_t)want.n_sacks) != 0))
        wrong("other blocks; came: %s", seg_text(s));
    if (!has_len && s->len)
        wrong("with data; came: %s", seg_text(s));
    if (!has_seq && !(flags & (TCP_F_RST | TCP_F_SYN)) && s->seq != f->ack)
        wrong("not in sequence (%u); came: %s", f->ack - f->iss, seg_text(s));
    u32 end = s->seq + s->len + !!(s->flags & TCP_F_SYN) + !!(s->flags & TCP_F_FIN);
    if (!(flags & TCP_F_RST) && !ignores_seq && SEQ_GT(end, f->ack))
        f->ack = end;
    q_head = (q_head + 1) % N_QUEUED;
    q_n--;
}

/* --- the service --- */

static struct file *sock(void)
{
    if (current < 0 || !socks[current].file)
        wrong("there is no socket");
    return socks[current].file;
}

static void add_sock(struct file *f)
{
    const char *name = next_word();

    if (name && strcmp(name, "=") == 0) {
        at_word--;
        name = NULL;
    }
    for (current = 0; current < N_SOCKS && socks[current].name[0]; current++)
        ;
    if (current == N_SOCKS)
        wrong("too many sockets");
    snprintf(socks[current].name, sizeof(socks[0].name), "%s", name ? name : "-");
    socks[current].file = f;
}

static struct file *new_socket(void)
{
    struct file *f;

    if (sock_create(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, &f) != 0)
        wrong("no socket");
    return f;
}

static struct sockaddr_in address(u32 ip, u16 port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(port)};

    a.sin_addr.s_addr = ip;
    return a;
}

/* listen PORT [BACKLOG] */
static void do_listen(void)
{
    struct file *f = new_socket();
    struct sockaddr_in a;
    int backlog = 16;

    listen_port = (u16)need_number("port");
    if (at_word < n_words)
        backlog = (int)number(next_word());
    a = address(0, listen_port);
    if (sock_bind(f, (struct sockaddr *)&a, sizeof(a)) != 0 || sock_listen(f, backlog) != 0)
        wrong("cannot listen");
    add_sock(f);
    snprintf(socks[current].name, sizeof(socks[0].name), "listener");
}

static void use(const char *name)
{
    for (current = 0; current < N_SOCKS; current++)
        if (socks[current].file && strcmp(socks[current].name, name) == 0)
            return;
    wrong("no socket is called %s", name);
}

static void do_accept(void)
{
    struct file *f = NULL;
    int err, was = current;

    use("listener");
    err = sock_accept(sock(), NULL, NULL, SOCK_NONBLOCK, &f);
    current = was;
    if (err == 0)
        add_sock(f);
    check_result(err, 0);
}

/* connect [PORT] [= RESULT]: a new socket if there is none yet */
static void do_connect(void)
{
    struct sockaddr_in a;
    u16 port = PEER_PORT;

    if (at_word < n_words && isdigit(words[at_word][0]))
        port = (u16)need_number("port");
    a = address(PEER_IP, port);
    if (current < 0 || !socks[current].file) {
        add_sock(new_socket());
        snprintf(socks[current].name, sizeof(socks[0].name), "-");
    }
    check_result(sock_connect(sock(), (struct sockaddr *)&a, sizeof(a)), -EINPROGRESS);
}

static void do_send(void)
{
    static u8 buf[1 << 20];
    u32 n = need_number("length");
    int flags = MSG_NOSIGNAL;
    long got;

    if (is_next("more"))
        flags |= MSG_MORE;
    if (n > sizeof(buf))
        wrong("too much");
    for (u32 i = 0; i < n; i++)
        buf[i] = byte_at(socks[current].n_sent + i);
    got = sock_send(sock(), buf, n, flags);
    if (got > 0)
        socks[current].n_sent += (u32)got;
    check_result(got, (long)n);
}

static void do_recv(void)
{
    static u8 buf[1 << 20];
    u32 n = need_number("length");
    bool peeks = is_next("peek");
    long got;

    if (n > sizeof(buf))
        wrong("too much");
    got = sock_recv(sock(), buf, n, peeks ? MSG_PEEK : 0);
    for (long i = 0; i < got; i++)
        if (buf[i] != byte_at(socks[current].n_received + (u32)i))
            wrong("byte %ld of what was read is wrong", i);
    if (got > 0 && !peeks)
        socks[current].n_received += (u32)got;
    check_result(got, (long)n);
}

/* set congestion NAME */
static void set_congestion(void)
{
    const char *w = need_word("name");

    check_result(sock_setopt(sock(), IPPROTO_TCP, TCP_CONGESTION, w, (socklen_t)strlen(w)), 0);
}

static void do_set(void)
{
    static const struct {
        const char *name;
        int level, opt;
    } opts[] = {
        {"nodelay", IPPROTO_TCP, TCP_NODELAY},    {"cork", IPPROTO_TCP, TCP_CORK},
        {"quickack", IPPROTO_TCP, TCP_QUICKACK},  {"maxseg", IPPROTO_TCP, TCP_MAXSEG},
        {"keepidle", IPPROTO_TCP, TCP_KEEPIDLE},  {"keepintvl", IPPROTO_TCP, TCP_KEEPINTVL},
        {"keepcnt", IPPROTO_TCP, TCP_KEEPCNT},    {"user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT},
        {"keepalive", SOL_SOCKET, SO_KEEPALIVE},  {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
        {"sndbuf", SOL_SOCKET, SO_SNDBUF},        {"reuseaddr", SOL_SOCKET, SO_REUSEADDR},
        {"oobinline", SOL_SOCKET, SO_OOBINLINE},  {"tos", IPPROTO_IP, IP_TOS},
        {"linger2", IPPROTO_TCP, TCP_LINGER2},    {"syncnt", IPPROTO_TCP, TCP_SYNCNT},
        {"clamp", IPPROTO_TCP, TCP_WINDOW_CLAMP}, {"defer", IPPROTO_TCP, TCP_DEFER_ACCEPT},
        {"lowat", IPPROTO_TCP, TCP_NOTSENT_LOWAT}};
    const char *w = need_word("option");
    int v;

    if (strcmp(w, "congestion") == 0) {
        set_congestion();
        return;
    }
    v = (int)need_number("value");

    if (strcmp(w, "linger") == 0) {
        struct linger l = {.l_onoff = 1, .l_linger = v};
        check_result(sock_setopt(sock(), SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
        if (strcmp(opts[i].name, w) == 0) {
            check_result(sock_setopt(sock(), opts[i].level, opts[i].opt, &v, sizeof(v)), 0);
            return;
        }
    }
    wrong("\"%s\" is no option", w);
}

/* --- what is to be so --- */

/* state NAME [PORT]: of the connection with the peer's port */
static void do_state(void)
{
    static const char *const names[] = {"closed",     "established", "syn_sent",  "syn_recv",
                                        "fin_wait1",  "fin_wait2",   "time_wait", "closed",
                                        "close_wait", "last_ack",    "listen",    "closing"};
    const char *want = need_word("state");
    struct flow *f = flow_of(at_word < n_words ? (u16)need_number("port") : PEER_PORT);
    struct ip_addr local = ip_addr_v4(OUR_IP), remote = ip_addr_v4(PEER_IP);
    struct ip_flow key = {local, remote, be16(f->our_port ? f->our_port : listen_port),
                          be16(f->port)};
    struct tcp_ep *ep = net.tcp_table ? tcp_find(&net, &local, &remote, tcp_ports(&key)) : NULL;
    const char *is = ep && ep->state < ARRAY_SIZE(names) ? names[ep->state] : "closed";

    if (strcmp(is, want) != 0)
        wrong("the state is %s", is);
}

static void do_error(void)
{
    int err = 0;
    socklen_t len = sizeof(err);

    if (sock_getopt(sock(), SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        wrong("no SO_ERROR");
    words[--at_word] = (char *)"=";
    check_result(-err, 0);
}

static void do_poll(void)
{
    static const struct {
        const char *name;
        u32 event;
    } names[] = {{"in", EPOLLIN},   {"out", EPOLLOUT},     {"err", EPOLLERR},
                 {"hup", EPOLLHUP}, {"rdhup", EPOLLRDHUP}, {"pri", EPOLLPRI}};
    u32 is = sock()->ops->poll(sock()), want = 0, all = 0;
    const char *w;

    while ((w = next_word()) != NULL)
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            if (strcmp(w, names[i].name) == 0)
                want |= names[i].event;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        all |= names[i].event;
    if ((is & all) == want)
        return;
    char text[80] = "";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (is & names[i].event)
            strcat(strcat(text, " "), names[i].name);
    wrong("the events are:%s", text);
}

/* info FIELD OP VALUE, from TCP_INFO */
static void do_info(void)
{
    struct tcp_info ti;
    socklen_t len = sizeof(ti);
    const char *w = need_word("field"), *op;
    u32 have, want;

    if (sock_getopt(sock(), IPPROTO_TCP, TCP_INFO, &ti, &len) != 0)
        wrong("no TCP_INFO");
    if (strcmp(w, "cwnd") == 0)
        have = ti.tcpi_snd_cwnd;
    else if (strcmp(w, "ssthresh") == 0)
        have = ti.tcpi_snd_ssthresh;
    else if (strcmp(w, "mss") == 0)
        have = ti.tcpi_snd_mss;
    else if (strcmp(w, "rto") == 0)
        have = ti.tcpi_rto;
    else if (strcmp(w, "rtt") == 0)
        have = ti.tcpi_rtt;
    else if (strcmp(w, "unacked") == 0)
        have = ti.tcpi_unacked;
    else if (strcmp(w, "sacked") == 0)
        have = ti.tcpi_sacked;
    else if (strcmp(w, "lost") == 0)
        have = ti.tcpi_lost;
    else if (strcmp(w, "resent") == 0)
        have = ti.tcpi_total_retrans;
    else if (strcmp(w, "ca") == 0) /* TCP_CA_… */
        have = ti.tcpi_ca_state;
    else
        wrong("\"%s\" is no field", w);
    op = need_word("comparison");
    want = need_number("value");
    if (strcmp(op, "=") == 0 ? have != want : *op == '<' ? have >= want : have <= want)
        wrong("%s is %u", w, have);
}

/* icmp TYPE CODE [mtu N] [seq N] [from PORT]: about a segment of the stack's */
static void do_icmp(void)
{
    static u8 f[2048];
    struct icmp_hdr *icmp = (struct icmp_hdr *)(f + 34);
    struct ip4_hdr *ip = (struct ip4_hdr *)(icmp + 1);
    struct tcp_hdr *th = (struct tcp_hdr *)(ip + 1);
    struct flow *fl = flow_of(peer_port_ahead("from"));
    struct ip_out out = {ip_addr_v4(OUR_IP), ip_addr_v4(PEER_IP), IP_PROTO_TCP, 0, 0};
    const char *w;

    memset(f, 0, sizeof(f));
    icmp->type = (u8)need_number("type");
    icmp->code = (u8)need_number("code");
    ip4_fill(ip, &out, 40);
    th->sport = be16(fl->our_port);
    th->dport = be16(fl->port);
    th->seq = be32(fl->ack);
    while ((w = next_word()) != NULL) {
        if (strcmp(w, "mtu") == 0)
            icmp->b = be16(need_number("mtu"));
        else if (strcmp(w, "seq") == 0)
            th->seq = be32(fl->iss + need_number("seq"));
        else if (strcmp(w, "from") == 0)
            next_word();
        else
            wrong("\"%s\"?", w);
    }
    icmp->csum = csum_finish(csum_add(icmp, 8 + 28));
    nothing_pending();
    give(IP_PROTO_ICMP, 0, f, 8 + 28, 0, 0, 0);
    collect();
}

/* --- the script --- */

static void start_net(void)
{
    struct net_config cfg = {.is_static = true, .addr = OUR_IP, .mask = be32(0xffffff00)};

    host_reset();
    pkts_before = host_n_pkts;
    heap_before = host_n_heap;
    pages_before = host_n_pages;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    start_ns = mark_ns = host_now_ns;
    host_dev_introduce(&dev);
    pass_until(start_ns, false);
}

static void finish(void)
{
    snprintf(line_text, sizeof(line_text), "(end of file)");
    nothing_pending();
    for (int i = 0; i < N_SOCKS; i++)
        if (socks[i].file)
            file_put(socks[i].file);
    ip6_stop(&net);
    host_net_free(&net);
    if (host_n_pkts != pkts_before || host_n_heap != heap_before || host_n_pages != pages_before)
        wrong("the stack keeps %ld packets, %ld blocks, %ld pages", host_n_pkts - pkts_before,
              host_n_heap - heap_before, host_n_pages - pages_before);
}

static void run_line(char *line)
{
    u64 due_ns = 0, slack_ns = 0;
    const char *w;
    char *hash = strchr(line, '#');

    if (hash)
        *hash = '\0';
    n_words = at_word = 0;
    for (char *t = strtok(line, " \t\n"); t && n_words < ARRAY_SIZE(words);
         t = strtok(NULL, " \t\n"))
        words[n_words++] = t;
    if (!n_words)
        return;
    w = next_word();
    if (*w == '+' || isdigit(*w)) {
        due_ns = *w == '+' ? mark_ns + seconds(w + 1) : start_ns + seconds(w);
        if (due_ns < host_now_ns && due_ns + NSEC_PER_MSEC < host_now_ns)
            wrong("that time is over");
        slack_ns = 5 * NSEC_PER_MSEC + (due_ns - mark_ns) / 50;
        w = need_word("what happens");
        if (strcmp(w, "out") == 0) {
            pass_until(due_ns + slack_ns, true);
            do_out(due_ns, slack_ns);
            /* What follows counts from when it really came. */
            mark_ns = queue[(q_head + N_QUEUED - 1) % N_QUEUED].at_ns;
            return;
        }
        pass_until(MAX(due_ns, host_now_ns), false);
        mark_ns = host_now_ns;
    }
    if (strcmp(w, "out") == 0) {
        do_out(0, 0);
    } else if (strcmp(w, "in") == 0) {
        do_in();
        mark_ns = host_now_ns;
    } else if (strcmp(w, "icmp") == 0) {
        do_icmp();
        mark_ns = host_now_ns;
    } else if (strcmp(w, "silence") == 0) { /* silence SECONDS */
        nothing_pending();
        pass_until(host_now_ns + seconds(need_word("how long")), false);
        mark_ns = host_now_ns;
        if (q_n)
            wrong("the stack sent: %s", seg_text(&queue[q_head]));
    } else if (strcmp(w, "nothing") == 0) {
        nothing_pending();
    } else if (strcmp(w, "ignore") == 0) { /* whatever has been sent so far */
        for (collect(); q_n; q_n--, q_head = (q_head + 1) % N_QUEUED) {
            const struct seg *s = &queue[q_head];
            struct flow *f = flow_of(s->dport);
            u32 end = s->seq + s->len + !!(s->flags & TCP_F_SYN) + !!(s->flags & TCP_F_FIN);
            if (!(s->flags & TCP_F_RST) && SEQ_GT(end, f->ack))
                f->ack = end;
        }
    } else if (strcmp(w, "isn") == 0) {
        peer_isn = need_number("number");
    } else if (strcmp(w, "rcvbuf") == 0) {
        net.limits.rcvbuf_bytes = need_number("bytes");
    } else if (strcmp(w, "sndbuf") == 0) {
        net.limits.sndbuf_bytes = need_number("bytes");
    } else if (strcmp(w, "mtu") == 0) {
        net.eth.mtu_bytes = (u16)need_number("bytes");
    } else if (strcmp(w, "tso") == 0) { /* the device sums, and segments */
        net.eth.offloads = BIT(NETDEV_CSUM_TX) | BIT(NETDEV_TSO4);
    } else if (strcmp(w, "bursts") == 0) { /* bursts N: frames it has segmented so far */
        if (dev.n_bursts != need_number("number"))
            wrong("there were %u", dev.n_bursts);
    } else if (strcmp(w, "use") == 0) {
        use(need_word("name"));
    } else if (strcmp(w, "state") == 0) {
        do_state();
    } else if (strcmp(w, "error") == 0) {
        do_error();
    } else if (strcmp(w, "poll") == 0) {
        do_poll();
    } else if (strcmp(w, "info") == 0) {
        do_info();
    } else { /* calls of the service */
        static const struct {
            const char *name;
            void (*fn)(void);
        } calls[] = {{"listen", do_listen}, {"accept", do_accept}, {"connect", do_connect},
                     {"send", do_send},     {"recv", do_recv},     {"set", do_set}};
        size_t i = 0;
        nothing_pending();
        mark_ns = host_now_ns;
        while (i < ARRAY_SIZE(calls) && strcmp(calls[i].name, w) != 0)
            i++;
        if (i < ARRAY_SIZE(calls)) {
            calls[i].fn();
        } else if (strcmp(w, "shutdown") == 0) {
            const char *how = need_word("rd, wr or rdwr");
            int n = strcmp(how, "rd") == 0 ? SHUT_RD : strcmp(how, "wr") == 0 ? SHUT_WR : SHUT_RDWR;
            check_result(sock_shutdown(sock(), n), 0);
        } else if (strcmp(w, "close") == 0) {
            file_put(sock());
            socks[current].file = NULL;
            strcpy(socks[current].name, "gone");
        } else {
            wrong("\"%s\"?", w);
        }
        host_poll();
        collect();
    }
    if (at_word < n_words)
        wrong("\"%s\" is too much", words[at_word]);
    if ((w = net_rule_broken(&net)))
        wrong("%s", w);
}

int main(int argc, char **argv)
{
    char line[300];
    FILE *in;

    if (argc != 2 || !(in = fopen(argv[1], "r"))) {
        fprintf(stderr, "usage: conf FILE.tcp\n");
        return 2;
    }
    file_name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
    start_net();
    while (fgets(line, sizeof(line), in)) {
        line_no++;
        snprintf(line_text, sizeof(line_text), "%.*s", (int)strcspn(line, "\n"), line);
        if (line_no == 1 && (line[0] != '#' || !strstr(line, "RFC ")))
            wrong("the first line says the fact and its RFC");
        run_line(line);
    }
    fclose(in);
    finish();
    return 0;
}
