/*
 * How long from the start of a program to its first sign of life, in milliseconds.
 *
 *      first byte COMMAND…           until its first byte on standard output
 *      first exit COMMAND…           until it ends
 *      first http PORT COMMAND…      until GET / on 127.0.0.1:PORT is answered with 200, asked from
 *                                    the moment it printed "listening on"
 *
 * The clock starts just before the fork. Descriptor 3 of the program is /dev/null. Prints one
 * number and kills the program; exits 1 when there was no sign within 60 s.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* One attempt; returns whether a 200 came. */
static int ask(unsigned port)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval tv = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    int is_right = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
                   send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0 &&
                   recv(fd, answer, 12, MSG_WAITALL) == 12 && memcmp(answer + 9, "200", 3) == 0;
    close(fd);
    return is_right;
}

/* Reads what the program prints until the text has come. */
static int until(int fd, const char *text, int64_t end)
{
    static char seen[65536];
    size_t len = 0;
    while (now_ns() < end && len < sizeof seen - 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 100) == 0)
            continue;
        ssize_t n = read(fd, seen + len, sizeof seen - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        if (memmem(seen, len, text, strlen(text)))
            return 1;
    }
    fprintf(stderr, "first: no \"%s\" in: %.*s\n", text, (int)(len < 500 ? len : 500), seen);
    return 0;
}

int main(int argc, char **argv)
{
    int is_http = argc > 3 && strcmp(argv[1], "http") == 0;
    int is_exit = argc > 2 && strcmp(argv[1], "exit") == 0;
    int out[2], is_right = 0;
    char c;

    if (argc < 3 || pipe(out) < 0)
        return 2;
    int64_t start = now_ns(), end = start + 60000000000ll;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        if (null != 3)
            dup2(null, 3);
        execvp(argv[2 + is_http], argv + 2 + is_http);
        _exit(127);
    }
    close(out[1]);
    if (is_http) {
        is_right = until(out[0], "listening on", end);
        while (is_right && !ask((unsigned)atoi(argv[2])))
            if (now_ns() > end)
                is_right = 0;
    } else if (is_exit) {
        while (read(out[0], &c, 1) > 0)
            ;
        is_right = 1;
    } else {
        is_right = read(out[0], &c, 1) == 1;
    }
    int64_t took = now_ns() - start;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (is_right)
        printf("%.3f\n", (double)took / 1e6);
    return !is_right;
}
