/* The stack as a whole: start, addresses, the poller, and what boot/ asks about it. */
#include "net/stack.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/fmt.h"
#include "base/log.h"
#include "mem/page.h"
#include "net/config.h"
#include "net/dhcp.h"
#include "net/ip.h"
#include "net/ip6.h"
#include "net/sock_impl.h"
#include "net/wire.h"
#include "sched/clock.h"

#pragma weak ip6_start
#pragma weak slaac_resolv_conf

#define ACQUIRE_NS (10 * NSEC_PER_SEC) /* how long calls wait for the first address */
#define MTU_MIN    576                 /* RFC 791: everybody takes that much */
#define MTU_MAX    1500                /* LIMIT: one packet buffer; lift with jumbo frames */

SOCK_READS(net_files); /* the files that tell about sockets */

static struct net net_main;

void (*net_on_listen)(u16 port, int proto);
void (*net_on_addr)(u32 addr, u32 mask);

u64 net_now_slow(struct net *n)
{
    n->now_ns = clock_mono_ns();
    n->has_now = true;
    return n->now_ns;
}

/* --- the device's calls --- */

static void dev_rx(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    if (unlikely(p->next))
        rx_chain_input(user, p);
    else
        eth_input(user, p);
}

void netif_input_borrowed(struct netif *nif, struct pkt *p)
{
    u32 *rx_pkts = &nif->net->limits.rx_pkts, full = *rx_pkts;

    *rx_pkts = 0;
    dev_rx(nif->nd, p, nif);
    *rx_pkts = full;
}

static void dev_rx_borrowed(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    netif_input_borrowed(user, p);
}

static void dev_tx_space(struct netdev *nd, void *user)
{
    struct netif *nif = user;

    (void)nd;
    if (nif->is_full)
        net_resume(nif->net);
}

/* --- the poller: the loopback, and the end of a batch --- */

/* On Linux what one call sends around the loopback is there at the next: a connection is made in
 * three rounds, and a fourth carries what was written on it. */
#define LOOP_ROUNDS 4

static bool net_poll(struct poller *p)
{
    struct net *n = CONTAINER_OF(p, struct net, poller);
    int round = 0;

    n->has_now = false;
    n->n_polls++;
    while (round < LOOP_ROUNDS && netif_loop_run(n))
        round++;
    return round;
}

static bool net_arm(struct poller *p)
{
    struct net *n = CONTAINER_OF(p, struct net, poller);

    return n->loop.n_txq != 0;
}

static void net_disarm(struct poller *p)
{
    (void)p;
}

/* --- limits --- */

static u32 clamp(u64 v, u32 low, u32 high)
{
    return v < low ? low : v > high ? high : (u32)v;
}

/* The fields of struct net_limits in their order, as powers of two: what of RAM, or with POOL of
 * the packets there are, between which bounds. */
#define POOL 0x80
static const struct {
    u8 shift, low, high;
} shares[] = {
    {7, 14, 21},       /* rcvbuf_bytes */
    {7, 14, 21},       /* sndbuf_bytes */
    {4, 16, 24},       /* buf_max_bytes */
    {POOL | 1, 3, 31}, /* tx_pkts */
    {POOL | 2, 3, 31}, /* rx_pkts */
    {4, 16, 28},       /* rx_compact_bytes */
    {POOL | 3, 3, 8},  /* txq_pkts */
    {13, 7, 20},       /* n_socks */
    {14, 6, 10},       /* n_syn */
    {14, 6, 14},       /* n_time_wait */
    {13, 7, 13},       /* n_orphans */
};
_Static_assert(offsetof(struct net_limits, hash_bits) == sizeof(shares) / 3 * sizeof(u32), "all");

static void set_limits(struct net_limits *l)
{
    u64 ram = (u64)page_total() * PAGE_SIZE;
    u32 pool = pkt_pool_budget(), *field = &l->rcvbuf_bytes;

    for (u32 i = 0; i < ARRAY_SIZE(shares); i++) {
        u64 v = (shares[i].shift & POOL ? pool : ram) >> (shares[i].shift & ~POOL);
        field[i] = clamp(v, 1u << shares[i].low, 1u << shares[i].high);
    }
    l->hash_bits = 7;
    while (l->hash_bits < 16 && ram >> (l->hash_bits + 14))
        l->hash_bits++;
}

/* --- addresses --- */

void net_set_addr(struct net *n, u32 addr, u32 mask, u32 gateway, u16 mtu_bytes)
{
    struct netif *nif = &n->eth;
    u16 dev_mtu = nif->nd ? (u16)clamp(nif->nd->mtu_bytes, MTU_MIN, MTU_MAX) : MTU_MAX;
    bool is_new = addr && (!nif->has_addr || nif->addr.v4 != addr);

    nif->mtu_bytes = mtu_bytes >= MTU_MIN && mtu_bytes < dev_mtu ? mtu_bytes : dev_mtu;
    nif->mask = mask;
    nif->gateway = gateway;
    nif->n_routes = 0;
    if (is_new || !addr)
        arp_flush(n);
    n->arp.generation++; /* the gateway may be another */
    nif->addr = ip_addr_v4(addr);
    nif->last_src = 0;
    nif->broadcast = be32(mask) < 0xfffffffe ? addr | ~mask : 0;
    nif->has_addr = addr != 0;
    n->is_acquiring = !addr;
    if (!addr)
        n->acquire_end_ns = net_now(n) + ACQUIRE_NS;
    if (!is_new)
        return;
    arp_announce(nif);
    log_info("net", "address %u.%u.%u.%u", addr & 255, addr >> 8 & 255, addr >> 16 & 255,
             addr >> 24);
    if (net_on_addr)
        net_on_addr(addr, mask);
    waitq_wake(&n->ready, 0);
    net_resume(n);
}

