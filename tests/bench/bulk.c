/*
 * Both ends of a bulk transfer whose bytes cost nothing, so that the network is what is measured.
 *
 *      bulk serve PORT                  one request a connection: "up\n", then bytes until the end;
 *                                       answered by their number. "down N\n": answered by N bytes
 *      bulk up|down ADDRESS PORT N      moves N bytes and prints the megabytes (10^6) a second
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char piece[65536];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t receive(int fd, uint64_t most)
{
    uint64_t n = 0;
    while (n < most) {
        size_t want = most - n < sizeof piece ? most - n : sizeof piece;
        ssize_t got = read(fd, piece, want);
        if (got <= 0)
            break;
        n += (uint64_t)got;
    }
    return n;
}

static uint64_t transmit(int fd, uint64_t most)
{
    uint64_t n = 0;
    while (n < most) {
        size_t want = most - n < sizeof piece ? most - n : sizeof piece;
        ssize_t put = write(fd, piece, want);
        if (put <= 0)
            break;
        n += (uint64_t)put;
    }
    return n;
}

/* One line, byte by byte: what follows it is bulk. */
static void read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    while (len < size - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = '\0';
}

static void serve(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16) < 0)
        die("listen");
    printf("listening on %u\n", port);
    fflush(stdout);
    for (;;) {
        char line[64];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            die("accept");
        read_line(fd, line, sizeof line);
        if (strcmp(line, "up") == 0) {
            int len =
                snprintf(line, sizeof line, "%llu\n", (unsigned long long)receive(fd, UINT64_MAX));
            if (write(fd, line, (size_t)len) != len)
                perror("answer");
        } else if (strncmp(line, "down ", 5) == 0) {
            transmit(fd, strtoull(line + 5, NULL, 10));
        }
        close(fd);
    }
}

int main(int argc, char **argv)
{
    char line[64];
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve((uint16_t)atoi(argv[2]));
    if (argc == 1) /* as the first process of a machine, which gives no arguments */
        serve(80);
    if (argc != 5)
        return 2;
    int is_up = strcmp(argv[1], "up") == 0;
    uint64_t n = strtoull(argv[4], NULL, 10), moved;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (is_up) {
        if (write(fd, "up\n", 3) != 3 || transmit(fd, n) != n)
            die("send");
        shutdown(fd, SHUT_WR);
        read_line(fd, line, sizeof line);
        moved = strtoull(line, NULL, 10);
    } else {
        int len = snprintf(line, sizeof line, "down %llu\n", (unsigned long long)n);
        if (write(fd, line, (size_t)len) != len)
            die("ask");
        moved = receive(fd, n);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (moved != n) {
        fprintf(stderr, "bulk: %llu of %llu bytes\n", (unsigned long long)moved,
                (unsigned long long)n);
        return 1;
    }
    printf("%.1f\n", (double)n / 1e6 /
                         ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9));
    return 0;
}
