/* DESIGN D3: cli, hlt, control registers and MSRs fault in the service: they are the keel's. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;

static void on_segv(int sig)
{
    siglongjmp(back, sig);
}

#define FAULTS(insn)                                                                               \
    ({                                                                                             \
        volatile int faulted = 1;                                                                  \
        if (!sigsetjmp(back, 1)) {                                                                 \
            __asm__ volatile(insn ::: "rax", "rcx", "rdx", "memory");                              \
            faulted = 0;                                                                           \
        }                                                                                          \
        faulted;                                                                                   \
    })

int main(void)
{
    signal(SIGSEGV, on_segv);
    CHECK(FAULTS("cli"));
    CHECK(FAULTS("sti"));
    CHECK(FAULTS("hlt"));
    CHECK(FAULTS("mov %%cr3, %%rax"));
    CHECK(FAULTS("mov $0xc0000080, %%ecx; rdmsr"));
    CHECK(FAULTS("xor %%eax, %%eax; mov %%rax, %%dr7"));
    return 0;
}
