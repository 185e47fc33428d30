/* pthread_cancel(3): deferred to a cancellation point; handlers run last first; can be off. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t ready;
static char order[8];
static volatile int go_on;

static void note(void *what)
{
    strcat(order, what);
}

static void *testcancel(void *arg)
{
    (void)arg;
    pthread_cleanup_push(note, "c");
    pthread_cleanup_push(note, "b");
    pthread_cleanup_push(note, "a");
    sem_post(&ready);
    while (!go_on) /* no cancellation point: cannot be cancelled here */
        ;
    pthread_testcancel();
    CHECK(!"reached");
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *disabled(void *arg)
{
    int old;
    (void)arg;
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
    CHECK_EQ(old, PTHREAD_CANCEL_ENABLE);
    sem_post(&ready);
    usleep(30000);
    pthread_testcancel();
    strcat(order, "d");
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    CHECK(!"reached");
    return NULL;
}

int main(void)
{
    pthread_t thread;
    void *result;
    sem_init(&ready, 0, 0);
    CHECK_EQ(pthread_create(&thread, NULL, testcancel, NULL), 0);
    sem_wait(&ready);
    CHECK_EQ(pthread_cancel(thread), 0);
    usleep(10000);
    CHECK_EQ(order[0], 0);
    go_on = 1;
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(strcmp(order, "abc") == 0);

    CHECK_EQ(pthread_create(&thread, NULL, disabled, NULL), 0);
    sem_wait(&ready);
    CHECK_EQ(pthread_cancel(thread), 0);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(strcmp(order, "abcd") == 0);
    return 0;
}
