/* sched(7): however often threads are made to give way, none of them waits for ever for its turn.
 */
/* slice: short */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* They hand a token round, and spin until it is theirs: each turn ends with a tick, which may hit
 * any place, among them the ways into the runtime and out of it. */
#define N_THREADS 4

static atomic_int turn, stop;
static atomic_long rounds;

static void *hand_on(void *arg)
{
    int me = (int)(long)arg;

    while (!stop) {
        while (atomic_load(&turn) != me && !stop)
            ;
        if (me & 1)
            getppid();
        if (me & 2)
            poll(NULL, 0, 0);
        if (me == 0)
            rounds++;
        atomic_store(&turn, (me + 1) % N_THREADS);
    }
    return NULL;
}

int main(void)
{
    pthread_t t[N_THREADS];

    for (long i = 0; i < N_THREADS; i++)
        CHECK_EQ(pthread_create(&t[i], NULL, hand_on, (void *)i), 0);
    for (int i = 0; i < 8; i++) {
        long before = rounds;
        usleep(400000);
        CHECK(rounds > before);
    }
    stop = 1;
    for (int i = 0; i < N_THREADS; i++)
        CHECK_EQ(pthread_join(t[i], NULL), 0);
    puts("all had their turns");
    return 0;
}
