/*
 * Threads of the service, and who of them runs (one CPU). A thread runs until it waits, ends,
 * yields, or its time slice is over while others are ready; inside the runtime nobody is switched
 * away.
 */
#pragma once

#include "arch/context.h"
#include "sched/timer.h"
#include "sched/wait.h"

#ifndef SLICE_NS /* a test sets its own */
#define SLICE_NS (10 * NSEC_PER_MSEC)
#endif

struct thread {
    struct list ready_node; /* on the ready queue, or self */
    struct list all_node;
    u64 saved_rsp; /* while another runs */
    u64 tls;       /* FS base */
    int tid;
    bool is_woken;  /* thread_wake() came; the next sched_sleep() returns */
    bool is_asleep; /* in sched_sleep() */
    bool is_dead;
    u64 signal_pending; /* owned by sys/signal.c: bit n-1 = signal n */
    u64 signal_shared;  /* of the pending ones: those sent to the process */
    u64 signal_wanted;  /* what rt_sigtimedwait(2) waits for and the mask blocks otherwise */
    u64 signal_mask;
    u64 saved_mask; /* with has_saved_mask: comes back after the next delivery */
    bool has_saved_mask;
    int *clear_tid;     /* set_child_tid of clone(): zeroed and woken at the end */
    void *signal_stack; /* sigaltstack() */
    size_t signal_stack_len;
    u64 cpu_ns; /* time on the CPU so far */
    u64 switched_in_ns;
};

/* The boot context: the service's first thread. */
extern struct thread thread_first;
void thread_begin(void); /* from here on it is the current one */

/**
 * Start a thread at fn(arg) on a stack of the caller's.
 *
 * Returns  the thread, ready to run, or NULL: no memory
 */
struct thread *thread_new(u64 stack_top, int (*fn)(void *), void *arg, u64 tls);

/* End the current thread. If it was the last one, the VM ends with @code. */
_Noreturn void thread_exit(int code);

/* Live threads, by id; NULL if there is none of that id. */
struct thread *thread_find(int tid);
extern struct list thread_all;

/* Thread pointer of the current thread. */
void thread_set_tls(u64 tls);

/*
 * Registered by sys/signal.c if it is linked: deliver what is pending before the service goes on.
 * Called at depth 0, between a system call's end and its return.
 */
extern void (*sched_signal_hook)(void);

/* The end of a system call that found percpu.pending set; called by arch/ only. */
void sched_leave(void);

/* End @t's sleep because it has a signal. */
void thread_interrupt(struct thread *t);

/* Let interrupts reach the service while it computes: a sibling, a device or a timer may need it.
 */
void sched_preempt_enable(void);

/* Has @t a signal that is not blocked? */
static inline bool thread_has_signal(const struct thread *t)
{
    return t->signal_pending & ~t->signal_mask;
}

/* CPU time a thread has used, idling excluded; and all threads, those that ended among them. */
u64 sched_cpu_ns(const struct thread *t);
u64 sched_cpu_ns_of_all(void);

/* What ends the VM with a signal nobody handles; registered by boot. */
extern void (*sched_kill)(int sig) __attribute__((noreturn));

/* What ends the VM when the last thread is gone; registered by boot. */
extern void (*sched_end)(int code) __attribute__((noreturn));
