/* signal(7): a signal that is raised once is delivered once, wherever a tick hits its delivery. */
/* slice: short */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#define N_RAISED 40000

static volatile int n_handled;
static atomic_int stop;

static void handle(int sig)
{
    (void)sig;
    n_handled++;
}

static void *compute(void *arg)
{
    (void)arg;
    while (!stop)
        ;
    return NULL;
}

int main(void)
{
    pthread_t t;

    signal(SIGUSR1, handle);
    CHECK_EQ(pthread_create(&t, NULL, compute, NULL), 0);
    for (int i = 1; i <= N_RAISED; i++) {
        raise(SIGUSR1);
        CHECK_EQ(n_handled, i);
    }
    stop = 1;
    CHECK_EQ(pthread_join(t, NULL), 0);
    puts("each once");
    return 0;
}