int net_wait_addr(struct net *n)
{
    struct waiter w;
    int err = 0;

    waiter_init(&w, thread_current());
    waitq_add(&n->ready, &w);
    while (n->is_acquiring && !err)
        err = net_now_slow(n) < n->acquire_end_ns ? sched_sleep(n->acquire_end_ns) : -ETIMEDOUT;
    waitq_remove(&w);
    return err == -ETIMEDOUT ? -ENETUNREACH : err;
}

bool net_wait_ready(u64 deadline_ns)
{
    struct net *n = net_self;
    struct waiter w;
    int err = 0;

    waiter_init(&w, thread_current());
    waitq_add(&n->ready, &w);
    while (n->is_acquiring && err != -ETIMEDOUT)
        err = sched_sleep(deadline_ns);
    waitq_remove(&w);
    return !n->is_acquiring;
}

/* --- start --- */

void net_init(struct net *n, struct netdev *nd)
{
    memset(n, 0, sizeof(*n));
    n->secret.k0 = net_random64();
    n->secret.k1 = net_random64();
    n->hash_mul = net_random64() | 1;
    n->frag_id = (u32)net_random64();
    set_limits(&n->limits);
    list_init(&n->blocked);
    waitq_init(&n->ready);
    net_now_slow(n);
    n->loop.net = n->eth.net = n;
    n->loop.is_loop = true;
    n->loop.has_addr = true;
    n->loop.addr = ip_addr_v4(be32(0x7f000001));
    n->loop.mask = be32(0xff000000);
    n->loop.mtu_bytes = MTU_MAX;
    n->loop.offloads = BIT(NETDEV_CSUM_TX) | BIT(NETDEV_CSUM_RX);
    arp_init(n);
    ip_reasm_init(n);
    n->poller = (struct poller){.poll = net_poll, .arm = net_arm, .disarm = net_disarm};
    list_init(&n->poller.node);
    poller_add(&n->poller);
    if (!nd)
        return;
    n->eth.nd = nd;
    memcpy(n->eth.mac, nd->mac, 6);
    n->eth.offloads = nd->offloads;
    n->eth.mtu_bytes = (u16)clamp(nd->mtu_bytes, MTU_MIN, MTU_MAX);
    nd->rx = dev_rx;
    nd->rx_borrowed = dev_rx_borrowed;
    nd->tx_space = dev_tx_space;
    nd->user = &n->eth;
}

void net_configure(struct net *n, const struct net_config *cfg)
{
    if (cfg->hostname)
        for (u32 i = 0; cfg->hostname[i] && i < NET_NAME_BYTES - 1; i++)
            n->hostname[i] = cfg->hostname[i];
    memcpy(n->dns, cfg->dns, sizeof(n->dns));
    if (ip6_start)
        ip6_start(n, cfg);
    if (!n->eth.nd)
        return;
    if (cfg->is_static) {
        if (cfg->addr)
            net_set_addr(n, cfg->addr, cfg->mask, cfg->gateway, cfg->mtu_bytes);
        return;
    }
    n->is_acquiring = true;
    n->acquire_end_ns = net_now(n) + ACQUIRE_NS;
    if (dhcp_start(n) != 0)
        log_err("net", "no memory for the DHCP client");
    netdev_flush(n->eth.nd); /* on its way while the rest of the boot runs */
}

void net_start(const struct net_config *cfg)
{
    LINK_WITH(net_finish);
    LINK_WITH(net_config_read); /* boot/ reads the command line only if there is a network */
    net_self = &net_main;
    net_init(net_self, netdev_first(BIT(NETDEV_CHAINS)));
    net_configure(net_self, cfg);
}

const char *net_hostname(void)
{
    return net_self->hostname;
}

void net_resolv_conf(struct fmt_out *o)
{
    struct net *n = net_self;

    /* Who resolves a name first thing in main() waits for the servers that DHCP brings. */
    if (n->is_acquiring)
        net_wait_addr(n);
    if (n->domain[0])
        fmt_put(o, "search %s\n", n->domain);
    for (u32 i = 0; i < NET_DNS_MAX; i++) {
        u32 a = n->dns[i];
        if (a)
            fmt_put(o, "nameserver %u.%u.%u.%u\n", a & 255, a >> 8 & 255, a >> 16 & 255, a >> 24);
    }
    if (slaac_resolv_conf)
        slaac_resolv_conf(n, o);
}
