/* pthread_cond_wait(3p): signal wakes one, broadcast all; a bounded queue loses nothing. */
#include "check.h"

#include <pthread.h>
#include <time.h>

enum { ROOM = 7, PER_THREAD = 3000, N = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long queue[ROOM], n_queued, head, total;
static int n_waiting;
static pthread_cond_t gate = PTHREAD_COND_INITIALIZER;
static int is_open;

static void *produce(void *arg)
{
    (void)arg;
    for (long i = 1; i <= PER_THREAD; i++) {
        pthread_mutex_lock(&mutex);
        while (n_queued == ROOM)
            pthread_cond_wait(&not_full, &mutex);
        queue[(head + n_queued++) % ROOM] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *consume(void *arg)
{
    (void)arg;
    for (int i = 0; i < PER_THREAD; i++) {
        pthread_mutex_lock(&mutex);
        while (n_queued == 0)
            pthread_cond_wait(&not_empty, &mutex);
        total += queue[head];
        head = (head + 1) % ROOM;
        n_queued--;
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *wait_gate(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    n_waiting++;
    while (!is_open)
        pthread_cond_wait(&gate, &mutex);
    n_waiting--;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

int main(void)
{
    pthread_t thread[2 * N];
    for (int i = 0; i < 2 * N; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, i % 2 ? produce : consume, NULL), 0);
    for (int i = 0; i < 2 * N; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(total, (long)N * PER_THREAD * (PER_THREAD + 1) / 2);

    for (int i = 0; i < 2 * N; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, wait_gate, NULL), 0);
    for (int n = 0; n < 2 * N;) {
        usleep(1000);
        pthread_mutex_lock(&mutex);
        n = n_waiting;
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    is_open = 1;
    pthread_cond_broadcast(&gate);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 2 * N; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(n_waiting, 0);

    /* A wait with a deadline ends at it, on either clock, and has the mutex again. */
    pthread_condattr_t attr;
    pthread_cond_t mono;
    pthread_condattr_init(&attr);
    CHECK_EQ(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), 0);
    pthread_cond_init(&mono, &attr);
    struct timespec ts, end;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ts.tv_nsec >= 950000000;
    ts.tv_nsec = (ts.tv_nsec + 50000000) % 1000000000;
    pthread_mutex_lock(&mutex);
    CHECK_EQ(pthread_cond_timedwait(&mono, &mutex, &ts), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(end.tv_sec > ts.tv_sec || (end.tv_sec == ts.tv_sec && end.tv_nsec >= ts.tv_nsec));
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_sec--;
    CHECK_EQ(pthread_cond_timedwait(&gate, &mutex, &ts), ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    return 0;
}
