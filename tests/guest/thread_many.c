/* pthread_create(3): 64 threads live at once, each with a stack it can use. */
/* memory: 32M */
#include "check.h"

#include <pthread.h>

enum { N = 64 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int n_alive;

static void *work(void *arg)
{
    volatile char deep[40000];
    for (size_t i = 0; i < sizeof deep; i += 512)
        deep[i] = (char)*(int *)arg;
    pthread_mutex_lock(&mutex);
    n_alive++;
    pthread_cond_broadcast(&cond);
    while (n_alive < N)
        pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    for (size_t i = 0; i < sizeof deep; i += 512)
        CHECK_EQ(deep[i], (char)*(int *)arg);
    return arg;
}

int main(void)
{
    pthread_t thread[N];
    static int number[N];
    for (int round = 0; round < 3; round++) {
        n_alive = 0;
        for (int i = 0; i < N; i++) {
            number[i] = i;
            CHECK_EQ(pthread_create(&thread[i], NULL, work, &number[i]), 0);
        }
        for (int i = 0; i < N; i++) {
            void *result;
            CHECK_EQ(pthread_join(thread[i], &result), 0);
            CHECK(result == &number[i]);
        }
    }
    return 0;
}
