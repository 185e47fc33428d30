/* pthread_barrier_wait(3p): nobody passes before all came; one of them is the serial thread. */
#include "check.h"

#include <pthread.h>

enum { N = 5, ROUNDS = 200 };

static pthread_barrier_t barrier;
static int arrived[ROUNDS], serial[ROUNDS];

static void *work(void *arg)
{
    (void)arg;
    for (int round = 0; round < ROUNDS; round++) {
        __atomic_add_fetch(&arrived[round], 1, __ATOMIC_SEQ_CST);
        int r = pthread_barrier_wait(&barrier);
        CHECK_EQ(__atomic_load_n(&arrived[round], __ATOMIC_SEQ_CST), N);
        if (r == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_add_fetch(&serial[round], 1, __ATOMIC_SEQ_CST);
        else
            CHECK_EQ(r, 0);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[N];
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, N), 0);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, work, NULL), 0);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    for (int round = 0; round < ROUNDS; round++)
        CHECK_EQ(serial[round], 1);
    CHECK_EQ(pthread_barrier_destroy(&barrier), 0);
    return 0;
}
