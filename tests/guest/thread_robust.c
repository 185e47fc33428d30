/* pthread_mutexattr_setrobust(3): who ends with a robust mutex leaves it with EOWNERDEAD. */
#include "check.h"

#include <pthread.h>

static pthread_mutex_t mutex, lost;

static void *dies(void *arg)
{
    (void)arg;
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    CHECK_EQ(pthread_mutex_lock(&lost), 0);
    return NULL;
}

static void *waits(void *arg)
{
    (void)arg;
    int r = pthread_mutex_lock(&mutex);
    CHECK_EQ(r, EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(&mutex), 0);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    return NULL;
}

static void *holds_a_while(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    pthread_barrier_wait(arg);
    usleep(20000);
    return NULL;
}

int main(void)
{
    pthread_mutexattr_t attr;
    pthread_barrier_t barrier;
    pthread_t a, b;

    CHECK_EQ(pthread_mutexattr_init(&attr), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST), 0);
    CHECK_EQ(pthread_mutex_init(&mutex, &attr), 0);
    CHECK_EQ(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_mutex_init(&lost, &attr), 0);

    /* Dead before somebody asks. */
    CHECK_EQ(pthread_create(&a, NULL, dies, NULL), 0);
    CHECK_EQ(pthread_join(a, NULL), 0);
    waits(NULL);
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);

    /* Never made consistent: nobody can have it any more. */
    CHECK_EQ(pthread_mutex_lock(&lost), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_unlock(&lost), 0);
    CHECK_EQ(pthread_mutex_lock(&lost), ENOTRECOVERABLE);

    /* Dies while somebody waits. */
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, 2), 0);
    CHECK_EQ(pthread_create(&a, NULL, holds_a_while, &barrier), 0);
    pthread_barrier_wait(&barrier);
    CHECK_EQ(pthread_create(&b, NULL, waits, NULL), 0);
    CHECK_EQ(pthread_join(b, NULL), 0);
    CHECK_EQ(pthread_join(a, NULL), 0);
    return 0;
}
