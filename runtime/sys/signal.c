/* Sending and delivering signals: see signal.h. The calls of the service are in sigcalls.c. */
#define _GNU_SOURCE
#include "sys/signal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "arch/percpu.h"
#include "mem/heap.h"
#include "mem/vm.h"
#include "sched/thread.h"
#include "sys/deliver.h"
#include "sys/fault.h"
#include "sys/sys.h"

#pragma weak uk_timer_getoverrun

#define UNBLOCKABLE  (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGRT_FIRST  32
#define SIGCANCEL    33  /* libc's, for pthread_cancel(): what it interrupts must return */
#define STACK_MARGIN 512 /* below the interrupted stack pointer: red zone, alignment */

static struct sigaction_kernel actions[N_SIGNALS];

/* Signals sent to the process that every thread blocks: whoever unblocks or waits for one gets it.
 */
static u64 process_pending;
/* Of the one that is pending: of a thread, of the process. */
static struct signal_info infos[2][N_SIGNALS];

/* Real-time signals queue (signal(7)): those behind the pending one, oldest first. */
struct queued {
    struct list node;
    struct thread *thread; /* NULL: the process */
    int sig;
    struct signal_info info;
};
static struct list queue = LIST_INIT(queue);
static u32 n_queued;
#define N_QUEUED_MAX 1024 /* as RLIMIT_SIGPENDING bounds it */

struct sigaction_kernel *signal_action(int sig)
{
    return &actions[sig - 1];
}

/* signal(7): default action "ignore"; stopping makes no sense in a VM of one and is ignored too. */
static bool is_ignored_by_default(int sig)
{
    return BIT(sig) & (BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH) | BIT(SIGCONT) | BIT(SIGSTOP) |
                       BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU));
}

static bool is_ignored(int sig)
{
    void (*handler)(int) = signal_action(sig)->handler;

    return handler == SIG_IGN || (handler == SIG_DFL && is_ignored_by_default(sig));
}

/* ---- sending ---- */

static void hook(void);

static void enqueue(struct thread *t, int sig, struct signal_info info)
{
    struct queued *q = n_queued < N_QUEUED_MAX ? heap_new(sizeof(*q)) : NULL;

    if (!q)
        return; /* as the kernel: the signal is pending, this one's word is lost */
    *q = (struct queued){.thread = t, .sig = sig, .info = info};
    list_push_back(&queue, &q->node);
    n_queued++;
}

static u64 *pending_of(struct thread *t)
{
    return t ? &t->signal_pending : &process_pending;
}

/* @t NULL: the process. */
static void make_pending(struct thread *t, int sig, struct signal_info info)
{
    u64 *pending = pending_of(t);

    sched_signal_hook = hook;
    if (!(*pending & SIGNAL_BIT(sig)))
        infos[!t][sig - 1] = info;
    else if (sig >= SIGRT_FIRST)
        enqueue(t, sig, info);
    *pending |= SIGNAL_BIT(sig);
}

struct signal_info signal_take(struct thread *t, int sig)
{
    struct signal_info info = infos[!t][sig - 1];
    u64 *pending = pending_of(t);

    *pending &= ~SIGNAL_BIT(sig);
    if (t)
        t->signal_shared &= ~SIGNAL_BIT(sig);
    list_for_each (it, &queue) {
        struct queued *q = list_entry(it, struct queued, node);

        if (q->thread != t || q->sig != sig)
            continue;
        infos[!t][sig - 1] = q->info;
        *pending |= SIGNAL_BIT(sig);
        list_remove(&q->node);
        heap_free(q);
        n_queued--;
        break;
    }
    return info;
}

void signal_send(struct thread *t, int sig, struct signal_info info)
{
    if (is_ignored(sig) && !((t->signal_mask | t->signal_wanted) & SIGNAL_BIT(sig)))
        return;
    make_pending(t, sig, info);
    if (t == thread_current())
        percpu()->pending |= PENDING_SIGNAL;
    else if (thread_has_signal(t))
        thread_interrupt(t);
}

