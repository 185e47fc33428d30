/* Greets from a thread. */
#include <pthread.h>
#include <stdio.h>

const char *greeting(void);

static void *greet(void *arg)
{
    (void)arg;
    puts(greeting());
    return NULL;
}

int main(void)
{
    pthread_t id;

    return pthread_create(&id, NULL, greet, NULL) || pthread_join(id, NULL);
}
