/* pthread_attr_setstacksize(3): a thread gets the stack it asked for, all of it usable. */
/* memory: 32M */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <stdint.h>

static void *use(void *arg)
{
    size_t len = *(size_t *)arg;
    volatile char block[len];
    for (size_t i = 0; i < len; i += 1000)
        block[i] = (char)i;
    for (size_t i = 0; i < len; i += 1000)
        CHECK_EQ(block[i], (char)i);

    pthread_attr_t attr;
    void *addr;
    size_t size;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &attr), 0);
    CHECK_EQ(pthread_attr_getstack(&attr, &addr, &size), 0);
    CHECK((char *)block >= (char *)addr && (char *)block < (char *)addr + size);
    return NULL;
}

int main(void)
{
    static const size_t sizes[] = {16384, 65536, 1 << 20, 4 << 20};
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        pthread_attr_t attr;
        size_t use_bytes = sizes[i] - 8192;
        CHECK_EQ(pthread_attr_init(&attr), 0);
        CHECK_EQ(pthread_attr_setstacksize(&attr, sizes[i]), 0);
        CHECK_EQ(pthread_create(&thread, &attr, use, &use_bytes), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    CHECK_EQ(pthread_attr_setstacksize(&attr, 100), EINVAL);

    /* Memory of the caller's own as stack */
    static _Alignas(4096) char own[65536];
    pthread_t thread;
    size_t len = 40000;
    CHECK_EQ(pthread_attr_setstack(&attr, own, sizeof own), 0);
    CHECK_EQ(pthread_create(&thread, &attr, use, &len), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return 0;
}
