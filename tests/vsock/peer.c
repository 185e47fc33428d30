/*
 * The host's side of vsock for one guest, as a vhost-user backend: usage: peer SOCKET CID STEP…
 * Steps are done one after another, each within 30 s; the first that fails ends the program with 1.
 * All along it echoes on port 7000, counts on 7001, and never answers on 2.
 */
#define _GNU_SOURCE
#include "vhost.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOST         2
#define SERVE_PORT   5000 /* the guest's: it echoes */
#define ECHO_PORT    7000
#define SINK_PORT    7001
#define MUTE_PORT    2

#define STREAM       1
#define REQUEST      1
#define RESPONSE     2
#define RST          3
#define SHUTDOWN     4
#define RW           5
#define CREDIT_UPD   6
#define CREDIT_REQ   7
#define SHUT_RCV     1
#define SHUT_SEND    2

#define CONNS        256
#define STEP_SECONDS 30

static struct conn {
    bool is_used, is_open, is_reset;
    uint32_t host_port, guest_port;
    uint32_t shut;          /* what the guest said */
    uint32_t buf_alloc;     /* what we have room for */
    uint32_t fwd_cnt, told; /* what has left it, and what of that the guest knows */
    uint32_t tx_cnt, peer_fwd, peer_buf;
    uint8_t *out; /* on its way to the guest, from out_at on */
    size_t out_len, out_at, out_size;
    size_t n_in;  /* bytes that came, … */
    bool is_good; /* … all as they should be */
    bool is_echo, is_shut;
    unsigned n_credit_requests;
} conns[CONNS];

static struct out { /* packets without payload, in their order */
    struct pkt_hdr h;
    struct out *next;
} * first, **tail = &first;

static uint64_t cid;
static const char *step = "start";

