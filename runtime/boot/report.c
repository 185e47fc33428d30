/*
 * The fault report. With a control channel the facts go there and the starter prints them with
 * symbols; without one they are printed here, addresses and all.
 */
#include "boot/report.h"

#include <signal.h>

#include "abi/ctl.h"
#include "arch/percpu.h"
#include "base/fmt.h"
#include "base/log.h"
#include "boot/end.h"
#include "mem/vm.h"

#define MAX_FRAMES 32

extern char __image_start[], __text_start[], __text_end[], __image_end[];

struct kind {
    u8 vector, signal;
    const char *what;
};

static const struct kind kinds[] = {
    {0, SIGFPE, "divide"},      {1, SIGTRAP, "debug"},       {3, SIGTRAP, "breakpoint"},
    {6, SIGILL, "illegal"},     {16, SIGFPE, "arithmetic"},  {17, SIGBUS, "alignment"},
    {19, SIGFPE, "arithmetic"}, {13, SIGSEGV, "protection"},
};

int report_signal(const struct trap_frame *f)
{
    for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
        if (kinds[i].vector == f->vector)
            return kinds[i].signal;
    return SIGSEGV;
}

static const char *what_of(const struct trap_frame *f)
{
    if (f->vector == VEC_PAGE_FAULT)
        return f->error & 16 ? "execute" : f->error & 2 ? "write" : "read";
    for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
        if (kinds[i].vector == f->vector)
            return kinds[i].what;
    return "exception";
}

static bool is_text(u64 addr)
{
    return addr > (u64)__text_start + 5 && addr < (u64)__text_end;
}

/* May 16 bytes at @addr be read without another fault? */
static bool is_stack(u64 addr)
{
    if (addr & 7)
        return false;
    if (addr >= (u64)__image_start && addr + 16 <= (u64)__image_end)
        return true;
    return vm_covers(addr, 16, VM_READ) && vm_is_populated(addr) && vm_is_populated(addr + 15);
}

/* Is there a call instruction just before @addr? */
static bool is_return_address(u64 addr)
{
    const u8 *p = (const u8 *)addr;

    return is_text(addr) && (p[-5] == 0xe8 || p[-2] == 0xff || p[-3] == 0xff || p[-6] == 0xff);
}

static u32 backtrace(const struct trap_frame *f, u64 *out)
{
    u64 fp = f->rbp;
    u32 n = 0;

    out[n++] = f->rip;
    /* A leaf without a frame of its own (memcpy, strlen): its caller is on top of the stack. */
    if (is_stack(f->rsp) && is_return_address(*(u64 *)f->rsp) &&
        !(is_stack(fp) && ((u64 *)fp)[1] == *(u64 *)f->rsp))
        out[n++] = *(u64 *)f->rsp;
    while (n < MAX_FRAMES && is_stack(fp) && is_text(((u64 *)fp)[1])) {
        u64 up = *(u64 *)fp;

        out[n++] = ((u64 *)fp)[1];
        if (up <= fp)
            break;
        fp = up;
    }
    return n;
}

_Noreturn void report_fault(const struct trap_frame *f)
{
    const char *what = what_of(f);
    u64 frames[MAX_FRAMES];
    u32 n = backtrace(f, frames);
    int sig = report_signal(f);
    char line[100];

    log_threshold = LOG_ERR;
    if (ctl_is_open()) {
        ctl_line(CTL_FAULT " what=%s addr=0x%lx rip=0x%lx error=0x%lx", what, f->cr2, f->rip,
                 f->error);
        for (u32 i = 0; i < n; i++)
            ctl_line(CTL_FRAME " 0x%lx", frames[i]);
    } else {
        if (f->vector == VEC_PAGE_FAULT)
            fmt_snprintf(line, sizeof(line), "%s of address 0x%lx", what, f->cr2);
        else
            fmt_snprintf(line, sizeof(line), "%s (exception %lu)", what, f->vector);
        log_err("fault", "signal %d: %s at 0x%lx", sig, line, f->rip);
        for (u32 i = 0; i < n; i++)
            log_err("fault", "  called at 0x%lx", frames[i]);
    }
    static const char names[15][4] = {"r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8",
                                      "rbp", "rdi", "rsi", "rdx", "rcx", "rbx", "rax"};
    const u64 *regs = &f->r15;

    for (u32 i = 0; i < 15; i += 3) {
        fmt_snprintf(line, sizeof(line), "%s=0x%lx %s=0x%lx %s=0x%lx", names[14 - i], regs[14 - i],
                     names[13 - i], regs[13 - i], names[12 - i], regs[12 - i]);
        if (ctl_is_open())
            ctl_line(CTL_REG " %s", line);
        else
            log_err("fault", "%s", line);
    }
    fmt_snprintf(line, sizeof(line), "rip=0x%lx rsp=0x%lx rflags=0x%lx", f->rip, f->rsp, f->rflags);
    if (ctl_is_open())
        ctl_line(CTL_REG " %s", line);
    else
        log_err("fault", "%s", line);
    end_signal(sig);
}
