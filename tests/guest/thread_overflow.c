/* pthread_attr_setguardsize(3): a thread that outgrows its stack hits a guard page: SIGSEGV. */
/* want-status: 139 */
#include "check.h"

#include <pthread.h>

static __attribute__((noinline)) long down(long n)
{
    volatile char frame[500];
    frame[0] = (char)n;
    return n > 1000000 ? frame[0] : down(n + 1) + frame[0];
}

static void *work(void *arg)
{
    (void)arg;
    printf("%ld\n", down(0));
    return NULL;
}

int main(void)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, work, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return 0;
}
