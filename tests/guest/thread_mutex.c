/* pthread_mutex_lock(3p): mutual exclusion under preemption; the kinds differ as POSIX says. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long shared_sum;

static void *add(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50000; i++) {
        pthread_mutex_lock(&mutex);
        long seen = shared_sum;
        for (volatile int k = 0; k < 3; k++)
            ;
        shared_sum = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *try(void *arg)
{
    struct timespec ts;
    CHECK_EQ(pthread_mutex_trylock(arg), EBUSY);
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 20000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    CHECK_EQ(pthread_mutex_timedlock(arg, &ts), ETIMEDOUT);
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, add, NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(shared_sum, 200000);

    pthread_mutexattr_t attr;
    pthread_mutex_t checking, recursive;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &attr);
    CHECK_EQ(pthread_mutex_unlock(&checking), EPERM);
    CHECK_EQ(pthread_mutex_lock(&checking), 0);
    CHECK_EQ(pthread_mutex_lock(&checking), EDEADLK);
    CHECK_EQ(pthread_create(&thread[0], NULL, try, &checking), 0);
    CHECK_EQ(pthread_join(thread[0], NULL), 0);
    CHECK_EQ(pthread_mutex_unlock(&checking), 0);

    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attr);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_mutex_lock(&recursive), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_mutex_unlock(&recursive), 0);
    CHECK_EQ(pthread_mutex_unlock(&recursive), EPERM);
    return 0;
}
