/* sigaction(2): a handler's context holds the registers; changing RIP there goes on elsewhere. */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>
#include <ucontext.h>

static volatile sig_atomic_t n_faults;

static void on_ill(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    CHECK_EQ(sig, SIGILL);
    CHECK(info->si_addr == (void *)uc->uc_mcontext.gregs[REG_RIP]);
    CHECK_EQ(uc->uc_mcontext.gregs[REG_RBX], 0x1234);
    uc->uc_mcontext.gregs[REG_RIP] += 2; /* over the ud2 */
    uc->uc_mcontext.gregs[REG_RBX] = 0x5678;
    n_faults++;
}

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on_ill, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &sa, NULL);
    for (int i = 0; i < 10; i++) {
        long rbx = 0x1234;
        __asm__ volatile("ud2" : "+b"(rbx));
        CHECK_EQ(rbx, 0x5678);
    }
    CHECK_EQ(n_faults, 10);
    return 0;
}
