/* sem_wait(3), sem_timedwait(3): a semaphore counts, blocks at 0 and gives up at a deadline. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static sem_t ping, pong;

static void *play(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5000; i++) {
        CHECK_EQ(sem_wait(&ping), 0);
        CHECK_EQ(sem_post(&pong), 0);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int value;
    CHECK_EQ(sem_init(&ping, 0, 0), 0);
    CHECK_EQ(sem_init(&pong, 0, 2), 0);
    CHECK_EQ(sem_trywait(&pong), 0);
    CHECK_EQ(sem_getvalue(&pong, &value), 0);
    CHECK_EQ(value, 1);
    CHECK_EQ(sem_wait(&pong), 0);
    CHECK_ERRNO(sem_trywait(&pong), EAGAIN);
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec += ts.tv_nsec >= 970000000;
    ts.tv_nsec = (ts.tv_nsec + 30000000) % 1000000000;
    CHECK_ERRNO(sem_timedwait(&pong, &ts), ETIMEDOUT);

    CHECK_EQ(pthread_create(&thread, NULL, play, NULL), 0);
    for (int i = 0; i < 5000; i++) {
        CHECK_EQ(sem_post(&ping), 0);
        CHECK_EQ(sem_wait(&pong), 0);
    }
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return 0;
}
