/* What runtime/dev stands on in host tests: pages, clock, log, pollers, and the bus. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/types.h"

/* Who answers port and register accesses. Addresses below 64 KiB are ports, others physical. */
extern u32 (*host_read_fn)(u64 at, unsigned width);
extern void (*host_write_fn)(u64 at, u32 v, unsigned width);

extern unsigned host_n_accesses; /* reads and writes so far */
extern unsigned host_n_logged;   /* lines at LOG_WARN or worse */
extern u64 host_now_ns;          /* every look at the clock adds 1 us */
extern struct poller *host_poller;
extern long host_n_pages;    /* given out by page_alloc() and not freed */
extern long host_pages_left; /* page_alloc() fails at 0 */
extern u32 host_routed_gsi;  /* by irq_route_gsi(), UINT32_MAX = none */
extern bool host_routed_level;

void host_reset(void);
