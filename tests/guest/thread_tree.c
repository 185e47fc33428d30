/* pthread_create(3): threads make threads; a tree of 31 adds up. */
#include "check.h"

#include <pthread.h>
#include <stdint.h>

static void *node(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    if (depth == 0)
        return (void *)1;
    pthread_t left, right;
    void *a, *b;
    CHECK_EQ(pthread_create(&left, NULL, node, (void *)(depth - 1)), 0);
    CHECK_EQ(pthread_create(&right, NULL, node, (void *)(depth - 1)), 0);
    CHECK_EQ(pthread_join(left, &a), 0);
    CHECK_EQ(pthread_join(right, &b), 0);
    return (void *)((intptr_t)a + (intptr_t)b + 1);
}

int main(void)
{
    CHECK_EQ((intptr_t)node((void *)4), 31);
    return 0;
}
