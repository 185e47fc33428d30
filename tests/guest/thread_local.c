/* C11 §6.2.4: a _Thread_local object is each thread's own, initialized, aligned; errno is one. */
#include "check.h"

#include <pthread.h>
#include <stdint.h>

static _Thread_local int number = 42;
static _Thread_local char text[20] = "initial";
static _Thread_local long zero[100];
static _Thread_local _Alignas(64) char aligned[64];

static void *work(void *arg)
{
    intptr_t me = (intptr_t)arg;
    CHECK_EQ(number, 42);
    CHECK(strcmp(text, "initial") == 0);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(zero[i], 0);
    CHECK_EQ((uintptr_t)aligned % 64, 0);
    number = (int)me;
    snprintf(text, sizeof text, "thread %d", (int)me);
    zero[me] = me;
    close(-1);
    CHECK_EQ(errno, EBADF);
    errno = (int)me;
    usleep(20000);
    CHECK_EQ(errno, me);
    CHECK_EQ(number, me);
    CHECK_EQ(zero[me], me);
    return NULL;
}

int main(void)
{
    pthread_t thread[6];
    errno = ENOENT;
    for (intptr_t i = 1; i <= 6; i++)
        CHECK_EQ(pthread_create(&thread[i - 1], NULL, work, (void *)i), 0);
    for (int i = 0; i < 6; i++)
        CHECK_EQ(pthread_join(thread[i], NULL), 0);
    CHECK_EQ(number, 42);
    CHECK(strcmp(text, "initial") == 0);
    CHECK_EQ((uintptr_t)aligned % 64, 0);
    return 0;
}
