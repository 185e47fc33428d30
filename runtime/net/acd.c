#include "net/acd.h"

#include "base/log.h"
#include "net/wire.h"

#define PROBES       3 /* RFC 5227 §1.1 */
#define PROBE_MIN_NS (1 * NSEC_PER_SEC)
#define PROBE_MAX_NS (2 * NSEC_PER_SEC)
#define ANNOUNCE_NS  (2 * NSEC_PER_SEC)
#define DEFEND_NS    (10 * NSEC_PER_SEC)
#define CONFLICTS    10 /* RFC 3927 §2.2.1: from then on slowly */

static bool is_link_local(u32 addr)
{
    return (addr & be32(0xffff0000)) == be32(0xa9fe0000);
}

static void acd_fire(struct timer *t)
{
    struct net *n = CONTAINER_OF(t, struct net, acd.timer);
    struct acd *a = &n->acd;
    u64 wait = ANNOUNCE_NS;

    if (a->n_probes == PROBES) {
        a->addr = 0;
        a->result(n, true);
        return;
    }
    arp_probe(&n->eth, a->addr);
    if (++a->n_probes < PROBES)
        wait = PROBE_MIN_NS + net_random64() % (PROBE_MAX_NS - PROBE_MIN_NS);
    timer_set(t, net_now_slow(n) + wait);
}

void acd_start(struct net *n, u32 addr, void (*result)(struct net *n, bool is_free))
{
    struct acd *a = &n->acd;

    acd_stop(n);
    a->addr = addr;
    a->n_probes = 0;
    a->result = result;
    acd_fire(&a->timer);
}

void acd_stop(struct net *n)
{
    if (n->acd.addr)
        timer_cancel(&n->acd.timer);
    timer_init(&n->acd.timer, acd_fire);
    n->acd.addr = 0;
}

/* RFC 3927 §2.1: the first choice is always the same, and likely another than that of others. */
static u32 linklocal_addr(const struct net *n)
{
    u32 h = n->acd.n_conflicts;

    for (u32 i = 0; i < 6; i++) /* FNV-1a */
        h = (h ^ n->eth.mac[i]) * 0x01000193;
    return be32(0xa9fe0100 + (h >> 8) % 0xfe00);
}

static void linklocal_result(struct net *n, bool is_free)
{
    if (is_free)
        net_set_addr(n, linklocal_addr(n), be32(0xffff0000), 0, 0);
    else if (++n->acd.n_conflicts < CONFLICTS)
        linklocal_start(n);
}

void acd_heard(struct net *n, u32 addr, bool is_probe)
{
    struct acd *a = &n->acd;
    u64 now = net_now(n);

    if (addr && addr == a->addr) {
        acd_stop(n);
        a->result(n, false);
        return;
    }
    if (is_probe || !addr || addr != n->eth.addr.v4)
        return;
    n->stats.arp_bad++;
    if (now >= a->defend_ns) {
        a->defend_ns = now + DEFEND_NS;
        log_warn("net", "another machine uses our address");
        arp_announce(&n->eth);
    } else if (is_link_local(addr)) { /* RFC 3927 §2.5 (b): it insists */
        net_set_addr(n, 0, 0, 0, 0);
        linklocal_result(n, false);
    }
}

void linklocal_start(struct net *n)
{
    if (!n->acd.addr && !n->eth.has_addr)
        acd_start(n, linklocal_addr(n), linklocal_result);
}
