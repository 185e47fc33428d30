/* pthread_detach(3): a detached thread frees itself; 300 of them one after another fit. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t done;

static void *work(void *arg)
{
    if (arg)
        CHECK_EQ(pthread_detach(pthread_self()), 0);
    sem_post(&done);
    return NULL;
}

int main(void)
{
    pthread_attr_t attr;
    int state;
    sem_init(&done, 0, 0);
    CHECK_EQ(pthread_attr_init(&attr), 0);
    CHECK_EQ(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQ(pthread_attr_getdetachstate(&attr, &state), 0);
    CHECK_EQ(state, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, i % 2 ? &attr : NULL, work, i % 2 ? NULL : &attr), 0);
        CHECK_EQ(sem_wait(&done), 0);
    }
    return 0;
}
