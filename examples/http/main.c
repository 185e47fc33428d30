/*
 * A small HTTP/1.1 service: one thread, epoll, connections kept and pipelined.
 *
 *      GET /           a page
 *      GET /bytes/N    N bytes that say where they belong: a block lost or doubled shows
 *      GET /stats      requests answered, connections open, free memory
 *
 * A request passes through readable() → serve() → http_parse() → answer() → flush(). What the
 * socket does not take at once waits in the connection, and until it is gone nothing more is read
 * from that client (back-pressure). One receive buffer serves all connections: only the beginning
 * of a request that has not arrived whole is kept in memory of the connection's own. That comes in
 * blocks of one size, which are used again and never given back: no malloc() is needed.
 */
#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#define IDLE_LIMIT_S 60
#define TICK_S       10

/* A whole request fits, and so do all heads and answers of a batch. */
union block {
    union block *next; /* of those in no use */
    char bytes[HTTP_MAX_REQUEST];
};

struct conn {
    int fd;
    bool waits_for_room; /* EPOLLOUT is asked for instead of EPOLLIN */
    bool closing;        /* after what is pending, nothing more is answered */
    bool draining;       /* all is said; reading on only so that close() does not reset the peer */
    unsigned active_tick;
    size_t in_len, out_len; /* bytes in the blocks in and out; both NULL when 0 */
    union block *in;        /* received, not answered yet */
    union block *out;       /* answered, not taken by the socket yet; goes before the body */
    uint64_t body_left;     /* bytes of a /bytes/N body still to be sent … */
    size_t body_at;         /* … from this place in the pattern on */
    size_t drained;
    struct conn *prev, *next;
};

/* The pattern of /bytes/N: 16-byte lines; a prime number of them, so that no power of two fits. */
#define LINE_BYTES    16
#define PATTERN_LINES 509
#define PATTERN_BYTES (LINE_BYTES * PATTERN_LINES)

/* Answers of one turn, sent with one call. A body's share of it is up to 15 patterns, 122 kB. */
#define BATCH_PARTS   16

static struct {
    struct iovec part[BATCH_PARTS];
    unsigned n_parts;
    size_t len;                      /* bytes in the parts that are heads or whole answers */
    char heads[4 * HTTP_HEAD_BYTES]; /* heads made for one request */
    size_t heads_len;
} batch;

static char pattern[PATTERN_BYTES];
static char received[HTTP_MAX_REQUEST + HTTP_SLACK];
_Static_assert(BATCH_PARTS *HTTP_ANSWER_BYTES <= sizeof(union block), "an answer a part");

static int epoll_fd, listen_fd;
static bool listening; /* false while descriptors or memory are short */
static struct conn conns = {.prev = &conns, .next = &conns};
static unsigned n_conns, now_tick;
static uint64_t n_requests;

static void fail(const char *what)
{
    dprintf(STDERR_FILENO, "http: %s: error %d\n", what, errno);
    exit(1);
}

static union block *free_blocks;
static struct conn *free_conns;

static union block *block_new(void)
{
    union block *b = free_blocks;
    if (b) {
        free_blocks = b->next;
        return b;
    }
    b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return b == MAP_FAILED ? NULL : b;
}

static void block_free(union block *b)
{
    if (b) {
        b->next = free_blocks;
        free_blocks = b;
    }
}

static bool try_watch(int op, int fd, uint32_t events, void *who)
{
    struct epoll_event ev = {.events = events, .data.ptr = who};
    return epoll_ctl(epoll_fd, op, fd, &ev) == 0;
}

/* For what needs no memory: a change, or the first ones. */
static void watch(int op, int fd, uint32_t events, void *who)
{
    if (!try_watch(op, fd, events, who))
        fail("epoll_ctl");
}

static struct conn *conn_new(int fd)
{
    if (!free_conns) { /* a block becomes connections */
        struct conn *c = (struct conn *)block_new();
        for (size_t i = 0; c && i < sizeof(union block) / sizeof *c; i++) {
            c[i].next = free_conns;
            free_conns = &c[i];
        }
    }
    struct conn *c = free_conns;
    if (!c)
        return NULL;
    free_conns = c->next;
    *c = (struct conn){.fd = fd, .active_tick = now_tick, .prev = conns.prev, .next = &conns};
    c->prev->next = c->next->prev = c;
    n_conns++;
    return c;
}

static void conn_free(struct conn *c)
{
    close(c->fd);
    c->prev->next = c->next;
    c->next->prev = c->prev;
    block_free(c->in);
    block_free(c->out);
    c->next = free_conns;
    free_conns = c;
    n_conns--;
    if (!listening) {
        watch(EPOLL_CTL_MOD, listen_fd, EPOLLIN, &listen_fd);
        listening = true;
    }
}

