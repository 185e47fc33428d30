/*
 * Neighbours: a small fixed cache for both families, whose states serve ARP (RFC 826, RFC 1122
 * §2.3.2) and neighbour unreachability detection (RFC 4861 §7.3; there is no DELAY: it waits for a
 * hint of the layer above that the way works, which would cost TCP something with every
 * acknowledgement, and saves one solicitation a minute; who is used while STALE is probed at once);
 * and ARP itself. What IPv6 asks and hears is in nd.c. Entries are made for those we ask for and
 * those who ask us; each may hold a few packets that wait for its answer. Users that keep a copy of
 * a MAC (TCP's header template) compare arp.generation before they use it.
 */
#include "net/acd.h"
#include "net/ip.h"
#include "net/ip6.h"
#include "sched/clock.h"

#include <errno.h>
#include <string.h>

#pragma weak nd_ask

#define ARP_OP_REQUEST   1
#define ARP_OP_REPLY     2
#define ARP_TRIES        3
#define ARP_RETRY_NS     (1 * NSEC_PER_SEC) /* RFC 1122 §2.3.2.1: at most one request per second */
#define ARP_REACHABLE_NS (60 * NSEC_PER_SEC) /* RFC 1122 §2.3.2.1: on the order of a minute */
#define ARP_FAILED_NS    (3 * NSEC_PER_SEC)  /* how long "nobody answers" is taken as the answer */

static const u8 mac_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const u8 mac_zero[6];

static void arp_send(struct netif *nif, u16 op, u32 sender_ip, const u8 *target_mac, u32 target_ip,
                     const u8 *eth_dst)
{
    struct pkt *p = pkt_alloc_spare(PKT_DRIVER_HEADROOM + 2 + ETH_HDR_BYTES);
    if (!p) {
        nif->net->stats.no_memory++;
        return;
    }
    struct arp_hdr *a = (struct arp_hdr *)p->data;
    a->hw_type = be16(1);
    a->proto_type = be16(ETH_TYPE_IPV4);
    a->hw_len = 6;
    a->proto_len = 4;
    a->op = be16(op);
    memcpy(a->sender_mac, nif->mac, 6);
    a->sender_ip = sender_ip;
    memcpy(a->target_mac, target_mac, 6);
    a->target_ip = target_ip;
    p->len_bytes = sizeof(*a);
    if ((sender_ip & be32(0xffff0000)) == be32(0xa9fe0000))
        eth_dst = mac_broadcast; /* RFC 3927 §2.5: so that a conflict is seen */
    eth_push(nif, p, eth_dst, ETH_TYPE_ARP);
    netif_send(nif, p);
}

static void arp_ask(struct netif *nif, struct arp_entry *e)
{
    /* A stale entry is asked at its last known address first (RFC 1122 §2.3.2.1). */
    const u8 *mac = e->state == ARP_PROBE ? e->mac : NULL;

    if (!ip_addr_is_v4(&e->ip))
        nd_ask(nif, &e->ip, mac);
    else
        arp_send(nif, ARP_OP_REQUEST, nif->addr.v4, mac_zero, e->ip.v4, mac ? mac : mac_broadcast);
    e->n_tries++;
    e->deadline_ns = net_now(nif->net) + ARP_RETRY_NS;
}

struct arp_entry *arp_find(struct net *n, const struct ip_addr *ip)
{
    for (struct arp_entry *e = n->arp.entries; e < n->arp.entries + ARP_ENTRIES; e++) {
        if (e->state != ARP_FREE && ip_addr_eq(&e->ip, ip))
            return e;
    }
    return NULL;
}

static void pending_drop(struct arp_entry *e)
{
    while (e->pending) {
        struct pkt *p = e->pending;
        e->pending = p->next;
        pkt_put(p);
    }
}

/* Missed least: not asked for by us first, then the oldest. */
struct arp_entry *arp_new(struct net *n, const struct ip_addr *ip, bool is_used)
{
    struct arp_entry *best = NULL;

