/*
 * A name server whose answers by UDP are always cut (RFC 1035 §4.2.1, TC): the rest is to be had by
 * TCP. Any name is known, by its first letter:
 *
 *      f…  3 addresses by TCP, none by UDP, as most servers do
 *      m…  an alias and 100 addresses by TCP: more than the 512 bytes that libc gives
 *      s…  2 addresses by UDP; the TCP connection is closed at once
 *      l…  by TCP an answer that says more records than there are
 *
 *      dnscut ADDRESS          answers for A records at port 53; anything else is empty
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t question_end(const unsigned char *msg, size_t len)
{
    size_t at = 12;
    while (at < len && msg[at])
        at += msg[at] + 1u;
    return at + 5 <= len ? at + 5 : 0;
}

static size_t put_record(unsigned char *to, int type, const void *data, size_t len)
{
    unsigned char head[12] = {0xc0, 12, 0, (unsigned char)type, 0, 1, 0, 0,
                              0,    60, 0, (unsigned char)len};
    memcpy(to, head, 12);
    memcpy(to + 12, data, len);
    return 12 + len;
}

/* Puts the answer behind the question in @msg; returns its length, 0 for none. */
static size_t answer(unsigned char *msg, size_t len, int is_tcp)
{
    size_t end = len >= 12 ? question_end(msg, len) : 0;
    if (!end)
        return 0;
    int is_a = msg[end - 3] == 1, first = msg[13], n = 0, n_addrs = 0;
    msg[2] = 0x80 | (is_tcp || !is_a ? 0 : 2);
    msg[3] = 0;
    if (is_a && is_tcp)
        n_addrs = first == 'm' ? 100 : 3;
    else if (is_a && first == 's')
        n_addrs = 2;
    if (n_addrs == 100) {
        end += put_record(msg + end, 5, "\5alias\4test", 12);
        n++;
    }
    for (int i = 0; i < n_addrs; i++, n++) {
        unsigned char addr[4] = {10, 99, 0, (unsigned char)(i + 1)};
        end += put_record(msg + end, 1, addr, 4);
    }
    if (is_tcp && first == 'l')
        n = 9;
    unsigned char counts[8] = {0, 1, 0, (unsigned char)n};
    memcpy(msg + 4, counts, 8);
    return end;
}

static void serve_tcp(int listener)
{
    unsigned char msg[4096];
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0 && recv(fd, msg, 2, MSG_WAITALL) == 2) {
        size_t len = msg[0] << 8 | msg[1];
        if (len <= 512 && recv(fd, msg + 2, len, MSG_WAITALL) == (ssize_t)len &&
            msg[2 + 13] != 's') {
            len = answer(msg + 2, len, 1);
            msg[0] = (unsigned char)(len >> 8);
            msg[1] = (unsigned char)len;
            /* In two pieces, and cut in the middle of the length. */
            send(fd, msg, 1, MSG_NOSIGNAL);
            usleep(1000);
            send(fd, msg + 1, len + 1, MSG_NOSIGNAL);
        }
    }
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)}, from;
    int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    unsigned char msg[4096];
    if (argc != 2 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1)
        return 2;
    setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(udp, (struct sockaddr *)&at, sizeof at) ||
        bind(tcp, (struct sockaddr *)&at, sizeof at) || listen(tcp, 8)) {
        perror("dnscut");
        return 1;
    }
    printf("listening on %s\n", argv[1]);
    fflush(stdout);
    for (;;) {
        struct pollfd p[] = {{.fd = udp, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
        poll(p, 2, -1);
        if (p[1].revents)
            serve_tcp(tcp);
        if (p[0].revents) {
            socklen_t from_len = sizeof from;
            ssize_t n = recvfrom(udp, msg, 512, 0, (struct sockaddr *)&from, &from_len);
            size_t len = n > 0 ? answer(msg, (size_t)n, 0) : 0;
            if (len)
                sendto(udp, msg, len, 0, (struct sockaddr *)&from, from_len);
        }
    }
}