static void accept_all(void)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        struct conn *c = fd < 0 ? NULL : conn_new(fd);
        if (!c || !try_watch(EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
            /* No descriptor or no memory: clients wait in the backlog until a connection ends. */
            if (c)
                conn_free(c);
            else if (fd >= 0)
                close(fd);
            if (n_conns > 0) {
                watch(EPOLL_CTL_MOD, listen_fd, 0, &listen_fd);
                listening = false;
            }
            return;
        }
    }
}

static void batch_add(const char *bytes, size_t len)
{
    batch.part[batch.n_parts++] = (struct iovec){(char *)bytes, len};
    batch.len += len;
}

static void batch_clear(void)
{
    batch.n_parts = 0;
    batch.len = batch.heads_len = 0;
}

/* A head made for this request, and a body of pattern bytes that flush() adds. */
static void answer_bytes(struct conn *c, const struct http_request *req, uint64_t n)
{
    char *head = batch.heads + batch.heads_len;
    size_t len = http_head(head, "application/octet-stream", n, req->keep_alive);
    batch.heads_len += len;
    batch_add(head, len);
    if (req->method == HTTP_GET) {
        c->body_left = n;
        c->body_at = 0;
    }
}

static void answer_stats(const struct http_request *req)
{
    struct sysinfo info;
    char body[128], *p = body;
    if (sysinfo(&info) < 0)
        memset(&info, 0, sizeof info);
    p = stpcpy(p, "requests ");
    p += http_put_number(p, n_requests);
    p = stpcpy(p, "\nconnections ");
    p += http_put_number(p, n_conns);
    p = stpcpy(p, "\nfree_bytes ");
    p += http_put_number(p, (uint64_t)info.freeram * info.mem_unit);
    *p++ = '\n';

    size_t body_len = (size_t)(p - body);
    char *head = batch.heads + batch.heads_len;
    size_t len = http_head(head, "text/plain", body_len, req->keep_alive);
    if (req->method == HTTP_GET) {
        memcpy(head + len, body, body_len);
        len += body_len;
    }
    batch.heads_len += len;
    batch_add(head, len);
}

static void answer_page(enum http_page page, bool keep_alive, bool head_only)
{
    const struct http_answer *a = &http_answers[page][keep_alive];
    batch_add(a->bytes, head_only ? a->head_len : a->len);
}

/* The number in "/bytes/NUMBER", or -1. */
static int64_t bytes_wanted(const char *path, size_t len)
{
    static const char prefix[] = "/bytes/";
    size_t at = sizeof prefix - 1;
    if (len <= at || len > at + 10 || memcmp(path, prefix, at) != 0)
        return -1;
    int64_t n = 0;
    for (; at < len; at++) {
        if (path[at] < '0' || path[at] > '9')
            return -1;
        n = n * 10 + (path[at] - '0');
    }
    return n;
}

static void answer(struct conn *c, const struct http_request *req)
{
    bool head_only = req->method == HTTP_HEAD;
    int64_t n;

    n_requests++;
    if (req->method == HTTP_OTHER)
        answer_page(PAGE_BAD_METHOD, req->keep_alive, false);
    else if (req->path_len == 1 && req->path[0] == '/')
        answer_page(PAGE_INDEX, req->keep_alive, head_only);
    else if ((n = bytes_wanted(req->path, req->path_len)) >= 0)
        answer_bytes(c, req, (uint64_t)n);
    else if (req->path_len == 6 && memcmp(req->path, "/stats", 6) == 0)
        answer_stats(req);
    else
        answer_page(PAGE_NOT_FOUND, req->keep_alive, head_only);
}

/* Fills the rest of the batch with body; returns how many bytes of body it holds. */
static size_t batch_add_body(struct conn *c)
{
    size_t total = 0, at = c->body_at;
    while (batch.n_parts < BATCH_PARTS && total < c->body_left) {
        size_t len = PATTERN_BYTES - at;
        if (len > c->body_left - total)
            len = (size_t)(c->body_left - total);
        batch.part[batch.n_parts++] = (struct iovec){pattern + at, len};
        total += len;
        at = 0;
    }
    return total;
}

