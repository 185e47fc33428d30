/* pthread_rwlock_rdlock(3p): readers share, a writer is alone, try and timed forms give up. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static long a, b;

static void *write_both(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5000; i++) {
        pthread_rwlock_wrlock(&lock);
        a++;
        for (volatile int k = 0; k < 5; k++)
            ;
        b++;
        pthread_rwlock_unlock(&lock);
    }
    return NULL;
}

static void *read_both(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5000; i++) {
        pthread_rwlock_rdlock(&lock);
        CHECK_EQ(a, b);
        pthread_rwlock_unlock(&lock);
    }
    return NULL;
}

static void *try_both(void *arg)
{
    struct timespec past = {.tv_sec = 1};
    CHECK_EQ(pthread_rwlock_tryrdlock(&lock), arg ? 0 : EBUSY);
    if (arg)
        pthread_rwlock_unlock(&lock);
    CHECK_EQ(pthread_rwlock_trywrlock(&lock), EBUSY);
    CHECK_EQ(pthread_rwlock_timedwrlock(&lock, &past), ETIMEDOUT);
    return NULL;
}

int main(void)
{
    pthread_t thread[5];
    for (int i = 0; i < 5; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, i < 2 ? write_both : read_both, NULL), 0);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(a, 10000);

    pthread_rwlock_rdlock(&lock);
    CHECK_EQ(pthread_create(&thread[0], NULL, try_both, &a), 0);
    CHECK_EQ(pthread_join(thread[0], NULL), 0);
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_wrlock(&lock);
    CHECK_EQ(pthread_create(&thread[0], NULL, try_both, NULL), 0);
    CHECK_EQ(pthread_join(thread[0], NULL), 0);
    return 0;
}
