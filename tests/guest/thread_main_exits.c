/* pthread_exit(3): main() may end while threads go on; the last one ends the program, status 0. */
#include "check.h"

#include <pthread.h>

static void at_exit(void)
{
    puts("exit handlers");
}

static void *work(void *arg)
{
    (void)arg;
    usleep(50000);
    puts("the last thread");
    return NULL;
}

int main(void)
{
    pthread_t thread;
    atexit(at_exit);
    CHECK_EQ(pthread_create(&thread, NULL, work, NULL), 0);
    puts("main ends");
    pthread_exit((void *)7);
}