/* Keeps what the socket did not take of the batch's heads and answers. */
static bool keep_rest(struct conn *c, size_t sent)
{
    union block *rest = block_new();
    if (!rest)
        return false;
    char *to = rest->bytes;
    size_t left = batch.len;
    for (unsigned i = 0; left > 0; i++) {
        size_t len = batch.part[i].iov_len;
        size_t skip = sent < len ? sent : len;
        to = (char *)mempcpy(to, (char *)batch.part[i].iov_base + skip, len - skip);
        sent -= skip;
        left -= len;
    }
    block_free(c->out);
    c->out = rest;
    c->out_len = (size_t)(to - rest->bytes);
    return true;
}

enum flushed { FLUSHED, FULL, GONE };

/* Sends the batch, then body until the socket is full or all is said. */
static enum flushed flush(struct conn *c)
{
    for (;;) {
        size_t body_len = c->body_left ? batch_add_body(c) : 0;
        size_t total = batch.len + body_len;
        if (total == 0)
            return FLUSHED;
        ssize_t n;
        if (batch.n_parts == 1) {
            n = send(c->fd, batch.part[0].iov_base, total, MSG_NOSIGNAL);
        } else {
            struct msghdr msg = {.msg_iov = batch.part, .msg_iovlen = batch.n_parts};
            n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
        }
        if (n < 0 && errno == EINTR)
            n = 0;
        size_t sent = n < 0 ? 0 : (size_t)n;
        if ((n < 0 && errno != EAGAIN) || (sent < batch.len && !keep_rest(c, sent))) {
            batch_clear(); /* the next one's begins empty */
            return GONE;
        }
        if (sent >= batch.len && c->out) {
            block_free(c->out);
            c->out = NULL;
            c->out_len = 0;
        }
        if (sent > batch.len) {
            c->body_left -= sent - batch.len;
            c->body_at = (c->body_at + sent - batch.len) % PATTERN_BYTES;
        }
        batch_clear();
        if (sent < total)
            return FULL;
        if (!c->body_left)
            return FLUSHED;
    }
}

/* Answers what has arrived whole. Returns bytes used up; sets closing when there is an end. */
static size_t answer_some(struct conn *c, const char *buf, size_t len)
{
    size_t used = 0;
    while (used < len && !c->closing && !c->body_left && batch.n_parts < BATCH_PARTS - 1 &&
           batch.heads_len + 2 * HTTP_HEAD_BYTES <= sizeof batch.heads) {
        struct http_request req;
        int n = http_parse(buf + used, len - used, &req);
        if (n == 0)
            break;
        if (n < 0 || req.has_body) {
            /* Where the next request begins is unknown, or behind a body nobody wants. */
            enum http_page page = n < 0 ? (enum http_page) - n : PAGE_BAD_METHOD;
            if (n > 0 && req.method != HTTP_OTHER)
                page = PAGE_BAD_REQUEST;
            answer_page(page, false, n > 0 && req.method == HTTP_HEAD);
            n_requests++;
            c->closing = c->draining = true;
            return len;
        }
        used += (size_t)n;
        answer(c, &req);
        if (!req.keep_alive) {
            c->closing = true;
            c->draining = used < len;
            return len;
        }
    }
    return used;
}

/* Remembers the unanswered bytes. */
static bool keep_input(struct conn *c, const char *rest, size_t len)
{
    union block *in = NULL;
    if (len > 0) {
        in = block_new();
        if (!in)
            return false;
        memcpy(in->bytes, rest, len);
    }
    block_free(c->in);
    c->in = in;
    c->in_len = len;
    return true;
}

static void wait_for_room(struct conn *c, bool wait)
{
    if (c->waits_for_room == wait)
        return;
    c->waits_for_room = wait;
    watch(EPOLL_CTL_MOD, c->fd, wait ? EPOLLOUT : EPOLLIN, c);
}

/* Answers and sends as much as goes; what is in buf is used up or kept on return. */
static void serve(struct conn *c, const char *buf, size_t len)
{
    size_t used = 0;
    enum flushed flushed = batch.n_parts || c->body_left ? flush(c) : FLUSHED;
    while (flushed == FLUSHED && used < len && !c->closing) {
        size_t n = answer_some(c, buf + used, len - used);
        if (n == 0)
            break;
        used += n;
        flushed = flush(c);
    }
    if (flushed == FLUSHED && used == len && !c->closing && !c->in && !c->waits_for_room)
        return; /* nearly always */
    if (flushed == GONE || (flushed == FLUSHED && c->closing && !c->draining)) {
        conn_free(c);
        return;
    }
    if ((used < len || c->in) && !keep_input(c, buf + used, len - used)) {
        conn_free(c);
        return;
    }
    if (flushed == FLUSHED && c->draining)
        shutdown(c->fd, SHUT_WR);
    wait_for_room(c, flushed == FULL);
}

