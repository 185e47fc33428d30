/*
 * One program for both ends of a byte-exact transfer: built for this machine and as an image.
 *
 *      peer serve PORT                       serves the requests below, prints "listening on …";
 *                                            at PORT + 1 by IPv6, at PORT + 2 with a window of 4 KB
 *      peer push ADDRESS PORT BYTES SEED     sends BYTES; the server tells the hash of what came
 *      peer pull ADDRESS PORT BYTES SEED [BUFFER]
 *                                            asks for BYTES and hashes what comes; with a receive
 *                                            buffer of that many bytes, slowly
 *      peer idle ADDRESS PORT N FROM         holds N connections from FROM until one ends
 *      peer reset ADDRESS PORT N x           opens N, sends half a request, resets them
 *
 * The bytes are a function of seed and position, so every loss, swap or change shows. A request is
 * one line: "push\n" or "pull BYTES SEED\n".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 16000

static void die(const char *what)
{
    printf("peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15;
    return x ^ x >> 29;
}

/* Eight bytes of the stream at a time; `at` is a multiple of 8. */
static void fill(unsigned char *to, size_t len, uint64_t seed, uint64_t at)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = mix(seed + at + i);
        memcpy(to + i, &word, len - i < 8 ? len - i : 8);
    }
}

static uint64_t hash(uint64_t h, const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 1099511628211u;
    return h;
}
#define HASH_START 14695981039346656037u

/* Returns the hash of what was sent. */
static uint64_t send_stream(int fd, uint64_t bytes, uint64_t seed)
{
    unsigned char piece[PIECE];
    uint64_t h = HASH_START;
    for (uint64_t at = 0; at < bytes; at += PIECE) {
        size_t len = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
        fill(piece, len, seed, at);
        h = hash(h, piece, len);
        for (size_t sent = 0; sent < len;) {
            ssize_t n = send(fd, piece + sent, len - sent, MSG_NOSIGNAL);
            if (n < 0)
                return 0;
            sent += (size_t)n;
        }
    }
    shutdown(fd, SHUT_WR);
    return h;
}

static int buffer; /* SO_RCVBUF if not 0, and reads are small and slow */

static uint64_t receive_stream(int fd, uint64_t *bytes)
{
    unsigned char piece[PIECE];
    size_t room = buffer ? 700 : sizeof piece;
    uint64_t h = HASH_START;
    ssize_t n;
    *bytes = 0;
    while ((n = recv(fd, piece, room, 0)) > 0) {
        if (buffer)
            usleep(1000);
        h = hash(h, piece, (size_t)n);
        *bytes += (uint64_t)n;
    }
    return n < 0 ? 0 : h;
}

static int read_line(int fd, char *line, size_t room)
{
    size_t len = 0;
    while (len + 1 < room && recv(fd, line + len, 1, 0) == 1)
        if (line[len++] == '\n') {
            line[len] = '\0';
            return 1;
        }
    return 0;
}

static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char line[100];
    unsigned long long bytes, seed;
    if (!read_line(fd, line, sizeof line)) {
        ;
    } else if (strcmp(line, "push\n") == 0) {
        uint64_t n, h = receive_stream(fd, &n);
        int len = snprintf(line, sizeof line, "%llu %016llx\n", (unsigned long long)n,
                           (unsigned long long)h);
        send(fd, line, (size_t)len, MSG_NOSIGNAL);
    } else if (sscanf(line, "pull %llu %llu", &bytes, &seed) == 2) {
        send_stream(fd, bytes, seed);
    }
    close(fd);
    return NULL;
}

