/* pthread_key_create(3p): values are each thread's own; destructors run at its end. */
#include "check.h"

#include <pthread.h>
#include <stdint.h>

static pthread_key_t key, again;
static int n_destroyed, n_again;
static long sum;

static void destroy(void *value)
{
    n_destroyed++;
    sum += (intptr_t)value;
    CHECK(pthread_getspecific(key) == NULL);
}

static void set_again(void *value)
{
    n_again++;
    if ((intptr_t)value < 3)
        pthread_setspecific(again, (void *)((intptr_t)value + 1));
}

static void *work(void *arg)
{
    CHECK(pthread_getspecific(key) == NULL);
    CHECK_EQ(pthread_setspecific(key, arg), 0);
    usleep(2000);
    CHECK(pthread_getspecific(key) == arg);
    if ((intptr_t)arg == 1)
        pthread_setspecific(again, (void *)1);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    CHECK_EQ(pthread_key_create(&key, destroy), 0);
    CHECK_EQ(pthread_key_create(&again, set_again), 0);
    for (intptr_t i = 1; i <= 5; i++) {
        CHECK_EQ(pthread_create(&thread, NULL, work, (void *)i), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    CHECK_EQ(n_destroyed, 5);
    CHECK_EQ(sum, 15);
    CHECK_EQ(n_again, 3);
    CHECK_EQ(pthread_key_delete(key), 0);
    return 0;
}