void signal_send_process(int sig, struct signal_info info)
{
    struct thread *me = thread_current(), *to = NULL;

    list_for_each (it, &thread_all) {
        struct thread *t = list_entry(it, struct thread, all_node);

        if (t->signal_shared & SIGNAL_BIT(sig) && sig < SIGRT_FIRST)
            return; /* it is pending already */
        if (!((t->signal_mask | t->signal_pending) & SIGNAL_BIT(sig)) && (!to || t == me))
            to = t;
    }
    if (!to) {
        make_pending(NULL, sig, info);
        return;
    }
    signal_send(to, sig, info);
    to->signal_shared |= to->signal_pending & SIGNAL_BIT(sig);
}

void signal_settle(void)
{
    struct thread *me = thread_current();
    u64 sigs = me->signal_shared & me->signal_mask;

    for (; sigs; sigs &= sigs - 1) { /* not ours any more: somebody else's */
        int sig = __builtin_ctzll(sigs) + 1;

        signal_send_process(sig, signal_take(me, sig));
    }
    for (sigs = process_pending & ~(me->signal_mask | me->signal_pending); sigs; sigs &= sigs - 1) {
        int sig = __builtin_ctzll(sigs) + 1;

        signal_send_process(sig, signal_take(NULL, sig));
    }
    if (thread_has_signal(me))
        percpu()->pending |= PENDING_SIGNAL;
}

u64 signal_pending_all(void)
{
    return thread_current()->signal_pending | process_pending;
}

bool signal_has_timer(int sig, int timer)
{
    u64 pending = 0;

    list_for_each (it, &thread_all)
        pending |= list_entry(it, struct thread, all_node)->signal_pending;
    if ((pending & SIGNAL_BIT(sig) && infos[0][sig - 1].timer == timer) ||
        (process_pending & SIGNAL_BIT(sig) && infos[1][sig - 1].timer == timer))
        return true;
    list_for_each (it, &queue) {
        struct queued *q = list_entry(it, struct queued, node);

        if (q->sig == sig && q->info.timer == timer)
            return true;
    }
    return false;
}

void signal_discard(int sig)
{
    if (!is_ignored(sig))
        return;
    while (process_pending & SIGNAL_BIT(sig))
        signal_take(NULL, sig);
    list_for_each (it, &thread_all) {
        struct thread *t = list_entry(it, struct thread, all_node);

        while (t->signal_pending & SIGNAL_BIT(sig))
            signal_take(t, sig);
    }
}

void signal_raise_thread(int sig)
{
    signal_send(thread_current(), sig, (struct signal_info){.code = SI_USER});
}

/* ---- delivering ---- */

/* Call the handler on @stack_top, or where we are if that is 0: signal_call.S. */
void signal_call(int sig, siginfo_t *info, ucontext_t *uc, void (*handler)(int), u64 stack_top);

static bool is_on_signal_stack(const struct thread *t, u64 sp)
{
    return sp - (u64)t->signal_stack <= t->signal_stack_len && t->signal_stack_len;
}

static void fill_info(int sig, const struct signal_info *info, siginfo_t *si)
{
    memset(si, 0, sizeof(*si));
    si->si_signo = sig;
    si->si_code = info->code;
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP) {
        si->si_addr = (void *)info->value;
    } else {
        si->si_pid = info->code <= 0 && info->code != SI_TIMER ? 1 : 0;
        if (info->timer && uk_timer_getoverrun) {
            si->si_timerid = info->timer - 1;
            si->si_overrun = (int)uk_timer_getoverrun(info->timer - 1);
        }
        si->si_value.sival_ptr = (void *)info->value;
    }
}

/* What is between enter() and leave() no tick tears apart, which would deliver as well. */
static void enter(void)
{
    percpu()->depth++;
    __asm__ volatile("" : : : "memory"); /* before the rest */
}

