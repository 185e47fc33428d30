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
#include "sched/thread.h"

#define MAX_FRAMES 32

extern char __image_start[], __text_start[], __text_end[], __image_end[];

struct kind {
    u8 vector, signal;
    char what[11];
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
    return vm_covers(addr, 16, VM_READ); /* and if no page is there yet, it comes */
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

/* To the starter if it listens, who prints it with names and lines; else to the console. */
#define STACK_BYTES 4096

/* What the starter unwinds by: the stack from rsp upwards, as far as it may be read. */
static void send_stack(u64 rsp)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * 64 + 1];

    u64 at = rsp & ~7ull, end;

    /* A full stack: rsp is in the guard; what is above it tells the story. */
    if (!is_stack(at))
        at = ALIGN_UP(at + 1, PAGE_SIZE);
    for (end = at + STACK_BYTES; at < end; at += 64) {
        for (u32 i = 0; i < 64; i += 8)
            if (!is_stack(at + i))
                return;
        for (u32 i = 0; i < 64; i++) {
            u8 byte = ((const u8 *)at)[i];

            hex[2 * i] = digits[byte >> 4];
            hex[2 * i + 1] = digits[byte & 15];
        }
        hex[128] = 0;
        ctl_line(CTL_STACK " 0x%lx %s", at, hex);
    }
}

static void say(const char *fmt, ...)
{
    char line[120];
    va_list ap;

    va_start(ap, fmt);
    fmt_vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (ctl_is_open())
        ctl_line("%s", line);
    else
        log_err("fault", "%s", line);
}

_Noreturn void report_fault(const struct trap_frame *f)
{
    static const char names[15][4] = {"r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8",
                                      "rbp", "rdi", "rsi", "rdx", "rcx", "rbx", "rax"};
    u64 frames[MAX_FRAMES];
    u32 n = backtrace(f, frames);
    const u64 *regs = &f->r15;

    say(CTL_FAULT " what=%s addr=0x%lx rip=0x%lx error=0x%lx", what_of(f), f->cr2, f->rip,
        f->error);
    for (u32 i = 0; i < n; i++)
        say(CTL_FRAME " 0x%lx", frames[i]);
    for (int i = 14; i >= 0; i -= 3)
        say(CTL_REG " %s=0x%lx %s=0x%lx %s=0x%lx", names[i], regs[i], names[i - 1], regs[i - 1],
            names[i - 2], regs[i - 2]);
    say(CTL_REG " rip=0x%lx rsp=0x%lx rflags=0x%lx", f->rip, f->rsp, f->rflags);
    if (ctl_is_open())
        send_stack(f->rsp);
    /* A fault of the runtime's own leaves nothing that could still be trusted to say goodbye. */
    if (percpu()->depth)
        end_signal(report_signal(f));
    sched_kill(report_signal(f));
}
