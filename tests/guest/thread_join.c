/* pthread_create(3), pthread_join(3): arguments go in, results come out, in any order. */
#include "check.h"

#include <pthread.h>
#include <stdint.h>

static void *square(void *arg)
{
    intptr_t n = (intptr_t)arg;
    if (n % 2)
        usleep(1000);
    if (n % 3 == 0)
        pthread_exit((void *)(n * n));
    return (void *)(n * n);
}

int main(void)
{
    pthread_t thread[20];
    for (intptr_t i = 0; i < 20; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, square, (void *)i), 0);
    for (intptr_t i = 19; i >= 0; i--) {
        void *result;
        CHECK_EQ(pthread_join(thread[i], &result), 0);
        CHECK_EQ((intptr_t)result, i * i);
    }
    /* 500 one after another: stacks are given back. */
    for (intptr_t i = 0; i < 500; i++) {
        void *result;
        CHECK_EQ(pthread_create(&thread[0], NULL, square, (void *)(i * 2)), 0);
        CHECK_EQ(pthread_join(thread[0], &result), 0);
        CHECK_EQ((intptr_t)result, i * i * 4);
    }
    return 0;
}
