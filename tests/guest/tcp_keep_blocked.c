/* close(2), Notes: a recv() in another thread goes on with the connection after close(). */
#include "net.h"

#include <pthread.h>

static int fd;
static char got[4];

static void *receiver(void *arg)
{
    (void)arg;
    CHECK_EQ(recv(fd, got, sizeof got, MSG_WAITALL), 4);
    return NULL;
}

int main(void)
{
    int end[2];
    pthread_t thread;
    tcp_pair(end);
    fd = end[1];
    CHECK_EQ(pthread_create(&thread, NULL, receiver, NULL), 0);
    usleep(50000);
    CHECK_EQ(close(end[1]), 0);
    CHECK_ERRNO(fcntl(end[1], F_GETFD), EBADF);
    send_all(end[0], "late", 4);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(memcmp(got, "late", 4) == 0);
    return 0;
}
