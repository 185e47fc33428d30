/*
 * Signals of the one process. A handler is a function call: at the end of the system call during
 * which its signal became pending, inside a call that waits (signal_restart()), in an interrupt
 * while the service computes, or in place of what faulted.
 */
#pragma once

#include "base/types.h"
#include "sched/thread.h"

#define N_SIGNALS       64
#define SIGNAL_BIT(sig) BIT((sig)-1)

struct sigaction_kernel { /* what rt_sigaction(2) takes: not libc's struct sigaction */
    void (*handler)(int);
    u64 flags;
    void (*restorer)(void);
    u64 mask;
};

/* What a handler with SA_SIGINFO is told beyond the number. */
struct signal_info {
    int code;  /* SI_USER, SI_TKILL, SI_TIMER … */
    int timer; /* of SI_TIMER: its number plus one, else 0 */
    u64 value; /* si_value, or si_addr of a fault */
};

struct sigaction_kernel *signal_action(int sig);

/* Make @sig pending for @t and end its wait, if it does not block it. */
void signal_send(struct thread *t, int sig, struct signal_info info);

/* The same for the process: some thread that does not block it gets it, or the first that no longer
 * does. */
void signal_send_process(int sig, struct signal_info info);

/* After every change of the calling thread's mask: what was sent to the process and is blocked now
 * goes to another thread, what waits for one that does not block it is ours. */
void signal_settle(void);

/* What is pending for the calling thread or the process, blocked or not. */
u64 signal_pending_all(void);

/* Is one that timer (number plus one) @timer sent still pending, for whomever? */
bool signal_has_timer(int sig, int timer);

/* Take pending signal @sig off @t; another of the same may still be queued. */
struct signal_info signal_take(struct thread *t, int sig);

/* After a change of its action: if @sig is ignored now, nobody has it pending (sigaction(2)). */
void signal_discard(int sig);

/* See sys/deliver.h for these. */
void signal_raise_thread(int sig);
u64 signal_mask_swap(u64 mask);
void signal_mask_restore_later(u64 mask);
bool signal_restart(void);
