/* SysV x86-64 ABI §3.2.2: the stack is aligned to 16 bytes wherever a function is entered. */
/* That is main, constructors, exit handlers, threads, their destructors, signal handlers. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* The frame address is what the entry left: the return address and the saved rbp lie between. */
#define SEEN(where) seen(where, (uintptr_t)__builtin_frame_address(0))

static volatile sig_atomic_t n_signals;
static char *page;

static void seen(const char *where, uintptr_t frame)
{
    if (frame % 16 != 0) {
        static const char text[] = ": entered with a crooked stack\n";
        write(1, where, strlen(where));
        write(1, text, sizeof text - 1);
        _exit(1);
    }
}

__attribute__((constructor)) static void construct(void)
{
    SEEN("constructor");
}

static void at_exit(void)
{
    SEEN("exit handler");
}

static void destroy(void *value)
{
    (void)value;
    SEEN("key destructor");
}

static void clean_up(void *arg)
{
    (void)arg;
    SEEN("cleanup handler");
}

static void on_signal(int sig)
{
    (void)sig;
    SEEN("signal handler");
    n_signals++;
}

static void on_signal_info(int sig, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    SEEN("signal handler with information");
    if (sig == SIGSEGV)
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
    n_signals++;
}

static void *thread(void *key)
{
    SEEN("thread");
    pthread_setspecific(*(pthread_key_t *)key, key);
    pthread_cleanup_push(clean_up, NULL);
    raise(SIGUSR1);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    SEEN("comparison");
    return *(const char *)a - *(const char *)b;
}

int main(void)
{
    struct sigaction info = {.sa_sigaction = on_signal_info, .sa_flags = SA_SIGINFO};
    struct sigaction plain = {.sa_handler = on_signal};
    static char stack[32768];
    stack_t alternative = {.ss_sp = stack + 1, .ss_size = sizeof stack - 1};
    char letters[] = "cab";
    pthread_t t;
    pthread_key_t key;

    SEEN("main");
    CHECK(atexit(at_exit) == 0);
    qsort(letters, 3, 1, compare);
    CHECK(sigaction(SIGUSR1, &plain, NULL) == 0);
    CHECK(sigaction(SIGUSR2, &info, NULL) == 0);
    CHECK(sigaction(SIGSEGV, &info, NULL) == 0);
    CHECK(sigaction(SIGALRM, &plain, NULL) == 0);
    CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0);

    CHECK(pthread_key_create(&key, destroy) == 0);
    CHECK(pthread_create(&t, NULL, thread, &key) == 0);
    CHECK(pthread_join(t, NULL) == 0);

    /* In the middle of running code, and out of a wait. */
    n_signals = 0;
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec soon = {.it_value = {.tv_nsec = 20000000}};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    while (n_signals == 0)
        ;
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    pause();
    CHECK(n_signals == 2);

    /* On a fault, and on an alternative stack that starts at an odd address. */
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    *(volatile char *)page = 1;
    CHECK(n_signals == 3);
    CHECK(sigaltstack(&alternative, NULL) == 0);
    info.sa_flags |= SA_ONSTACK;
    CHECK(sigaction(SIGUSR2, &info, NULL) == 0);
    CHECK(raise(SIGUSR2) == 0);
    CHECK(n_signals == 4);
    return 0;
}