    for (struct arp_entry *e = n->arp.entries; e < n->arp.entries + ARP_ENTRIES; e++) {
        if (e->state == ARP_FREE) {
            best = e;
            break;
        }
        if (!is_used && e->is_used)
            continue; /* strangers never push out whom we talk to */
        if (n->eth.gateway && e->ip.v4 == n->eth.gateway)
            continue;
        if (!best || e->is_used < best->is_used ||
            (e->is_used == best->is_used && e->used_ns < best->used_ns))
            best = e;
    }
    if (!best)
        return NULL;
    pending_drop(best);
    memset(best, 0, sizeof(*best));
    best->ip = *ip;
    best->is_used = is_used;
    best->used_ns = net_now(n);
    n->arp.generation++;
    return best;
}

static void arp_timer_set(struct arp_cache *c)
{
    u64 next = DEADLINE_NEVER;

    for (struct arp_entry *e = c->entries; e < c->entries + ARP_ENTRIES; e++) {
        if (e->state != ARP_FREE && e->state != ARP_STALE)
            next = MIN(next, e->deadline_ns);
    }
    if (next != DEADLINE_NEVER)
        timer_set(&c->timer, next);
}

static void arp_timeout(struct timer *t)
{
    struct arp_cache *c = CONTAINER_OF(t, struct arp_cache, timer);
    struct net *n = c->net;
    u64 now = net_now_slow(n);
    bool has_failed = false;

    for (struct arp_entry *e = c->entries; e < c->entries + ARP_ENTRIES; e++) {
        if (e->state == ARP_FREE || e->state == ARP_STALE || e->deadline_ns > now)
            continue;
        switch (e->state) {
        case ARP_REACHABLE:
            e->state = ARP_STALE; /* whoever uses it next makes us check it */
            c->generation++;
            break;
        case ARP_PROBE:
        case ARP_INCOMPLETE:
            if (e->n_tries < ARP_TRIES) {
                arp_ask(&n->eth, e);
                break;
            }
            if (e->state == ARP_PROBE) { /* moved to another MAC, perhaps: ask everybody */
                e->state = ARP_INCOMPLETE;
                e->n_tries = 0;
                c->generation++;
                arp_ask(&n->eth, e);
                break;
            }
            e->state = ARP_FAILED;
            e->deadline_ns = now + ARP_FAILED_NS;
            n->stats.arp_failed++;
            pending_drop(e);
            has_failed = true;
            break;
        case ARP_FAILED:
            e->state = ARP_FREE;
            break;
        }
    }
    arp_timer_set(c);
    if (has_failed)
        net_resume(n);
}

void arp_learn(struct netif *nif, struct arp_entry *e, const u8 *mac, bool is_confirmed)
{
    struct net *n = nif->net;
    u8 state = is_confirmed ? ARP_REACHABLE : ARP_STALE;
    bool was_waited_for = e->state == ARP_INCOMPLETE || e->state == ARP_FAILED;
    struct pkt *p = e->pending;

    if (e->state != state || memcmp(e->mac, mac, 6) != 0)
        n->arp.generation++;
    memcpy(e->mac, mac, 6);
    e->state = state;
    e->n_tries = 0;
    e->deadline_ns = net_now(n) + ARP_REACHABLE_NS;
    if (!timer_is_set(&n->arp.timer))
        arp_timer_set(&n->arp);
    e->pending = NULL;
    while (p) {
        struct pkt *next = p->next;
        p->next = NULL;
        ip_emit(nif, p, mac);
        p = next;
    }
    if (was_waited_for)
        net_resume(n);
}

