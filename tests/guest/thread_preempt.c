/* sched(7), DESIGN D4: threads that only compute do not starve others, nor timers, nor sockets. */
#include "net.h"

#include <pthread.h>
#include <time.h>

static volatile int stop;

static void *compute(void *arg)
{
    unsigned long x = 1;
    while (!stop)
        x = x * 6364136223846793005u + 1;
    *(unsigned long *)arg = x;
    return NULL;
}

static void *echo(void *arg)
{
    char c;
    while (recv(*(int *)arg, &c, 1, 0) == 1)
        send_all(*(int *)arg, &c, 1);
    return NULL;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(void)
{
    pthread_t busy[2], echoes;
    unsigned long x[2];
    int end[2];
    tcp_pair(end);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&busy[i], NULL, compute, &x[i]), 0);
    CHECK_EQ(pthread_create(&echoes, NULL, echo, &end[1]), 0);

    int64_t start = now_ms();
    for (int i = 0; i < 5; i++)
        usleep(10000);
    CHECK(now_ms() - start >= 50);
    CHECK(now_ms() - start < 3000);
    for (int i = 0; i < 10; i++) {
        char c = (char)i;
        send_all(end[0], &c, 1);
        recv_all(end[0], &c, 1);
        CHECK_EQ(c, i);
    }
    CHECK(now_ms() - start < 6000);
    stop = 1;
    close(end[0]);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(busy[i], NULL), 0);
    CHECK_EQ(pthread_join(echoes, NULL), 0);
    return 0;
}
