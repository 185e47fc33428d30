/* pthread_setcanceltype(3): an asynchronous type is cancelled even while it only computes. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t ready;

static void *compute(void *arg)
{
    (void)arg;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    sem_post(&ready);
    for (volatile unsigned long i = 0;; i++)
        ;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    void *result;
    sem_init(&ready, 0, 0);
    CHECK_EQ(pthread_create(&thread, NULL, compute, NULL), 0);
    sem_wait(&ready);
    CHECK_EQ(pthread_cancel(thread), 0);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    return 0;
}