/* Back to depth 0, and to what came up meanwhile, as at the end of a call. */
static void leave(void)
{
    __asm__ volatile("" : : : "memory");
    percpu()->depth--;
    sched_leave();
}

/* At depth 0. What comes up meanwhile is for the caller's loop: delivering it here would nest
 * without end where handlers answer each other. */
static void mask_restore(u64 mask)
{
    percpu()->depth++;
    __asm__ volatile("" : : : "memory");
    signal_mask_swap(mask);
    __asm__ volatile("" : : : "memory");
    percpu()->depth--;
}

/* Run the handler of @sig with @uc as its context. The mask is the handler's while it runs, and
 * then what it left in @uc. Called between enter() and leave(), it leaves before the handler. */
static void run_handler(int sig, struct signal_info info, ucontext_t *uc, u64 sp)
{
    struct sigaction_kernel action = *signal_action(sig);
    struct thread *me = thread_current();
    siginfo_t si;
    u64 stack_top = 0;

    if (action.flags & SA_RESETHAND)
        signal_action(sig)->handler = SIG_DFL;
    fill_info(sig, &info, &si);
    memcpy(&uc->uc_sigmask, &me->signal_mask, sizeof(u64));
    me->signal_mask |= action.mask | (action.flags & SA_NODEFER ? 0 : SIGNAL_BIT(sig));
    me->signal_mask &= ~UNBLOCKABLE;
    signal_settle();
    if (action.flags & SA_ONSTACK && me->signal_stack_len && !is_on_signal_stack(me, sp))
        stack_top = (u64)me->signal_stack + me->signal_stack_len;
    leave();
    signal_call(sig, &si, uc, action.handler, stack_top);
    u64 mask;
    memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
    mask_restore(mask);
}

/* Deliver everything pending, at depth 0. Returns whether every handler wants calls restarted. */
static bool deliver(void)
{
    struct thread *me = thread_current();
    bool restart = true;

    while (thread_has_signal(me)) {
        struct sigaction_kernel *action;
        struct signal_info info;
        ucontext_t uc;
        int sig;

        enter();
        if (!thread_has_signal(me)) {
            leave();
            continue;
        }
        sig = __builtin_ctzll(me->signal_pending & ~me->signal_mask) + 1;
        action = signal_action(sig);
        info = signal_take(me, sig);
        if (is_ignored(sig)) {
            leave();
            continue;
        }
        if (action->handler == SIG_DFL)
            sched_kill(sig);
        restart &= action->flags & SA_RESTART && sig != SIGCANCEL;
        memset(&uc, 0, sizeof(uc));
        uc.uc_mcontext.gregs[REG_RSP] = (greg_t)__builtin_frame_address(0);
        run_handler(sig, info, &uc, (u64)__builtin_frame_address(0));
    }
    if (me->has_saved_mask) { /* sigsuspend() and its kind: their own mask ends here */
        me->has_saved_mask = false;
        mask_restore(me->saved_mask);
    }
    return restart;
}

static void hook(void)
{
    deliver();
}

bool signal_restart(void)
{
    struct percpu *cpu = percpu();
    struct thread *me = thread_current();
    u32 depth = cpu->depth;
    bool restart;

    if (!thread_has_signal(me))
        return false;
    cpu->depth = 0;
    restart = deliver();
    cpu->depth = depth;
    return restart;
}

u64 signal_mask_swap(u64 mask)
{
    struct thread *me = thread_current();
    u64 old = me->signal_mask;

    me->signal_mask = mask & ~UNBLOCKABLE;
    signal_settle();
    return old;
}

void signal_mask_restore_later(u64 mask)
{
    struct thread *me = thread_current();

    me->saved_mask = mask;
    me->has_saved_mask = true;
}

/* ---- faults ---- */

/* What the handler of a fault needs, on the stack of who faulted. */
struct fault_record {
    struct trap_frame frame;
    int sig;
    struct signal_info info;
};

