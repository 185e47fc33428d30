/* Says what configure found, as compiled in. */
#include <pthread.h>
#include <stdio.h>

#include "config.h"

static void *thread(void *arg)
{
    *(int *)arg = SIZEOF_LONG;
    return NULL;
}

int main(void)
{
    pthread_t id;
    int size = 0;

    if (pthread_create(&id, NULL, thread, &size) != 0 || pthread_join(id, NULL) != 0)
        return 1;
    printf("long %d", size);
#ifdef HAVE_SYS_EPOLL_H
    printf(", epoll");
#endif
#ifdef HAVE_STRLCPY
    printf(", strlcpy");
#endif
#ifdef HAVE_WINDOWS_H
    printf(", windows");
#endif
#ifdef HAVE_ZLIB_H
    printf(", zlib");
#endif
#ifdef HAVE_NOSUCHFUNCTION
    printf(", nosuchfunction");
#endif
    putchar('\n');
    return 0;
}
