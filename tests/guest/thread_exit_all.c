/* exit(3), _exit(2): any thread ends the whole program, those that block or compute included. */
/* want-status: 23 */
#include "check.h"

#include <pthread.h>

static void *block(void *arg)
{
    (void)arg;
    for (;;)
        pause();
    return NULL;
}

static void *compute(void *arg)
{
    (void)arg;
    for (volatile long i = 0;; i++)
        ;
    return NULL;
}

static void *end(void *arg)
{
    (void)arg;
    usleep(20000);
    puts("ending");
    exit(23);
}

int main(void)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, block, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, compute, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, end, NULL), 0);
    pthread_join(thread, NULL);
    return 1;
}
