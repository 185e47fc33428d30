/* pthread_once(3p): the routine runs once; who comes meanwhile waits until it has returned. */
#include "check.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int n_runs, is_ready;

static void init(void)
{
    n_runs++;
    usleep(30000);
    is_ready = 1;
}

static void *work(void *arg)
{
    (void)arg;
    CHECK_EQ(pthread_once(&once, init), 0);
    CHECK_EQ(is_ready, 1);
    return NULL;
}

int main(void)
{
    pthread_t thread[8];
    for (int i = 0; i < 8; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, work, NULL), 0);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(n_runs, 1);
    return 0;
}
