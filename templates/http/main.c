/*
 * @NAME@: a small HTTP/1.1 service: one thread, epoll, connections kept open between requests.
 * The port is the first argument, 80 if there is none. Put your own answers into answer().
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longest request (line and fields) and longest answer, in bytes. */
#define MAX_REQUEST 4096
#define MAX_ANSWER  4096

struct client {
    int fd;
    bool closing;            /* hang up when the answer is sent */
    size_t got, sent, total; /* bytes in request; bytes of answer sent, and in all */
    char request[MAX_REQUEST + 1];
    char answer[MAX_ANSWER];
};

static int epoll_fd;

static void respond(struct client *c, const char *status, bool is_head, const char *body)
{
    int len = snprintf(c->answer, sizeof c->answer,
                       "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n%sContent-Length: %zu\r\n\r\n%s",
                       status, c->closing ? "Connection: close\r\n" : "", strlen(body),
                       is_head ? "" : body);
    c->sent = 0;
    c->total = (size_t)len < sizeof c->answer ? (size_t)len : sizeof c->answer - 1;
}

/* One whole request is in c->request, ending in a NUL. */
static void answer(struct client *c)
{
    char *rest = c->request, *method = strsep(&rest, " "), *path = strsep(&rest, " ");
    char *version = strsep(&rest, "\r");

    if (!rest) {
        c->closing = true;
        respond(c, "400 Bad Request", false, "bad request\n");
        return;
    }
    bool is_head = strcmp(method, "HEAD") == 0;
    if (strcmp(version, "HTTP/1.1") != 0 || strcasestr(rest, "\nConnection: close"))
        c->closing = true;
    if (!is_head && strcmp(method, "GET") != 0) {
        c->closing = true; /* a body may follow that nobody reads */
        respond(c, "405 Method Not Allowed\r\nAllow: GET, HEAD", false, "only GET and HEAD\n");
    } else if (strcmp(path, "/") == 0) {
        respond(c, "200 OK", is_head, "Hello from @NAME@.\n");
    } else {
        respond(c, "404 Not Found", is_head, "not found\n");
    }
}

/* Does what can be done without waiting. Returns false when the client is to be hung up on. */
static bool serve(struct client *c)
{
    for (;;) {
        while (c->sent < c->total) {
            ssize_t n = send(c->fd, c->answer + c->sent, c->total - c->sent, MSG_NOSIGNAL);
            if (n < 0)
                return errno == EAGAIN;
            c->sent += (size_t)n;
        }
        if (c->closing)
            return false;

        c->request[c->got] = '\0';
        char *end = strstr(c->request, "\r\n\r\n");
        if (end) {
            /* The next request may be here already: it moves to the front after this one. */
            size_t used = (size_t)(end + 4 - c->request);
            end[2] = '\0';
            answer(c);
            c->got -= used;
            memmove(c->request, c->request + used, c->got);
            continue;
        }
        if (c->got == MAX_REQUEST) {
            c->closing = true;
            respond(c, "431 Request Header Fields Too Large", false, "request too large\n");
            continue;
        }
        ssize_t n = recv(c->fd, c->request + c->got, MAX_REQUEST - c->got, 0);
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        c->got += (size_t)n;
    }
}

static void hang_up(struct client *c)
{
    close(c->fd);
    munmap(c, sizeof *c);
}

static void greet(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    /* Pages of its own, all zero; they go back to the system when the client is gone. */
    struct client *c =
        mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        close(fd);
        return;
    }
    /* Edge-triggered: serve() goes on until the socket has nothing more to give or to take. */
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    c->fd = fd;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
        hang_up(c);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 80, one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 128) < 0) {
        dprintf(STDERR_FILENO, "@NAME@: port %d: error %d\n", port, errno);
        return 1;
    }
    epoll_fd = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN}; /* data.ptr NULL: the listener */
    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev) < 0) {
        dprintf(STDERR_FILENO, "@NAME@: epoll: error %d\n", errno);
        return 1;
    }
    dprintf(STDOUT_FILENO, "listening on 0.0.0.0:%d\n", port);

    for (;;) {
        struct epoll_event ready[32];
        int n = epoll_wait(epoll_fd, ready, 32, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = ready[i].data.ptr;
            if (!c) {
                greet(listener);
            } else if (!serve(c)) {
                hang_up(c);
            }
        }
    }
}
