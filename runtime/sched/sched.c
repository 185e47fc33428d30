/*
 * The scheduler (DESIGN D4). There is no idle thread: whoever sleeps last polls the devices, fires
 * the timers, and halts the CPU, on its own stack.
 */
#include "sched/thread.h"

#include <errno.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/percpu.h"
#include "base/panic.h"
#include "mem/heap.h"
#include "sched/clock.h"

static struct list ready = LIST_INIT(ready);
static struct list pollers = LIST_INIT(pollers);
static struct thread *corpse; /* ended, but its memory was in use until the switch */
static int next_tid = 2;      /* 1 is the first thread's */

void (*sched_signal_hook)(void);
static u64 dead_cpu_ns;

/* ---- waiters ---- */

static void wake_thread(struct waiter *w, u32 events)
{
    (void)events;
    thread_wake(w->thread);
}

void waiter_init(struct waiter *w, struct thread *thread)
{
    list_init(&w->node);
    w->thread = thread;
    w->wake = wake_thread;
}

void thread_wake(struct thread *t)
{
    t->is_woken = true;
    if (t != thread_current() && t->is_asleep && list_empty(&t->ready_node))
        list_push_back(&ready, &t->ready_node);
}

void thread_interrupt(struct thread *t)
{
    if (t != thread_current() && t->is_asleep && list_empty(&t->ready_node))
        list_push_back(&ready, &t->ready_node); /* sched_sleep() looks at the signal itself */
}

/* ---- preemption ---- */

/* Interrupts have a purpose while the service computes: siblings that are ready, devices. */
static bool wants_tick(void)
{
    return !list_empty(&ready) || !list_empty(&pollers) || timer_next_ns() != DEADLINE_NEVER;
}

static void tick_arm(void)
{
    if (wants_tick())
        cpu_timer_set(clock_mono_ns() + SLICE_NS);
}

/* ---- switching ---- */

static void bury(void)
{
    if (corpse) {
        heap_free(corpse);
        corpse = NULL;
    }
}

/* To a thread that knows nothing of the tick: either it is set, or something is pending that sets
 * it before the service goes on. */
static void switch_to(struct thread *to)
{
    struct percpu *cpu = percpu();
    struct thread *from = cpu->current;
    u64 now = clock_mono_ns();

    list_remove(&to->ready_node);
    if (to == from)
        return;
    from->cpu_ns += now - from->switched_in_ns;
    to->switched_in_ns = now;
    cpu->current = to;
    if (to->tls != from->tls)
        context_set_tls(to->tls);
    context_switch(&from->saved_rsp, to->saved_rsp);
    bury();
    if (thread_has_signal(from))
        cpu->pending |= PENDING_SIGNAL;
}

/* First thing a new thread does (context_start), inside the switch that started it. */
void sched_thread_started(void);
void sched_thread_started(void)
{
    struct percpu *cpu = percpu();

    bury();
    cpu->depth = 0;
    cpu->pending |= PENDING_IF;
    sched_leave();
}

static bool poll_all(void)
{
    bool progress = false;

    list_for_each (it, &pollers) {
        struct poller *p = list_entry(it, struct poller, node);

        progress |= p->poll(p);
    }
    return progress | timer_run(clock_mono_ns());
}

/* Until an interrupt, the next timer or @until_ns. */
static void idle(u64 until_ns)
{
    u64 n_interrupts = cpu_interrupts(); /* interrupts may be on: none may slip past unseen */
    bool is_busy = false;

    list_for_each (it, &pollers) {
        struct poller *p = list_entry(it, struct poller, node);

        is_busy |= p->arm(p);
    }
    if (!is_busy) {
        u64 start = clock_mono_ns();

        cpu_idle(MIN(timer_next_ns(), until_ns), n_interrupts);
        thread_current()->switched_in_ns += clock_mono_ns() - start; /* nobody's time */
    }
    list_for_each (it, &pollers) {
        struct poller *p = list_entry(it, struct poller, node);

        p->disarm(p);
    }
    if (!is_busy)
        tick_arm();
}

static void sleep_timer_fired(struct timer *t)
{
    struct sleep {
        struct timer timer;
        struct thread *thread;
    } *s = CONTAINER_OF(t, struct sleep, timer);

    thread_wake(s->thread);
}

int sched_sleep(u64 deadline_ns)
{
    struct {
        struct timer timer;
        struct thread *thread;
    } sleep;
    struct thread *me = thread_current();
    int result = 0;

    timer_init(&sleep.timer, sleep_timer_fired);
    sleep.thread = me;
    me->is_asleep = true;
    while (!me->is_woken) {
        bool is_late = false;

        if (thread_has_signal(me)) {
            result = -EINTR;
            break;
        }
        if (deadline_ns != DEADLINE_NEVER) {
            is_late = clock_mono_ns() >= deadline_ns;
            if (!is_late && !timer_is_set(&sleep.timer))
                timer_set(&sleep.timer, deadline_ns);
        }
        bool progress = poll_all();
        if (me->is_woken)
            break;
        if (is_late) { /* only now: what had come in time has been seen */
            result = -ETIMEDOUT;
            break;
        }
        if (!list_empty(&ready))
            switch_to(list_first(&ready, struct thread, ready_node));
        else if (!progress)
            idle(DEADLINE_NEVER);
    }
    timer_cancel(&sleep.timer);
    me->is_asleep = false;
    me->is_woken = false;
    list_remove(&me->ready_node);
    return result;
}

