/*
 * A small HTTP load generator that counts exactly: every request is answered rightly, answered
 * wrongly, or lost. All answers must be the same bytes as the first one, head included.
 *
 *      load [-c CONNECTIONS] [-n REQUESTS] [-t SECONDS] [-k | -x] [-q] ADDRESS PORT PATH
 *
 *      -k  keep connections (default)      -x  a connection per request, closed by the server
 *      -t  give up after so long (60)      -q  no JSON, only the exit status
 *
 * Prints one line of JSON. Exits 0 when nothing was lost or wrong, else 1. Never sends more than
 * it was told to: what is lost is not sent again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct conn {
    int fd;
    bool is_connected, is_whole; /* is_whole: the answer has come, its end (-x) has not */
    size_t sent, got, want;      /* want: length of the answer, 0 while unknown */
    int64_t start_ns;
};

static struct sockaddr_in to;
static char request[512];
static size_t request_len;
static bool closes;
static int epoll_fd;

static char *reference; /* the first answer */
static size_t reference_len;

static long n_wanted = 1000, n_started, n_right, n_wrong, n_lost;
static uint32_t *took_us;
static int n_open;

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void watch(struct conn *c, int op, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, op, c->fd, &ev) < 0)
        die("epoll_ctl");
}

static void begin_request(struct conn *c)
{
    n_started++;
    c->sent = c->got = c->want = 0;
    c->is_whole = false;
    c->start_ns = now_ns();
}

/* Opens a connection for the next request, if there is one left to make. */
static void open_conn(struct conn *c)
{
    int one = 1;
    if (n_started == n_wanted)
        return;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        die("connect");
    c->is_connected = false;
    n_open++;
    begin_request(c);
    watch(c, EPOLL_CTL_ADD, EPOLLOUT | EPOLLIN);
}

static void reopen(struct conn *c)
{
    close(c->fd);
    c->fd = -1;
    n_open--;
    open_conn(c);
}

static void lose(struct conn *c, const char *why)
{
    if (n_lost++ < 5)
        fprintf(stderr, "load: lost a request: %s (%s, %zu of %zu bytes)\n", why, strerror(errno),
                c->got, c->want);
    reopen(c);
}

/* The length of the answer that begins with these bytes; 0 if its head is not whole yet. */
static size_t answer_len(const char *head, size_t len)
{
    const char *end = memmem(head, len, "\r\n\r\n", 4);
    const char *field = end ? memmem(head, (size_t)(end - head), "Content-Length: ", 16) : NULL;
    if (!end)
        return 0;
    if (!field) {
        fprintf(stderr, "load: an answer without Content-Length\n");
        exit(1);
    }
    return (size_t)(end + 4 - head) + strtoul(field + 16, NULL, 10);
}

/* Takes part of an answer and compares it. Returns false if it differs from the first one. */
static bool take(struct conn *c, const char *data, size_t len)
{
    static size_t room;
    static struct conn *first;

    if (!first)
        first = c;
    if (c == first && reference_len == 0) {
        /* The reference itself; the others compare with what is known of it. */
        if (c->got + len > room) {
            room = (c->got + len) * 2 + 4096;
            reference = realloc(reference, room);
            if (!reference)
                die("memory");
        }
        memcpy(reference + c->got, data, len);
        c->got += len;
        if (!c->want)
            c->want = answer_len(reference, c->got);
        if (c->want && c->got == c->want)
            reference_len = c->got;
        return !c->want || c->got <= c->want;
    }
    if (reference_len == 0)
        return false;
    c->want = reference_len;
    if (c->got + len > reference_len || memcmp(reference + c->got, data, len) != 0)
        return false;
    c->got += len;
    return true;
}

static void right(struct conn *c)
{
    took_us[n_right++] = (uint32_t)((now_ns() - c->start_ns) / 1000);
}

