/* pthreads(7): recv, accept, poll, sleep, sem_wait, cond_wait are cancellation points. */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>

static int end[2], lis;
static sem_t never;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int n_cleaned;

static void clean(void *arg)
{
    (void)arg;
    n_cleaned++;
}

static void unlock(void *arg)
{
    /* The cancelled wait has taken the mutex again (POSIX, pthread_cond_wait). */
    CHECK_EQ(pthread_mutex_unlock(arg), 0);
    n_cleaned++;
}

static void *block(void *arg)
{
    char c;
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    if (*(int *)arg == 5) {
        pthread_mutex_lock(&mutex);
        pthread_cleanup_push(unlock, &mutex);
        for (;;)
            pthread_cond_wait(&cond, &mutex);
        pthread_cleanup_pop(0);
    }
    pthread_cleanup_push(clean, NULL);
    switch (*(int *)arg) {
    case 0:
        recv(end[0], &c, 1, 0);
        break;
    case 1:
        accept(lis, NULL, NULL);
        break;
    case 2:
        poll(&p, 1, -1);
        break;
    case 3:
        sleep(1000);
        break;
    case 4:
        sem_wait(&never);
        break;
    case 6:
        read(end[0], &c, 1);
        break;
    }
    CHECK(!"came back");
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    tcp_pair(end);
    lis = listener(1);
    sem_init(&never, 0, 0);
    for (int early = 0; early < 2; early++) {
        for (int which = 0; which < 7; which++) {
            pthread_t thread;
            void *result;
            CHECK_EQ(pthread_create(&thread, NULL, block, &which), 0);
            if (!early)
                usleep(20000); /* else it may be cancelled before it blocks */
            CHECK_EQ(pthread_cancel(thread), 0);
            CHECK_EQ(pthread_join(thread, &result), 0);
            CHECK(result == PTHREAD_CANCELED);
        }
        if (!early)
            CHECK_EQ(n_cleaned, 7);
    }
    CHECK_EQ(pthread_mutex_trylock(&mutex), 0);
    /* Nothing was taken from the connection. */
    send_all(end[1], "x", 1);
    char c = 0;
    recv_all(end[0], &c, 1);
    CHECK_EQ(c, 'x');
    return 0;
}
