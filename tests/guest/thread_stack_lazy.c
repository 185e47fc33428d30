/* pthread_create(3): large stacks take memory when touched; one thread too many is EAGAIN. */
/* memory: 32M */
#include "check.h"

#include <pthread.h>

#define N 64

static pthread_barrier_t all_there;

static void *wait_for_all(void *arg)
{
    volatile char block[4000];

    block[0] = *(char *)arg;
    pthread_barrier_wait(&all_there);
    return NULL;
}

int main(void)
{
    pthread_t threads[N];
    pthread_attr_t attr;
    char word = 'x';

    CHECK_EQ(pthread_attr_init(&attr), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attr, 8 << 20), 0);
    CHECK_EQ(pthread_barrier_init(&all_there, NULL, N + 1), 0);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_create(&threads[i], &attr, wait_for_all, &word), 0);
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);

    if (getpid() != 1)
        return 0; /* Linux' memory is none of ours */
    CHECK_EQ(pthread_barrier_init(&all_there, NULL, 1000000), 0);
    int err = 0, n = 0;
    while (!err && n++ < 100000) {
        pthread_t one;
        err = pthread_create(&one, &attr, wait_for_all, &word);
    }
    CHECK_EQ(err, EAGAIN);
    CHECK(n > N);
    return 0;
}