static void on_readable(struct conn *c)
{
    static char buf[1 << 18];
    ssize_t n = recv(c->fd, buf, sizeof buf, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (n == 0 && c->is_whole) {
            right(c);
            reopen(c);
            return;
        }
        errno = n == 0 ? 0 : errno;
        lose(c, n == 0 ? "the connection ended" : "receiving failed");
        return;
    }
    if (c->is_whole || c->sent < request_len || !take(c, buf, (size_t)n)) {
        if (n_wrong++ < 5)
            fprintf(stderr, "load: a wrong answer at byte %zu: %.60s\n", c->got, buf);
        reopen(c);
        return;
    }
    if (!c->want || c->got < c->want)
        return;
    if (closes) {
        c->is_whole = true; /* its end is part of the answer */
        return;
    }
    right(c);
    if (n_started == n_wanted) {
        close(c->fd);
        c->fd = -1;
        n_open--;
        return;
    }
    begin_request(c);
    ssize_t m = send(c->fd, request, request_len, MSG_NOSIGNAL);
    if (m < 0 && errno != EAGAIN) {
        lose(c, "sending failed");
        return;
    }
    c->sent = m < 0 ? 0 : (size_t)m;
    if (c->sent < request_len)
        watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void on_writable(struct conn *c)
{
    if (!c->is_connected) {
        int err = 0;
        socklen_t len = sizeof err;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err) {
            errno = err;
            lose(c, "not connected");
            return;
        }
        c->is_connected = true;
    }
    ssize_t n = send(c->fd, request + c->sent, request_len - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        lose(c, "sending failed");
        return;
    }
    if (n > 0)
        c->sent += (size_t)n;
    if (c->sent == request_len)
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int n_conns = 1, opt;
    long limit_s = 60;
    bool is_quiet = false;
    while ((opt = getopt(argc, argv, "c:n:t:kxq")) != -1) {
        switch (opt) {
        case 'c':
            n_conns = atoi(optarg);
            break;
        case 'n':
            n_wanted = atol(optarg);
            break;
        case 't':
            limit_s = atol(optarg);
            break;
        case 'k':
            closes = false;
            break;
        case 'x':
            closes = true;
            break;
        case 'q':
            is_quiet = true;
            break;
        default:
            return 2;
        }
    }
    to = (struct sockaddr_in){.sin_family = AF_INET};
    if (argc - optind != 3 || n_conns < 1 || n_wanted < 1 ||
        inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: load [-c N] [-n N] [-t S] [-k | -x] [-q] ADDRESS PORT PATH\n");
        return 2;
    }
    to.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
    request_len =
        (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                         argv[optind + 2], argv[optind], closes ? "Connection: close\r\n" : "");
    took_us = malloc((size_t)n_wanted * sizeof *took_us);
    struct conn *conns = calloc((size_t)n_conns, sizeof *conns);
    epoll_fd = epoll_create1(0);
    if (!took_us || !conns || epoll_fd < 0)
        die("start");

    int64_t start = now_ns(), end = start + limit_s * 1000000000ll;
    open_conn(&conns[0]);
    bool all_open = false;
    while (n_open > 0 && now_ns() < end) {
        struct epoll_event ev[256];
        int n = epoll_wait(epoll_fd, ev, 256, 100);
        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            if (c->fd < 0)
                continue;
            if (ev[i].events & EPOLLOUT)
                on_writable(c);
            else
                on_readable(c);
        }
        /* The others start when the reference is there. */
        if (!all_open && (reference_len || n_lost)) {
            all_open = true;
            for (int i = 1; i < n_conns; i++)
                open_conn(&conns[i]);
        }
    }
    if (n_open > 0)
        fprintf(stderr, "load: %d requests without an answer after %ld s\n", n_open, limit_s);
    n_lost += n_open;
    double seconds = (double)(now_ns() - start) / 1e9;
    qsort(took_us, (size_t)n_right, sizeof *took_us, by_value);
    if (!is_quiet)
        printf("{\"requests\": %ld, \"right\": %ld, \"wrong\": %ld, \"lost\": %ld, \"bytes\": %zu, "
               "\"seconds\": %.3f, \"per_second\": %.0f, \"p50_us\": %u, \"p99_us\": %u, "
               "\"max_us\": %u}\n",
               n_wanted, n_right, n_wrong, n_lost, reference_len, seconds,
               (double)n_right / seconds, n_right ? took_us[n_right / 2] : 0,
               n_right ? took_us[n_right * 99 / 100] : 0, n_right ? took_us[n_right - 1] : 0);
    return n_right == n_wanted ? 0 : 1;
}