static int listen_at(int family, unsigned port, int rcvbuf)
{
    int one = 1, fd = socket(family, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (rcvbuf)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
    if (bind(fd, sa, family == AF_INET ? sizeof sin : sizeof sin6) < 0 || listen(fd, 64) < 0)
        die("listen");
    return fd;
}

static void serve(unsigned port)
{
    struct pollfd p[3] = {{.fd = listen_at(AF_INET, port, 0), .events = POLLIN},
                          {.fd = listen_at(AF_INET6, port + 1, 0), .events = POLLIN},
                          {.fd = listen_at(AF_INET, port + 2, 4096), .events = POLLIN}};
    printf("listening on 0.0.0.0:%u\n", port);
    fflush(stdout);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (;;) {
        poll(p, 3, -1);
        for (int i = 0; i < 3; i++) {
            pthread_t thread;
            int conn = p[i].revents & POLLIN ? accept(p[i].fd, NULL, NULL) : -1;
            if (conn >= 0 && pthread_create(&thread, &attr, serve_one, (void *)(intptr_t)conn) != 0)
                close(conn);
        }
    }
}

static int dial(const char *addr, unsigned port, const char *from)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int is_v6 = inet_pton(AF_INET6, addr, &sin6.sin6_addr) == 1;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (from && inet_pton(AF_INET, from, &sin.sin_addr) == 1 &&
        bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0)
        die("bind");
    sin.sin_port = htons((uint16_t)port);
    if (!is_v6 && inet_pton(AF_INET, addr, &sin.sin_addr) != 1)
        die("address");
    if (buffer)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (connect(fd, is_v6 ? (struct sockaddr *)&sin6 : (struct sockaddr *)&sin,
                is_v6 ? sizeof sin6 : sizeof sin) < 0)
        die("connect");
    return fd;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "serve") == 0 && argc == 3)
        serve((unsigned)atoi(argv[2]));
    if (argc == 7 && strcmp(what, "pull") == 0)
        buffer = atoi(argv[6]);
    else if (argc != 6) {
        printf("usage: peer serve PORT | push|pull|idle|reset ADDRESS PORT NUMBER SEED\n");
        return 2;
    }
    unsigned port = (unsigned)atoi(argv[3]);
    uint64_t number = strtoull(argv[4], NULL, 10), seed = strtoull(argv[5], NULL, 10);

    if (strcmp(what, "push") == 0) {
        int fd = dial(argv[2], port, NULL);
        char line[100] = "";
        unsigned long long n = 0, h = 0;
        if (send(fd, "push\n", 5, MSG_NOSIGNAL) != 5)
            die("send");
        uint64_t want = send_stream(fd, number, seed);
        if (!read_line(fd, line, sizeof line) || sscanf(line, "%llu %llx", &n, &h) != 2)
            die("no answer");
        printf("push: %llu bytes arrived, hash %s\n", n, h == want ? "right" : "wrong");
        return n == number && h == want ? 0 : 1;
    }
    if (strcmp(what, "pull") == 0) {
        int fd = dial(argv[2], port, NULL);
        char line[100];
        unsigned char piece[PIECE];
        int len = snprintf(line, sizeof line, "pull %llu %llu\n", (unsigned long long)number,
                           (unsigned long long)seed);
        uint64_t want = HASH_START, n;
        if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len)
            die("send");
        for (uint64_t at = 0; at < number; at += PIECE) {
            size_t piece_len = number - at < PIECE ? (size_t)(number - at) : PIECE;
            fill(piece, piece_len, seed, at);
            want = hash(want, piece, piece_len);
        }
        uint64_t h = receive_stream(fd, &n);
        printf("pull: %llu bytes arrived, hash %s\n", (unsigned long long)n,
               h == want ? "right" : "wrong");
        return n == number && h == want ? 0 : 1;
    }
    if (strcmp(what, "idle") == 0) {
        struct pollfd *held = calloc(number, sizeof *held);
        if (!held)
            die("calloc");
        for (uint64_t i = 0; i < number; i++)
            held[i] = (struct pollfd){.fd = dial(argv[2], port, argv[5]), .events = POLLIN};
        printf("idle: %llu open\n", (unsigned long long)number);
        fflush(stdout);
        printf("idle: %d ended\n", poll(held, number, -1)); /* the server has nothing to say */
        return 1;
    }
    if (strcmp(what, "reset") == 0) {
        struct linger now = {.l_onoff = 1};
        for (uint64_t i = 0; i < number; i++) {
            int fd = dial(argv[2], port, NULL);
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
            send(fd, "GET / HTTP/1.1\r\n", i % 17, MSG_NOSIGNAL);
            close(fd);
        }
        printf("reset: %llu\n", (unsigned long long)number);
        return 0;
    }
    return 2;
}