static const u8 greg_of[15] = {REG_R15, REG_R14, REG_R13, REG_R12, REG_R11, REG_R10, REG_R9, REG_R8,
                               REG_RBP, REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_RBX, REG_RAX};

/* Entered instead of what faulted, with depth 0, on the thread's own (or signal) stack. */
static _Noreturn void fault_entry(void *arg)
{
    struct fault_record *r = arg;
    u64 *regs = &r->frame.r15;
    u8 space[context_fp_bytes() + 64];
    void *fp = (void *)ALIGN_UP((u64)space, 64);
    ucontext_t uc;

    context_fp_save(fp);
    memset(&uc, 0, sizeof(uc));
    for (u32 i = 0; i < ARRAY_SIZE(greg_of); i++)
        uc.uc_mcontext.gregs[greg_of[i]] = (greg_t)regs[i];
    uc.uc_mcontext.gregs[REG_RIP] = (greg_t)r->frame.rip;
    uc.uc_mcontext.gregs[REG_RSP] = (greg_t)r->frame.rsp;
    uc.uc_mcontext.gregs[REG_EFL] = (greg_t)r->frame.rflags;
    uc.uc_mcontext.gregs[REG_ERR] = (greg_t)r->frame.error;
    uc.uc_mcontext.gregs[REG_TRAPNO] = (greg_t)r->frame.vector;
    uc.uc_mcontext.gregs[REG_CR2] = (greg_t)r->frame.cr2;
    enter();
    run_handler(r->sig, r->info, &uc, (u64)__builtin_frame_address(0));
    sched_leave(); /* what mask_restore() left to do */
    for (u32 i = 0; i < ARRAY_SIZE(greg_of); i++)
        regs[i] = (u64)uc.uc_mcontext.gregs[greg_of[i]];
    r->frame.rip = (u64)uc.uc_mcontext.gregs[REG_RIP];
    r->frame.rsp = (u64)uc.uc_mcontext.gregs[REG_RSP];
    context_fp_restore(fp);
    context_resume(&r->frame);
}

extern char __data_start[], __image_end[];

/* May we write there without a fault that is not resolved? */
static bool can_write(u64 addr, u64 len)
{
    if (addr >= (u64)__data_start && addr + len <= (u64)__image_end)
        return true; /* a signal stack that is a variable */
    return vm_covers(addr, len, VM_WRITE);
}

bool fault_signal(struct trap_frame *frame, int sig)
{
    struct thread *me = thread_current();
    struct sigaction_kernel *action = signal_action(sig);
    struct fault_record *r;
    u64 sp = frame->rsp - STACK_MARGIN;

    if (!me || action->handler == SIG_DFL || action->handler == SIG_IGN ||
        me->signal_mask & SIGNAL_BIT(sig) || percpu()->depth)
        return false; /* a fault inside the runtime has no state to come back to */
    if (action->flags & SA_ONSTACK && me->signal_stack_len && !is_on_signal_stack(me, frame->rsp))
        sp = (u64)me->signal_stack + me->signal_stack_len;
    r = (struct fault_record *)ALIGN_DOWN(sp - sizeof(*r), 16);
    if (!can_write((u64)r, sizeof(*r)))
        return false; /* no stack to run on: it overflowed */
    r->info.code = frame->vector != VEC_PAGE_FAULT ? SI_KERNEL
                   : frame->error & 1              ? SEGV_ACCERR
                                                   : SEGV_MAPERR;
    r->info.value = frame->vector == VEC_PAGE_FAULT ? frame->cr2 : frame->rip;
    r->frame = *frame;
    r->sig = sig;
    frame->rdi = (u64)r;
    frame->rip = (u64)fault_entry;
    frame->rsp = (u64)r - 8;
    frame->rflags &= ~0x400ull; /* DF, as at any function's entry */
    return true;
}
