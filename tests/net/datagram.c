/*
 * Datagrams of many sizes, most of them larger than a frame.
 *
 *      datagram echo PORT             sends back what comes, of either family
 *      datagram ask ADDRESS PORT      asks with each size; 0 if everything came back as it left
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static char data[65536], got[65536];

static int echo(int port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
    int s = socket(AF_INET6, SOCK_DGRAM, 0), size = 1 << 20;

    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (bind(s, (struct sockaddr *)&a, sizeof(a)) != 0) {
        perror("bind");
        return 1;
    }
    printf("listening on %d\n", port);
    fflush(stdout);
    for (;;) {
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(s, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
        if (n < 0) {
            perror("recvfrom");
            return 1;
        }
        if (sendto(s, data, (size_t)n, 0, (struct sockaddr *)&from, len) != n)
            perror("sendto");
    }
}

static int ask(const char *address, const char *port)
{
    static const size_t sizes[] = {0,    1,    1400, 1452, 1453,  1472,  1473, 1480,
                                   2000, 2960, 2961, 9000, 20000, 60000, 65487};
    struct addrinfo *ai, hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
    struct timeval limit = {2, 0};
    int err = getaddrinfo(address, port, &hints, &ai), s;

    if (err) {
        fprintf(stderr, "%s: %s\n", address, gai_strerror(err));
        return 1;
    }
    s = socket(ai->ai_family, SOCK_DGRAM, 0);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(s, ai->ai_addr, ai->ai_addrlen) != 0) {
        perror(address);
        return 1;
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        ssize_t n;
        for (size_t k = 0; k < sizes[i]; k++)
            data[k] = (char)(k * 131 + (k >> 8) + i);
        if (send(s, data, sizes[i], 0) != (ssize_t)sizes[i]) {
            fprintf(stderr, "send of %zu: %s\n", sizes[i], strerror(errno));
            return 1;
        }
        n = recv(s, got, sizeof(got), 0);
        if (n != (ssize_t)sizes[i] || memcmp(data, got, sizes[i]) != 0) {
            fprintf(stderr, "%zu bytes to %s: %zd came back\n", sizes[i], address, n);
            return 1;
        }
    }
    freeaddrinfo(ai);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "echo") == 0)
        return echo(atoi(argv[2]));
    if (argc == 4 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], argv[3]);
    fprintf(stderr, "usage: datagram echo PORT | ask ADDRESS PORT\n");
    return 2;
}
