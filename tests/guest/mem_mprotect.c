/* mprotect(2): pages are readable, writable or neither as told, and the fault says where. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static sigjmp_buf back;
static void *volatile fault_at;
static volatile int fault_code;

static void on_segv(int sig, siginfo_t *info, void *context)
{
    (void)context;
    CHECK_EQ(sig, SIGSEGV);
    fault_at = info->si_addr;
    fault_code = info->si_code;
    siglongjmp(back, 1);
}

static int faults_on_write(volatile char *p)
{
    fault_at = NULL;
    if (sigsetjmp(back, 1))
        return 1;
    *p = 1;
    return 0;
}

static int faults_on_read(volatile char *p)
{
    if (sigsetjmp(back, 1))
        return 1;
    (void)*p;
    return 0;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};
    CHECK_EQ(sigaction(SIGSEGV, &sa, NULL), 0);
    char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    memset(p, 5, 3 * 4096);
    CHECK_EQ(mprotect(p + 4096, 4096, PROT_READ), 0);
    CHECK(!faults_on_write(p));
    CHECK(!faults_on_read(p + 4096));
    CHECK(faults_on_write(p + 4096 + 17));
    CHECK(fault_at == p + 4096 + 17);
    CHECK_EQ(fault_code, SEGV_ACCERR);
    CHECK(!faults_on_write(p + 8192));

    CHECK_EQ(mprotect(p + 4096, 4096, PROT_NONE), 0);
    CHECK(faults_on_read(p + 4096));
    CHECK_EQ(mprotect(p, 3 * 4096, PROT_READ | PROT_WRITE), 0);
    CHECK(!faults_on_write(p + 4096));
    CHECK_EQ(p[4097], 5); /* what was there stayed */

    CHECK_EQ(munmap(p + 8192, 4096), 0);
    CHECK(faults_on_read(p + 8192));
    CHECK_EQ(fault_code, SEGV_MAPERR);
    CHECK_ERRNO(mprotect(p, 3 * 4096, PROT_READ), ENOMEM);

    /* Pages nobody touched yet obey as well. */
    p = mmap(NULL, 64 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK(faults_on_read(p + 10 * 4096));
    CHECK_EQ(mprotect(p + 10 * 4096, 4096, PROT_READ | PROT_WRITE), 0);
    CHECK(!faults_on_write(p + 10 * 4096));
    CHECK(faults_on_write(p + 11 * 4096));
    CHECK(faults_on_write(p + 9 * 4096 + 4095));
    return 0;
}
