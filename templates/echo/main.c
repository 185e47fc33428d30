/*
 * @NAME@: sends back what it receives, to any number of TCP clients, one thread each.
 * The port is the first argument, 7 if there is none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[4096];
    ssize_t n;

    while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
        for (ssize_t sent = 0, m; sent < n; sent += m) {
            m = send(fd, buf + sent, (size_t)(n - sent), MSG_NOSIGNAL);
            if (m < 0)
                goto gone;
        }
    }
gone:
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 7, one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 128) < 0) {
        dprintf(STDERR_FILENO, "@NAME@: port %d: error %d\n", port, errno);
        return 1;
    }
    dprintf(STDOUT_FILENO, "listening on 0.0.0.0:%d\n", port);

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 16384);
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, &attr, echo, (void *)(intptr_t)fd) != 0)
            close(fd); /* no memory for one more client */
    }
}
