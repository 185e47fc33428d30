/*
 * How a service ends while its sockets are in use.
 *
 *      finish serve WAY PORT [ADDRESS]   wait for connections, then end in that way
 *      finish look WAY ADDRESS PORT      its client; 0 if it saw what it should
 *      finish hear PORT                  print the first datagram that comes
 *
 *      data     main() returns with 300,000 bytes written that nobody has read yet
 *      idle     exit(7) with three connections open
 *      unread   exit() with a byte received that it has not read
 *      thread   main() returns while a thread waits in recv() on the connection
 *      fault    a null pointer is followed
 *      backlog  exit() with a connection nobody has accepted
 *      gone     exit(7) a second after the first byte; the client does not look
 *      udp      the last thing it does is to send a datagram to ADDRESS (no client)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define N_IDLE  3
#define N_BYTES 300000

static struct sockaddr_in name_of(const char *address, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

    inet_pton(AF_INET, address, &a.sin_addr);
    return a;
}

static char byte_at(size_t i)
{
    return (char)(i * 7 + i / 251);
}

static void *reader(void *fd)
{
    char c;

    recv(*(int *)fd, &c, 1, 0);
    return NULL;
}

static int serve(const char *way, const char *port, const char *address)
{
    static char bytes[N_BYTES];
    static int fd[N_IDLE];
    struct sockaddr_in a = name_of("0.0.0.0", port);
    int n = strcmp(way, "idle") == 0 ? N_IDLE : 1, l = socket(AF_INET, SOCK_STREAM, 0);
    char c;

    if (strcmp(way, "udp") == 0) {
        int s = socket(AF_INET, SOCK_DGRAM, 0);
        a = name_of(address, port);
        return sendto(s, "the end\n", 8, 0, (struct sockaddr *)&a, sizeof(a)) != 8;
    }
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(l, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(l, 8) != 0)
        return 1;
    printf("listening on %s\n", port);
    fflush(stdout);
    if (strcmp(way, "backlog") == 0) {
        struct pollfd p = {.fd = l, .events = POLLIN};
        poll(&p, 1, -1);
        exit(0);
    }
    for (int i = 0; i < n; i++) {
        fd[i] = accept(l, NULL, NULL);
        if (recv(fd[i], &c, 1, strcmp(way, "unread") == 0 ? MSG_PEEK : 0) != 1)
            return 1;
    }
    if (strcmp(way, "data") == 0) {
        int size = 4 * N_BYTES;
        setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        for (size_t i = 0; i < N_BYTES; i++)
            bytes[i] = byte_at(i);
        return send(fd[0], bytes, N_BYTES, 0) != N_BYTES;
    }
    if (strcmp(way, "thread") == 0) {
        pthread_t t;
        pthread_create(&t, NULL, reader, &fd[0]);
        usleep(100000);
        return 0;
    }
    if (strcmp(way, "gone") == 0)
        sleep(1);
    if (strcmp(way, "fault") == 0)
        *strchr(way, '!') = 1; /* there is none */
    exit(strcmp(way, "idle") == 0 || strcmp(way, "gone") == 0 ? 7 : 0);
}

static int look(const char *way, const char *address, const char *port)
{
    struct sockaddr_in a = name_of(address, port);
    int fd[N_IDLE], n = strcmp(way, "idle") == 0 ? N_IDLE : 1;
    int want = strcmp(way, "unread") == 0 || strcmp(way, "backlog") == 0 ? ECONNRESET : 0;
    struct timeval limit = {20, 0};
    static char buf[4096];
    size_t got = 0;

    for (int i = 0; i < n; i++) {
        fd[i] = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (connect(fd[i], (struct sockaddr *)&a, sizeof(a)) != 0) {
            if (errno == want && want) /* so soon that connect() still sees it */
                return 0;
            perror("connect");
            return 1;
        }
    }
    for (int i = 0; i < n && strcmp(way, "backlog") != 0; i++)
        send(fd[i], "x", 1, MSG_NOSIGNAL);
    if (strcmp(way, "gone") == 0)
        return 0;
    if (strcmp(way, "data") == 0)
        usleep(500000); /* the service has ended long since, its words are still on their way */
    for (int i = 0; i < n; i++) {
        ssize_t k;
        while ((k = recv(fd[i], buf, sizeof(buf), 0)) > 0)
            for (ssize_t j = 0; j < k; j++)
                if (buf[j] != byte_at(got++)) {
                    fprintf(stderr, "byte %zu is wrong\n", got - 1);
                    return 1;
                }
        if ((k < 0 ? errno : 0) != want) {
            fprintf(stderr, "connection %d: %s after %zu bytes\n", i, k ? strerror(errno) : "end",
                    got);
            return 1;
        }
    }
    if (strcmp(way, "data") == 0 && got != N_BYTES) {
        fprintf(stderr, "%zu bytes of %d\n", got, N_BYTES);
        return 1;
    }
    return 0;
}

static int hear(const char *port)
{
    struct sockaddr_in a = name_of("0.0.0.0", port);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    char buf[64];
    ssize_t n;

    if (bind(s, (struct sockaddr *)&a, sizeof(a)) != 0)
        return 1;
    printf("listening\n");
    fflush(stdout);
    n = recv(s, buf, sizeof(buf), 0);
    return n <= 0 || fwrite(buf, 1, (size_t)n, stdout) != (size_t)n;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "hear") == 0)
        return hear(argv[2]);
    if (argc >= 4 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], argv[3], argc > 4 ? argv[4] : "");
    if (argc == 5 && strcmp(argv[1], "look") == 0)
        return look(argv[2], argv[3], argv[4]);
    return 2;
}
