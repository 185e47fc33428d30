/* shutdown(2): it wakes the threads that wait in recv(), poll() and accept() on the socket. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <pthread.h>

static int end[2], lis;

static void *in_recv(void *arg)
{
    char c;
    (void)arg;
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    return NULL;
}

static void *in_poll(void *arg)
{
    struct pollfd p = {.fd = end[1], .events = POLLIN | POLLRDHUP};
    (void)arg;
    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK(p.revents & POLLIN);
    CHECK(p.revents & POLLRDHUP);
    return NULL;
}

static void *in_accept(void *arg)
{
    (void)arg;
    CHECK_ERRNO(accept(lis, NULL, NULL), EINVAL);
    return NULL;
}

int main(void)
{
    pthread_t thread[3];
    tcp_pair(end);
    lis = listener(1);
    CHECK_EQ(pthread_create(&thread[0], NULL, in_recv, NULL), 0);
    CHECK_EQ(pthread_create(&thread[1], NULL, in_poll, NULL), 0);
    CHECK_EQ(pthread_create(&thread[2], NULL, in_accept, NULL), 0);
    usleep(50000);
    CHECK_EQ(shutdown(end[1], SHUT_RDWR), 0);
    CHECK_EQ(shutdown(lis, SHUT_RDWR), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    return 0;
}