void arp_input(struct netif *nif, struct pkt *p)
{
    struct net *n = nif->net;
    const struct arp_hdr *a = (const struct arp_hdr *)p->data;
    struct arp_entry *e;
    struct ip_addr from;
    u32 sender;
    bool is_for_us, is_request;

    n->stats.arp_in++;
    if (p->len_bytes < sizeof(*a) || a->hw_type != be16(1) ||
        a->proto_type != be16(ETH_TYPE_IPV4) || a->hw_len != 6 || a->proto_len != 4 ||
        (a->sender_mac[0] & 1) || memcmp(a->sender_mac, nif->mac, 6) == 0) {
        n->stats.arp_bad++;
        goto out;
    }
    is_request = a->op == be16(ARP_OP_REQUEST);
    if (!is_request && a->op != be16(ARP_OP_REPLY)) {
        n->stats.arp_bad++;
        goto out;
    }
    sender = a->sender_ip;
    if (sender == nif->addr.v4 || n->acd.addr)
        acd_heard(n, sender || !is_request ? sender : a->target_ip, !sender);
    if (!nif->has_addr || sender == nif->addr.v4)
        goto out;
    is_for_us = a->target_ip == nif->addr.v4;
    if (sender && sender != IP4_BROADCAST && (sender & be32(0xf0000000)) != be32(0xe0000000)) {
        /* RFC 826: update whom we know; add only who wants to talk to us. */
        from = ip_addr_v4(sender);
        e = arp_find(n, &from);
        if (!e && is_for_us && is_request)
            e = arp_new(n, &from, false);
        if (e)
            arp_learn(nif, e, a->sender_mac, true);
    }
    if (is_request && is_for_us)
        arp_send(nif, ARP_OP_REPLY, nif->addr.v4, a->sender_mac, sender, a->sender_mac);
out:
    pkt_put(p);
}

static void pending_push(struct net *n, struct arp_entry *e, struct pkt *p)
{
    struct pkt **at = &e->pending;
    u32 count = 0;

    p->next = NULL;
    for (; *at; at = &(*at)->next)
        count++;
    *at = p;
    if (count >= ARP_PENDING_MAX) { /* RFC 1122 §2.3.2.2: keep the latest */
        p = e->pending;
        e->pending = p->next;
        pkt_put(p);
        n->stats.arp_pending_full++;
    }
}

int arp_resolve(struct netif *nif, const struct ip_addr *ip, u8 *mac, struct pkt *p)
{
    struct net *n = nif->net;
    struct arp_entry *e = arp_find(n, ip);

    if (!e) {
        e = arp_new(n, ip, true);
        if (!e) {
            n->stats.arp_pending_full++;
            goto fail;
        }
        e->state = ARP_INCOMPLETE;
        arp_ask(nif, e);
        arp_timer_set(&n->arp);
    }
    e->is_used = true;
    e->used_ns = net_now(n);
    switch (e->state) {
    case ARP_STALE:
        e->state = ARP_PROBE;
        e->n_tries = 0;
        arp_ask(nif, e);
        arp_timer_set(&n->arp);
        __attribute__((fallthrough)); /* the old address is good until proven otherwise */
    case ARP_PROBE:
    case ARP_REACHABLE:
        memcpy(mac, e->mac, 6);
        return 0;
    case ARP_INCOMPLETE:
        if (p)
            pending_push(n, e, p);
        return -EAGAIN;
    }
fail:
    if (p)
        pkt_put(p);
    return -EHOSTUNREACH;
}

void arp_announce(struct netif *nif)
{
    arp_send(nif, ARP_OP_REQUEST, nif->addr.v4, mac_zero, nif->addr.v4, mac_broadcast);
}

void arp_probe(struct netif *nif, u32 addr)
{
    arp_send(nif, ARP_OP_REQUEST, 0, mac_zero, addr, mac_broadcast);
}

void arp_flush(struct net *n)
{
    for (struct arp_entry *e = n->arp.entries; e < n->arp.entries + ARP_ENTRIES; e++) {
        pending_drop(e);
        e->state = ARP_FREE;
    }
    n->arp.generation++;
    timer_cancel(&n->arp.timer);
}

void arp_init(struct net *n)
{
    n->arp.net = n;
    n->arp.generation = 1; /* 0 is never current: a fresh copy of a MAC is always checked */
    timer_init(&n->arp.timer, arp_timeout);
}
