/* tcp(7): what one end sends arrives at the other whole and in order, and comes back so. */
#include "net.h"

#include <pthread.h>

static void *echo(void *arg)
{
    int fd = accept(*(int *)arg, NULL, NULL);
    CHECK(fd >= 0);
    char buf[700];
    ssize_t n;
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        send_all(fd, buf, (size_t)n);
    CHECK_EQ(n, 0);
    close(fd);
    return NULL;
}

int main(void)
{
    int lis = listener(1);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, echo, &lis), 0);

    int fd = connected(SOCK_STREAM, local_port(lis));
    for (unsigned round = 0; round < 200; round++) {
        char out[1999], in[sizeof out];
        size_t len = 1 + round * 31 % sizeof out;
        for (size_t i = 0; i < len; i++)
            out[i] = (char)(round + i * 7);
        send_all(fd, out, len);
        recv_all(fd, in, len);
        CHECK(memcmp(in, out, len) == 0);
    }
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    char last;
    CHECK_EQ(recv(fd, &last, 1, 0), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    puts("200 rounds");
    return 0;
}
