/*
 * A machine for host tests of file/ and fs/: one thread, a clock that moves only when it sleeps, a
 * heap and pages that may be told to run out. Deadlock (asleep, and nothing left that could wake
 * it) aborts the test.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "file/fdtable.h"
#include "sched/clock.h"

/* Do this while the thread sleeps next; steps run in order, one each time it is still asleep. */
void host_step(void (*fn)(void *arg), void *arg);
void host_steps_drop(void);

extern bool host_signal;               /* sched_sleep() answers -EINTR */
extern unsigned host_sleeps;           /* how often the thread went to sleep */
extern unsigned host_polls;            /* how often somebody polled the devices */
extern long host_heap_left;            /* heap_new() calls until it fails; -1 = never */
extern long host_pages_left;           /* what page_avail() says and page_alloc() gives */
extern long host_n_heap, host_n_pages; /* in use: leaks are ours to find, and the sanitizer's */

void host_advance(u64 ns);

/* One buffer through the ops of a file. */
long host_read(struct file *f, void *buf, size_t len);
long host_write(struct file *f, const void *buf, size_t len);
