/* The service has ended: what a kernel does with the sockets of a process that has. */
#include "net/stack.h"

#include "base/log.h"
#include "net/tcp.h"
#include "sched/clock.h"

#pragma weak tcp_finish
#pragma weak tcp_n_owed

/* LIMIT: a kernel outlives the process and goes on for minutes; we end when for so long no peer has
 * acknowledged anything. Enough for three retransmissions. */
#define PATIENCE_NS (3 * NSEC_PER_SEC)

/* How much there is still to be said, in no particular unit. */
static u64 n_owed(struct net *n)
{
    u64 sum = n->eth.n_txq + (n->eth.nd ? netdev_n_unsent(n->eth.nd) : 0);

    for (u32 i = 0; i < ARP_ENTRIES; i++)
        sum += n->arp.entries[i].pending != NULL;
    return sum + (tcp_n_owed ? tcp_n_owed(n) : 0);
}

void net_finish(void)
{
    struct net *n = net_self;
    u64 owed, least = UINT64_MAX, now, end_ns = 0;

    if (!n)
        return;
    if (tcp_finish && n->tcp_table)
        tcp_finish(n);
    if (n->eth.nd)
        netdev_flush(n->eth.nd);
    while ((owed = n_owed(n)) != 0) {
        now = clock_mono_ns();
        if (owed < least) {
            least = owed;
            end_ns = now + PATIENCE_NS;
        } else if (now >= end_ns) {
            log_warn("net", "ended with %lu bytes that nobody acknowledged", owed);
            break;
        }
        sched_pause(now + NSEC_PER_MSEC); /* the device does not interrupt for what it sent */
    }
}