void sched_poll(void)
{
    poll_all();
}

void sched_pause(u64 until_ns)
{
    if (!poll_all())
        idle(until_ns);
}

void sched_yield_cpu(void)
{
    struct thread *me = thread_current();

    poll_all();
    if (list_empty(&ready))
        return;
    struct thread *next = list_first(&ready, struct thread, ready_node);
    list_push_back(&ready, &me->ready_node);
    switch_to(next);
}

/* An interrupt hit the service (depth 0): devices, timers, the next thread's turn. */
static void preempt(struct trap_frame *frame)
{
    struct percpu *cpu = percpu();

    (void)frame;
    cpu->depth = 1;
    poll_all();
    if (!list_empty(&ready) || thread_has_signal(cpu->current)) {
        u8 space[context_fp_bytes() + 64];
        void *fp = (void *)ALIGN_UP((u64)space, 64);

        context_fp_save(fp);
        cpu->pending |= PENDING_IF; /* who goes on now left with interrupts off */
        sched_yield_cpu();
        if (thread_has_signal(cpu->current) && sched_signal_hook) {
            cpu->depth = 0;
            sched_signal_hook();
            cpu->depth = 1;
        }
        context_fp_restore(fp);
    }
    tick_arm();
    cpu->pending &= ~(u32)PENDING_IF; /* the way back restores it */
    cpu->depth = 0;
}

/* End of a system call with something pending (gate.S). */
void sched_leave(void)
{
    struct percpu *cpu = percpu();
    u32 pending;

    if (cpu->depth)
        return;
    /* An interrupt on the way, as late as behind tick_arm(), or a thread that gave way to this one,
     * leaves more to do: without it there would be no tick, or none that gets through. */
    while ((pending = cpu->pending) != 0) {
        cpu->pending = 0;
        if (pending & PENDING_RESCHED) {
            cpu->depth = 1;
            tick_arm(); /* before: who goes on instead may be on its way out of a sleep */
            sched_yield_cpu();
            cpu->depth = 0;
        }
        if (thread_has_signal(cpu->current) && sched_signal_hook)
            sched_signal_hook();
        if (pending & PENDING_IF) {
            tick_arm();
            cpu_interrupts_on();
        }
    }
}

/* A device interrupted what runs, perhaps in the middle of arm(): whoever would idle then sees that
 * an interrupt came (cpu_idle()), and polls. */
static void quiet_devices(void)
{
    list_for_each (it, &pollers) {
        struct poller *p = list_entry(it, struct poller, node);

        p->disarm(p);
    }
}

/* Somebody may want the CPU or a device while the service computes: let interrupts in. */
void sched_preempt_enable(void)
{
    trap_hooks.preempt = preempt;
    trap_hooks.device = quiet_devices;
    percpu()->pending |= PENDING_IF;
}

void poller_add(struct poller *p)
{
    list_push_back(&pollers, &p->node);
    sched_preempt_enable();
}

void poller_remove(struct poller *p)
{
    list_remove(&p->node);
}

/* ---- threads ---- */

static void thread_add(struct thread *t)
{
    list_init(&t->ready_node);
    t->tid = next_tid++;
    list_push_back(&thread_all, &t->all_node);
}

struct thread *thread_new(u64 stack_top, int (*fn)(void *), void *arg, u64 tls)
{
    struct thread *t = heap_new(sizeof(*t));

    if (!t)
        return NULL;
    thread_add(t);
    t->tls = tls;
    t->signal_mask = thread_current()->signal_mask;
    t->saved_rsp = context_new(stack_top, fn, arg);
    list_push_back(&ready, &t->ready_node);
    sched_preempt_enable();
    return t;
}

u64 sched_cpu_ns(const struct thread *t)
{
    return t->cpu_ns + (t == thread_current() ? clock_mono_ns() - t->switched_in_ns : 0);
}

u64 sched_cpu_ns_of_all(void)
{
    u64 sum = dead_cpu_ns;

    list_for_each (it, &thread_all)
        sum += sched_cpu_ns(list_entry(it, struct thread, all_node));
    return sum;
}

_Noreturn void thread_exit(int code)
{
    struct thread *me = thread_current();

    dead_cpu_ns += sched_cpu_ns(me);
    list_remove(&me->all_node);
    if (list_empty(&thread_all))
        sched_end(code);
    me->is_dead = true;
    for (;;) {
        poll_all();
        if (!list_empty(&ready))
            break;
        idle(DEADLINE_NEVER);
    }
    bury();
    if (me != &thread_first)
        corpse = me;
    switch_to(list_first(&ready, struct thread, ready_node));
    panic("a dead thread runs");
}