static void readable(struct conn *c)
{
    size_t kept = c->in_len;
    if (kept)
        memcpy(received, c->in->bytes, kept);
    ssize_t n = recv(c->fd, received + kept, HTTP_MAX_REQUEST - kept, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        conn_free(c);
        return;
    }
    if (c->draining) {
        c->drained += (size_t)n;
        if (c->drained > 16 * sizeof received)
            conn_free(c);
        return;
    }
    serve(c, received, kept + (size_t)n);
}

static void writable(struct conn *c)
{
    size_t kept = c->in_len;
    if (kept)
        memcpy(received, c->in->bytes, kept);
    if (c->out)
        batch_add(c->out->bytes, c->out_len);
    serve(c, received, kept);
}

static void close_idle(int timer_fd)
{
    uint64_t ticks;
    if (read(timer_fd, &ticks, sizeof ticks) != sizeof ticks)
        return;
    now_tick += (unsigned)ticks;
    for (struct conn *c = conns.next, *next; c != &conns; c = next) {
        next = c->next;
        if (now_tick - c->active_tick > IDLE_LIMIT_S / TICK_S)
            conn_free(c);
    }
}

/* As many connections as may be: the soft limit of 1,024 is there for select(), not for epoll. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void open_listener(const char *name, struct in_addr addr, unsigned long port)
{
    int one = 1;
    struct sockaddr_in sin = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = addr};
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listen_fd < 0)
        fail("socket");
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted ones inherit */
    if (bind(listen_fd, (struct sockaddr *)&sin, sizeof sin) < 0) {
        if (errno == EACCES)
            dprintf(STDERR_FILENO, "http: ports below 1024 need root here; try --port 8080\n");
        if (errno == EADDRINUSE)
            dprintf(STDERR_FILENO, "http: port %lu is in use\n", port);
        fail("bind");
    }
    if (listen(listen_fd, 1024) < 0)
        fail("listen");
    socklen_t len = sizeof sin;
    if (getsockname(listen_fd, (struct sockaddr *)&sin, &len) < 0)
        fail("getsockname");
    dprintf(STDOUT_FILENO, "listening on %s:%u\n", name, ntohs(sin.sin_port));
}

/* Ticks wake the service only every TICK_S seconds, and cost the requests nothing. */
static int open_timer(void)
{
    struct itimerspec every = {.it_value.tv_sec = TICK_S, .it_interval.tv_sec = TICK_S};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) < 0)
        fail("timerfd");
    return fd;
}

static void make_pattern(void)
{
    for (unsigned i = 0; i < PATTERN_LINES; i++) {
        char *line = pattern + (size_t)i * LINE_BYTES;
        memset(line, '.', LINE_BYTES - 1);
        http_put_number(line, i);
        line[LINE_BYTES - 1] = '\n';
    }
}

static int usage(void)
{
    dprintf(STDERR_FILENO, "usage: http [--bind ADDRESS] [--port PORT]\n"
                           "  ADDRESS  IPv4, 0.0.0.0 if not given\n"
                           "  PORT     $PORT if not given, else 80\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *port_text = getenv("PORT"), *addr_text = "0.0.0.0";
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--port") == 0)
            port_text = argv[i + 1];
        else if (strcmp(argv[i], "--bind") == 0)
            addr_text = argv[i + 1];
        else
            return usage();
    }
    char *end = "";
    unsigned long port = port_text ? strtoul(port_text, &end, 10) : 80;
    struct in_addr addr;
    if (*end || port > 65535 || inet_aton(addr_text, &addr) == 0)
        return usage();

    make_pattern();
    http_init();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        fail("epoll_create1");
    int timer_fd = open_timer();
    raise_limit();
    open_listener(addr_text, addr, port);
    listening = true;
    watch(EPOLL_CTL_ADD, listen_fd, EPOLLIN, &listen_fd);
    watch(EPOLL_CTL_ADD, timer_fd, EPOLLIN, &timer_fd);

    for (;;) {
        struct epoll_event ev[64];
        int n = epoll_wait(epoll_fd, ev, 64, -1);
        if (n < 0 && errno != EINTR)
            fail("epoll_wait");
        bool has_ticked = false;
        for (int i = 0; i < n; i++) {
            void *who = ev[i].data.ptr;
            if (who == &listen_fd) {
                accept_all();
            } else if (who == &timer_fd) {
                has_ticked = true;
            } else {
                struct conn *c = who;
                c->active_tick = now_tick;
                if (c->waits_for_room)
                    writable(c);
                else
                    readable(c);
            }
        }
        /* Last, because it frees connections that later events of this round would name. */
        if (has_ticked)
            close_idle(timer_fd);
    }
}
