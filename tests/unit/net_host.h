/*
 * A machine for host tests of net/: one thread, a clock that moves only when told or when somebody
 * sleeps, packets from malloc (so that ASan sees every one), and network devices whose other end is
 * the test.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/ip.h"
#include "net/sock.h"
#include "net/sock_impl.h"

#define HOST_RING_MAX 1024

struct host_dev {
    struct netdev nd;
    struct pkt *ring[HOST_RING_MAX]; /* sent by the stack, not taken by the test yet */
    unsigned head, n, cap;
    unsigned n_bursts; /* frames that were cut into segments */
    bool wants_space;
    bool is_dry; /* lends what it gives, and sees to it that nothing is kept */
};

extern u64 host_now_ns;
extern bool host_signal;     /* sched_sleep() answers -EINTR */
extern long host_n_pkts;     /* packets in use */
extern long host_n_heap;     /* heap blocks in use */
extern long host_n_pages;    /* pages in use */
extern long host_heap_left;  /* heap_new() calls until it fails; -1 = never */
extern long host_pages_left; /* page_alloc() likewise */
extern u32 host_pkt_budget;
extern size_t host_ram_pages;
extern u64 host_seed;           /* random_bytes() is repeatable */
extern void (*host_idle)(void); /* called while somebody sleeps: the outside world moves */

/* Fill in what a device with checksum offload fills in, of a frame of TCP. */
void host_csum_fill(u8 *frame, size_t len);
void host_dev_init(struct host_dev *d, u8 last_mac_byte, u32 offloads);
/* Take the next frame the stack has sent. Returns its length; 0 if there is none. */
size_t host_dev_take(struct host_dev *d, u8 *buf, size_t size);
/* A frame arrives. */
void host_dev_give(struct host_dev *d, const void *frame, size_t len);

/* 10.0.0.2 asks for 10.0.0.1: its MAC address, 02:00:00:00:00:02, is known from then on. */
void host_dev_introduce(struct host_dev *d);
/* One arrives in packets of @piece bytes, as from a device that puts segments together. */
void host_dev_give_chain(struct host_dev *d, const u8 *frame, size_t len, size_t piece);

/* What /etc/resolv.conf would be, until the next call. */
const char *host_resolv_conf(void);

/* Let time pass: timers fire in their order, pollers run after each. */
void host_pass(u64 ns);
void host_poll(void);
/* Forget timers and pollers, as a reboot would. */
void host_reset(void);
/* Free what a stack has allocated for itself; its sockets are closed before. */
void host_net_free(struct net *n);