static _Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void fail(const char *fmt, ...)
{
    va_list ap;

    printf("%s: ", step);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    exit(1);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What is at @pos of any stream. */
static uint8_t at(size_t pos)
{
    return (uint8_t)(pos * 2654435761u >> 13);
}

/* ---- packets out */

static struct pkt_hdr header(struct conn *c, uint16_t op, uint32_t flags)
{
    c->told = c->fwd_cnt;
    return (struct pkt_hdr){HOST,   cid, c->host_port, c->guest_port, 0,
                            STREAM, op,  flags,        c->buf_alloc,  c->fwd_cnt};
}

static void say_raw(const struct pkt_hdr *h)
{
    struct out *o = malloc(sizeof(*o));

    *o = (struct out){*h, NULL};
    *tail = o;
    tail = &o->next;
}

static void say(struct conn *c, uint16_t op, uint32_t flags)
{
    struct pkt_hdr h = header(c, op, flags);

    say_raw(&h);
}

static size_t credit(const struct conn *c)
{
    uint32_t in_flight = c->tx_cnt - c->peer_fwd;

    return c->peer_buf > in_flight ? c->peer_buf - in_flight : 0;
}

/* Give the guest what waits for it, as far as it has buffers and credit. */
static void flush(void)
{
    long room;

    while (first && (room = vhost_room()) >= 0) {
        struct out *o = first;

        vhost_give(&o->h, "", 0, 0);
        first = o->next;
        if (!first)
            tail = &first;
        free(o);
    }
    for (unsigned i = 0; i < CONNS && !first; i++) {
        struct conn *c = &conns[i];

        while (c->is_open && c->out_at < c->out_len && credit(c) && (room = vhost_room()) > 0) {
            struct pkt_hdr h = header(c, RW, 0);
            size_t n = c->out_len - c->out_at;

            n = n < credit(c) ? n : credit(c);
            n = n < (size_t)room ? n : (size_t)room;
            h.len = (uint32_t)n;
            vhost_give(&h, c->out + c->out_at, n, 0);
            c->tx_cnt += h.len;
            c->out_at += n;
        }
        if (c->out_at == c->out_len)
            c->out_at = c->out_len = 0;
    }
}

static void queue(struct conn *c, const uint8_t *data, size_t n)
{
    if (c->out_len + n > c->out_size) {
        c->out_size = 2 * (c->out_len + n);
        c->out = realloc(c->out, c->out_size);
    }
    memcpy(c->out + c->out_len, data, n);
    c->out_len += n;
}

/* ---- packets in */

static struct conn *conn_find(const struct pkt_hdr *h)
{
    for (unsigned i = 0; i < CONNS; i++)
        if (conns[i].is_used && conns[i].host_port == h->dst_port &&
            conns[i].guest_port == h->src_port)
            return &conns[i];
    return NULL;
}

static struct conn *conn_new(uint32_t host_port, uint32_t guest_port, uint32_t buf_alloc)
{
    for (unsigned i = 0; i < CONNS; i++) {
        if (conns[i].is_used)
            continue;
        conns[i] = (struct conn){.is_used = true,
                                 .is_good = true,
                                 .host_port = host_port,
                                 .guest_port = guest_port,
                                 .buf_alloc = buf_alloc};
        return &conns[i];
    }
    fail("too many connections");
}

static void conn_drop(struct conn *c)
{
    free(c->out);
    memset(c, 0, sizeof(*c));
}

static void refuse(const struct pkt_hdr *h)
{
    struct pkt_hdr r = {HOST, cid, h->dst_port, h->src_port, 0, h->type, RST, 0, 0, 0};

    if (h->op != RST)
        say_raw(&r);
}

static void packet(const struct pkt_hdr *h, const uint8_t *data)
{
    struct conn *c = conn_find(h);

    if (h->src_cid != cid)
        fail("a packet from CID %llu", (unsigned long long)h->src_cid);
    if (h->dst_cid != HOST || h->dst_port == MUTE_PORT)
        return;
    if (!c && h->op == REQUEST && (h->dst_port == ECHO_PORT || h->dst_port == SINK_PORT)) {
        c = conn_new(h->dst_port, h->src_port, 65536);
        c->is_echo = h->dst_port == ECHO_PORT;
        c->is_open = true;
        say(c, RESPONSE, 0);
    } else if (!c) {
        refuse(h);
        return;
    }
    c->peer_buf = h->buf_alloc;
    c->peer_fwd = h->fwd_cnt;
    switch (h->op) {
    case RESPONSE:
        c->is_open = true;
        break;
    case RW:
        if (h->len > c->buf_alloc - (uint32_t)(c->n_in - c->fwd_cnt))
            fail("%u bytes more than there was credit for", h->len);
        for (uint32_t i = 0; i < h->len; i++)
            c->is_good &= data[i] == at(c->n_in + i);
        c->n_in += h->len;
        c->fwd_cnt += h->len;
        if (c->is_echo)
            queue(c, data, h->len);
        if (c->fwd_cnt - c->told >= (c->buf_alloc + 1) / 2)
            say(c, CREDIT_UPD, 0);
        break;
    case CREDIT_REQ:
        c->n_credit_requests++;
        say(c, CREDIT_UPD, 0);
        break;
    case SHUTDOWN:
        c->shut |= h->flags;
        break;
    case RST:
        c->is_reset = true;
        c->is_open = false;
        break;
    }
}

/* The guest's own connections end by themselves. */
static void end_served(void)
{
    for (unsigned i = 0; i < CONNS; i++) {
        struct conn *c = &conns[i];

        if (!c->is_used || c->host_port != ECHO_PORT)
            continue;
        if (c->is_reset) {
            conn_drop(c);
        } else if (c->shut & SHUT_SEND && !c->out_len && !c->is_shut) {
            c->is_shut = true;
            say(c, SHUTDOWN, SHUT_RCV | SHUT_SEND);
        }
    }
}

static bool has_gone;

/* One round: what came, and what can go. */
static void round_once(void)
{
    static uint8_t data[PKT_MAX];
    struct pkt_hdr h;

    if (!has_gone)
        has_gone = !vhost_poll(5);
    while (vhost_take(&h, data) >= 0)
        packet(&h, data);
    end_served();
    flush();
}

/* Rounds until @cond; says @what if that takes too long. */
#define UNTIL(cond, what)                                                                          \
    do {                                                                                           \
        double end_ = now() + STEP_SECONDS;                                                        \
        while (!(cond)) {                                                                          \
            if (has_gone || now() > end_)                                                          \
                fail("%s%s", what, has_gone ? " (the VM has ended)" : "");                         \
            round_once();                                                                          \
        }                                                                                          \
    } while (0)

static void for_ms(int ms)
{
    for (double end = now() + ms / 1e3; now() < end && !has_gone;)
        round_once();
}

/* ---- steps */

static uint32_t next_port = 20000;

static struct conn *start(uint32_t guest_port, uint32_t buf_alloc)
{
    struct conn *c = conn_new(next_port++, guest_port, buf_alloc);

    say(c, REQUEST, 0);
    return c;
}

static struct conn *open_conn(uint32_t buf_alloc)
{
    struct conn *c = start(SERVE_PORT, buf_alloc);

    UNTIL(c->is_open || c->is_reset, "no answer to REQUEST");
    if (c->is_reset)
        fail("refused");
    return c;
}

/* As an application's close() would be. */
static void close_conn(struct conn *c)
{
    say(c, SHUTDOWN, SHUT_RCV | SHUT_SEND);
    UNTIL(c->is_reset, "no RST after SHUTDOWN");
    conn_drop(c);
}

/* Until the service listens. */
static void up(void)
{
    for (double end = now() + STEP_SECONDS; now() < end;) {
        struct conn *c = start(SERVE_PORT, 4096);

        UNTIL(c->is_open || c->is_reset, "no answer to REQUEST");
        if (c->is_open) {
            close_conn(c);
            return;
        }
        conn_drop(c);
        for_ms(20);
    }
    fail("nobody listens");
}

/* @n connections at once, each sends @len bytes and gets them back. */
static void bulk(unsigned n, size_t len, uint32_t buf_alloc)
{
    struct conn *c[CONNS];
    uint8_t *data = malloc(len);

    for (size_t i = 0; i < len; i++)
        data[i] = at(i);
    for (unsigned i = 0; i < n; i++)
        c[i] = open_conn(buf_alloc);
    for (unsigned i = 0; i < n; i++)
        queue(c[i], data, len);
    for (unsigned i = 0; i < n; i++) {
        UNTIL(c[i]->n_in == len || c[i]->is_reset, "not all came back");
        if (c[i]->n_in != len || !c[i]->is_good)
            fail("connection %u: %zu of %zu bytes, %s", i, c[i]->n_in, len,
                 c[i]->is_good ? "all good" : "others than were sent");
    }
    for (unsigned i = 0; i < n; i++)
        close_conn(c[i]);
    free(data);
}

/* Nobody listens there: RST, and nothing for an RST. */
static void refused(void)
{
    struct conn *c = start(4999, 4096);

    UNTIL(c->is_reset, "no RST");
    c->is_reset = false;
    say(c, RST, 0);
    for_ms(100);
    if (c->is_reset)
        fail("an RST for an RST");
    conn_drop(c);
}

/* In the middle of a transfer, and of another. */
static void reset(void)
{
    static uint8_t data[200000];

    for (unsigned i = 0; i < 5; i++) {
        struct conn *c = open_conn(4096);

        queue(c, data, sizeof(data));
        UNTIL(c->n_in > 1000 * i, "nothing came back");
        say(c, RST, 0);
        conn_drop(c);
    }
}

/* One half is closed; what was sent comes back all the same, then the other. */
static void half(void)
{
    struct conn *c = open_conn(4096);
    uint8_t data[3000];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = at(i);
    queue(c, data, sizeof(data));
    UNTIL(!c->out_len, "not taken");
    say(c, SHUTDOWN, SHUT_SEND);
    UNTIL(c->n_in == sizeof(data), "not all came back");
    UNTIL(c->shut == (SHUT_RCV | SHUT_SEND), "no SHUTDOWN after ours");
    say(c, RST, 0);
    conn_drop(c);
}

/* The device does not take what the guest sends for a while. */
static void stall(void)
{
    struct conn *c = open_conn(1 << 20);
    size_t len = 600000;
    uint8_t *data = malloc(len);

    for (size_t i = 0; i < len; i++)
        data[i] = at(i);
    queue(c, data, len);
    UNTIL(c->n_in > 1000, "nothing came back");
    for (unsigned i = 0; i < 3; i++) {
        vhost_hold(true);
        for_ms(300);
        for (unsigned k = 0; k < 200; k++) /* each wants an answer */
            say(c, CREDIT_REQ, 0);
        for_ms(100);
        vhost_hold(false);
        for_ms(20);
    }
    UNTIL(c->n_in == len, "not all came back");
    close_conn(c);
    free(data);
}

/* More refusals than there is room for while the device takes nothing: none is lost. */
static void storm(void)
{
    struct conn *c[200];

    vhost_hold(true);
    for (unsigned i = 0; i < 200; i++)
        c[i] = start(4000 + i, 4096);
    for_ms(500);
    vhost_hold(false);
    for (unsigned i = 0; i < 200; i++)
        UNTIL(c[i]->is_reset, "no RST");
    for (unsigned i = 0; i < 200; i++)
        conn_drop(c[i]);
}

static void give(const struct pkt_hdr *h, const void *data, size_t len, uint32_t used)
{
    UNTIL(vhost_room() >= (long)len && !first, "no buffer");
    vhost_give(h, data, len, used);
}

/* What no honest host sends. The guest drops it or resets the connection, and goes on. */
static void lies(void)
{
    static uint8_t data[4000];
    struct conn *c;
    struct pkt_hdr h;

    /* of no connection */
    for (unsigned op = 0; op < 40; op++) {
        h = (struct pkt_hdr){HOST, cid, 9, SERVE_PORT, 0, STREAM, (uint16_t)op, 99, 1, 1};
        if (op != REQUEST)
            give(&h, "", 0, 0);
    }
    h = (struct pkt_hdr){HOST, cid, 9, SERVE_PORT, 0, 2, REQUEST, 0, 1, 1}; /* SEQPACKET */
    give(&h, "", 0, 0);
    h.type = 0xffff;
    give(&h, "", 0, 0);
    h = (struct pkt_hdr){HOST, cid + 1, 9, SERVE_PORT, 0, STREAM, REQUEST, 0, 1, 1};
    give(&h, "", 0, 0); /* for another guest */
    h.dst_cid = cid | 1ull << 40;
    give(&h, "", 0, 0);
    h = (struct pkt_hdr){1ull << 32 | HOST, cid, 9, SERVE_PORT, 0, STREAM, REQUEST, 0, 1, 1};
    give(&h, "", 0, 0);

    /* lengths: shorter than a header, less than announced */
    c = open_conn(4096);
    h = header(c, RW, 0);
    give(&h, "", 0, 10);
    h.len = 2000;
    give(&h, data, 100, 0);
    UNTIL(c->is_reset, "a packet that is cut: no RST");
    conn_drop(c);

    /* more than there is credit for */
    c = open_conn(4096);
    UNTIL(c->peer_buf, "no credit");
    for (unsigned i = 0; i < 1000 && !c->is_reset; i++) {
        h = header(c, RW, 0);
        h.len = sizeof(data);
        give(&h, data, sizeof(data), 0);
    }
    UNTIL(c->is_reset, "more than the credit: no RST");
    conn_drop(c);

    /* a request for what is there already */
    c = open_conn(4096);
    say(c, REQUEST, 0);
    UNTIL(c->is_reset, "a second REQUEST: no RST");
    conn_drop(c);

    /* credit out of nothing, and withdrawn; operations of the future, out of place, after the end
     */
    c = open_conn(4096);
    h = header(c, CREDIT_UPD, 0);
    h.fwd_cnt += 100000;
    give(&h, "", 0, 0);
    h.fwd_cnt -= 200000;
    h.buf_alloc = 0;
    give(&h, "", 0, 0);
    for (unsigned op = 8; op < 30; op++) {
        h = header(c, (uint16_t)op, ~0u);
        give(&h, data, 20, 0);
    }
    say(c, RESPONSE, 0);
    queue(c, data, 100);
    UNTIL(c->n_in == 100, "the connection does not go on");
    say(c, SHUTDOWN, SHUT_SEND);
    h = header(c, RW, 0);
    h.len = 10;
    give(&h, data, 10, 0);
    UNTIL(c->shut, "no end after SHUTDOWN");
    say(c, RST, 0);
    conn_drop(c);
}

/* Far more than the guest takes: refused beyond a bound, and all is well when they go. */
static void crowd(void)
{
    unsigned n_open = 0;

    for (unsigned round = 0; round < 20; round++) {
        struct conn *c[100];

        for (unsigned i = 0; i < 100; i++)
            c[i] = start(SERVE_PORT, 4096);
        for (unsigned i = 0; i < 100; i++) {
            UNTIL(c[i]->is_open || c[i]->is_reset, "no answer to REQUEST");
            n_open += c[i]->is_open;
        }
        for (unsigned i = 0; i < 100; i++) {
            if (c[i]->is_open)
                say(c[i], RST, 0);
            conn_drop(c[i]);
        }
    }
    if (!n_open)
        fail("all refused");
}

/* The service's end: its connections are told. */
static void quit(void)
{
    struct conn *c = open_conn(4096), *other = open_conn(4096);

    queue(c, (const uint8_t *)"q", 1);
    UNTIL(c->shut == (SHUT_RCV | SHUT_SEND) && other->shut == (SHUT_RCV | SHUT_SEND),
          "no SHUTDOWN at the end");
    say(c, RST, 0);
    conn_drop(c);
}

/* The first connection with the port, or NULL. */
static struct conn *served(uint32_t host_port)
{
    for (unsigned i = 0; i < CONNS; i++)
        if (conns[i].is_used && conns[i].host_port == host_port)
            return &conns[i];
    return NULL;
}

/* A sink has got exactly that much, and no more will come. */
static void got(size_t len)
{
    struct conn *c;

    UNTIL(served(SINK_PORT), "no connection");
    c = served(SINK_PORT);
    UNTIL(c->shut & SHUT_SEND, "no end");
    if (c->n_in != len || !c->is_good)
        fail("%zu of %zu bytes, %s", c->n_in, len, c->is_good ? "all good" : "others");
}

/* The same, but the device takes the last of it late: when the service has long ended. */
static void late(size_t len)
{
    UNTIL(served(SINK_PORT), "no connection");
    vhost_hold(true);
    for_ms(500);
    vhost_hold(false);
    got(len);
}

/* On cue, the device claims what cannot be. */
static void lose(void)
{
    UNTIL(served(ECHO_PORT) && served(ECHO_PORT)->n_in, "no cue");
    vhost_claim(1000);
}

static void gone(void)
{
    for (double end = now() + STEP_SECONDS; !has_gone;) {
        if (now() > end)
            fail("the VM has not ended");
        round_once();
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } steps[] = {{"up", up},       {"refused", refused}, {"reset", reset}, {"half", half},
                 {"stall", stall}, {"storm", storm},     {"lies", lies},   {"crowd", crowd},
                 {"quit", quit},   {"lose", lose},       {"gone", gone}};

    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    cid = strtoull(argv[2], NULL, 10);
    vhost_listen(argv[1], cid);
    for (int i = 3; i < argc; i++) {
        unsigned n, alloc;
        size_t len, k = 0;

        step = argv[i];
        if (sscanf(step, "bulk=%u,%zu,%u", &n, &len, &alloc) == 3) {
            bulk(n, len, alloc);
        } else if (sscanf(step, "got=%zu", &len) == 1) {
            got(len);
        } else if (sscanf(step, "late=%zu", &len) == 1) {
            late(len);
        } else {
            while (k < sizeof(steps) / sizeof(*steps) && strcmp(steps[k].name, step) != 0)
                k++;
            if (k == sizeof(steps) / sizeof(*steps))
                fail("no such step");
            steps[k].fn();
        }
        printf("ok %s\n", step);
    }
    return 0;
}
