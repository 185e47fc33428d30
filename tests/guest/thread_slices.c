/* sched(7): however often threads give way, none of them waits for ever for its turn. */
/* slice: short */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* They hand a token round, and spin until it is theirs: each turn ends with a tick, which may hit
 * any place, among them the ways into the runtime and out of it. */
#define N_THREADS 4

static atomic_int turn, stop, is_done;
static atomic_long rounds;
static sem_t begin;

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

/* Woken while the waker goes on in the runtime most of the time; spins until that has got on. */
static void *woken(void *arg)
{
    (void)arg;
    while (!stop) {
        sem_wait(&begin);
        while (!is_done && !stop)
            ;
        is_done = 0;
        rounds++;
    }
    return NULL;
}

static void *waker(void *arg)
{
    (void)arg;
    while (!stop) {
        sem_post(&begin);
        for (int i = 0; i < 2000; i++)
            getppid();
        is_done = 1;
        while (is_done && !stop)
            ;
    }
    sem_post(&begin);
    return NULL;
}

/* Runs @n threads of @fn[0], @fn[1] … for a while; every 0.4 s they must have got on. */
static void phase(int n, void *(*const fn[])(void *))
{
    pthread_t t[N_THREADS];

    stop = 0;
    for (long i = 0; i < n; i++)
        CHECK_EQ(pthread_create(&t[i], NULL, fn[i], (void *)i), 0);
    for (int i = 0; i < 4; i++) {
        long before = rounds;
        usleep(400000);
        CHECK(rounds > before);
    }
    stop = 1;
    for (int i = 0; i < n; i++)
        CHECK_EQ(pthread_join(t[i], NULL), 0);
}

int main(void)
{
    CHECK_EQ(sem_init(&begin, 0, 0), 0);
    phase(N_THREADS, (void *(*const[])(void *)){hand_on, hand_on, hand_on, hand_on});
    phase(2, (void *(*const[])(void *)){woken, waker});
    puts("all had their turns");
    return 0;
}
