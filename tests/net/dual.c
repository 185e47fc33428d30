/* Serves both families on port 80, until stopped: a page over TCP, an echo over UDP. */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int bound(int type)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    int s = socket(AF_INET6, type, 0);

    if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) != 0) {
        perror("bind");
        exit(1);
    }
    return s;
}

static void answer(int s)
{
    static char page[100000];
    char buf[2048];
    int n =
        snprintf(page, 200, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", sizeof(page) - 200);

    memset(page + n, 'p', sizeof(page) - (size_t)n);
    if (read(s, buf, sizeof(buf)) > 0)
        for (ssize_t at = 0, k, all = n + (ssize_t)sizeof(page) - 200; at < all; at += k)
            if ((k = write(s, page + at, (size_t)(all - at))) <= 0)
                break;
    close(s);
}

int main(void)
{
    struct pollfd p[2] = {{.fd = bound(SOCK_STREAM), .events = POLLIN},
                          {.fd = bound(SOCK_DGRAM), .events = POLLIN}};
    struct sockaddr_in6 from;
    char buf[2048];

    if (listen(p[0].fd, 8) != 0)
        return 1;
    printf("listening on [::]:80\n");
    fflush(stdout);
    for (;;) {
        socklen_t len = sizeof(from);
        if (poll(p, 2, -1) < 0)
            return 1;
        if (p[0].revents)
            answer(accept(p[0].fd, NULL, NULL));
        if (p[1].revents) {
            ssize_t n = recvfrom(p[1].fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
            if (n >= 0)
                sendto(p[1].fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
        }
    }
}
