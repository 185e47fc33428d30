/* signal(7): a handler ends a blocked recv() with EINTR; with SA_RESTART it goes on instead. */
#include "net.h"

#include <pthread.h>
#include <signal.h>

static pthread_t main_thread;
static int end[2];
static volatile sig_atomic_t n_calls;

static void handler(int sig)
{
    (void)sig;
    n_calls++;
}

static void *poke(void *arg)
{
    usleep(50000);
    CHECK_EQ(pthread_kill(main_thread, SIGUSR1), 0);
    usleep(50000);
    if (arg)
        send_all(end[0], "x", 1);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    char c = 0;
    struct sigaction sa = {.sa_handler = handler};
    main_thread = pthread_self();
    tcp_pair(end);
    sigaction(SIGUSR1, &sa, NULL);
    CHECK_EQ(pthread_create(&thread, NULL, poke, NULL), 0);
    CHECK_ERRNO(recv(end[1], &c, 1, 0), EINTR);
    CHECK_EQ(n_calls, 1);
    pthread_join(thread, NULL);

    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &sa, NULL);
    CHECK_EQ(pthread_create(&thread, NULL, poke, &c), 0);
    CHECK_EQ(recv(end[1], &c, 1, 0), 1);
    CHECK_EQ(n_calls, 2);
    CHECK_EQ(c, 'x');
    pthread_join(thread, NULL);
    return 0;
}
