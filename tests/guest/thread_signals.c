/* pthread_kill(3), pthread_sigmask(3): a signal goes to the thread it is sent to. */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

static sem_t ready, got;
static pthread_t handled_by;

static void handler(int sig)
{
    (void)sig;
    handled_by = pthread_self();
    sem_post(&got);
}

static void *sleeper(void *arg)
{
    (void)arg;
    sem_post(&ready);
    while (sem_trywait(&got) < 0)
        usleep(5000);
    sem_post(&got);
    return NULL;
}

static void *waiter(void *arg)
{
    sigset_t *set = arg;
    int sig = 0;
    sem_post(&ready);
    CHECK_EQ(sigwait(set, &sig), 0);
    CHECK_EQ(sig, SIGUSR2);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct sigaction sa = {.sa_handler = handler};
    sem_init(&ready, 0, 0);
    sem_init(&got, 0, 0);
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, sleeper, NULL), 0);
    sem_wait(&ready);
    CHECK_EQ(pthread_kill(thread, 0), 0);
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    pthread_join(thread, NULL);
    CHECK(pthread_equal(handled_by, thread));

    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
    CHECK(pthread_equal(handled_by, pthread_self()));

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, waiter, &set), 0);
    sem_wait(&ready);
    CHECK_EQ(kill(getpid(), SIGUSR2), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return 0;
}
