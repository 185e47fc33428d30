/*
 * The client's state machine (RFC 2131 §4.4, figure 5) without INIT-REBOOT: nothing survives a boot
 * here. Answers come from anybody on the wire, so every option's length is checked, and what makes
 * no sense is ignored. Of what servers may tell, time servers (option 42) are not asked for: there
 * is no file in which a service would look for them, on Linux neither.
 */
#include "net/dhcp.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "mem/heap.h"
#include "net/acd.h"
#include "net/ip.h"

#define DHCP_FIXED     236 /* bytes in front of the magic cookie */
#define DHCP_MIN_BYTES 300 /* old relays drop shorter ones (RFC 1542 §2.1) */
#define RETRY_FIRST_NS (NSEC_PER_SEC / 2)
#define RETRY_MAX_NS   (64 * NSEC_PER_SEC) /* RFC 2131 §4.1 */
#define REQUEST_TRIES  4
#define LEASE_MIN_SEC  30
#define LEASE_FOREVER  0xffffffffu

#define LINKLOCAL_TRIES                                                                            \
    3 /* unanswered, 3.5 s: then we take an address of our own, and go on asking */
#define DECLINED_NS  (10 * NSEC_PER_SEC) /* RFC 2131 §3.1 (5) */
#define ROUTES_BYTES 96

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

enum {
    OPT_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_HOSTNAME = 12,
    OPT_DOMAIN = 15,
    OPT_MTU = 26,
    OPT_REQUESTED_IP = 50,
    OPT_LEASE = 51,
    OPT_OVERLOAD = 52,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_PARAMS = 55,
    OPT_MAX_SIZE = 57,
    OPT_T1 = 58,
    OPT_T2 = 59,
    OPT_CLIENT_ID = 61,
    OPT_ROUTES = 121,
    OPT_END = 255,
};

enum dhcp_state { SELECTING, REQUESTING, BOUND, RENEWING, REBINDING };

struct dhcp {
    struct net *net;
    struct timer timer;
    enum dhcp_state state;
    u32 xid, n_tries;
    u32 offered, server;                 /* network byte order */
    u64 started_ns, lease_end_ns, t2_ns; /* absolute */
};

/* What an answer says, as it is on the wire; 0 = not said. */
struct answer {
    u32 mask, router, lease_sec, t1_sec, t2_sec, server, dns[NET_DNS_MAX];
    u32 addr;
    u8 type, overload;
    u8 mtu_bytes[2];
    char domain[NET_NAME_BYTES], hostname[NET_NAME_BYTES];
    u8 n_routes; /* bytes in routes */
    u8 routes[ROUTES_BYTES];
};

/* An option that goes into a field: its length is a multiple of @unit, of which @max bytes fit. */
static const struct option {
    u8 code, unit, max;
    u8 at;
} options[] = {
#define OPTION(code, unit, field)                                                                  \
    {                                                                                              \
        code, unit, sizeof(((struct answer *)0)->field), offsetof(struct answer, field)            \
    }
    OPTION(OPT_MASK, 4, mask),       OPTION(OPT_ROUTER, 4, router),
    OPTION(OPT_DNS, 4, dns),         OPTION(OPT_HOSTNAME, 1, hostname),
    OPTION(OPT_DOMAIN, 1, domain),   OPTION(OPT_MTU, 2, mtu_bytes),
    OPTION(OPT_LEASE, 4, lease_sec), OPTION(OPT_OVERLOAD, 1, overload),
    OPTION(OPT_TYPE, 1, type),       OPTION(OPT_SERVER, 4, server),
    OPTION(OPT_T1, 4, t1_sec),       OPTION(OPT_T2, 4, t2_sec),
};

/* --- out --- */

static u8 *put_option(u8 *o, u8 code, const void *data, size_t len)
{
    *o++ = code;
    *o++ = (u8)len;
    memcpy(o, data, len);
    return o + len;
}

/* What we send is the same but for a few bytes. RFC 3442: routes are asked for before the router.
 */
static const u8 fixed_head[] = {1 /* BOOTREQUEST */, 1, 6};
static const u8 fixed_options[] = {0x63,
                                   0x82,
                                   0x53,
                                   0x63,
                                   OPT_TYPE,
                                   1,
                                   0,
                                   OPT_CLIENT_ID,
                                   7,
                                   1,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0, /* DECLINE has nothing of this: */
                                   OPT_MAX_SIZE,
                                   2,
                                   1500 >> 8,
                                   1500 & 255,
                                   OPT_PARAMS,
                                   7,
                                   OPT_ROUTES,
                                   OPT_MASK,
                                   OPT_ROUTER,
                                   OPT_DNS,
                                   OPT_HOSTNAME,
                                   OPT_DOMAIN,
                                   OPT_MTU};
#define AT_TYPE   6
#define AT_MAC    10
#define AT_COMMON 16

static void dhcp_send(struct dhcp *d, u8 type)
{
    struct net *n = d->net;
    bool has_addr = d->state == RENEWING || d->state == REBINDING;
    struct ip_out out = {.src = ip_addr_v4(has_addr ? n->eth.addr.v4 : 0),
                         .dst = ip_addr_v4(d->state == RENEWING ? d->server : IP4_BROADCAST),
                         .proto = IP_PROTO_UDP};
    struct ip_route rt = {&n->eth, out.dst, out.src};
    struct pkt *p = pkt_alloc(NET_HEADROOM);
    u64 secs = (net_now(n) - d->started_ns) / NSEC_PER_SEC;
    struct udp_hdr *udp;
    u16 secs16 = be16(MIN(secs, 0xffffu));
    u8 *m, *o;
    u32 len;

    if (!p) {
        n->stats.no_memory++;
        return;
    }
    if (d->state == RENEWING && ip_route(n, &out.dst, &rt) != 0)
        out.dst.v4 = rt.next_hop.v4 = IP4_BROADCAST;
    udp = (struct udp_hdr *)p->data;
    m = memset(udp, 0, sizeof(*udp) + DHCP_MIN_BYTES);
    m += sizeof(*udp);
    memcpy(m, fixed_head, sizeof(fixed_head));
    memcpy(m + 4, &d->xid, 4);
    memcpy(m + 8, &secs16, 2);
    memcpy(m + 12, &out.src.v4, 4); /* ciaddr */
    memcpy(m + 28, n->eth.mac, 6);
    o = m + DHCP_FIXED;
    memcpy(o, fixed_options, sizeof(fixed_options));
    o[AT_TYPE] = type;
    memcpy(o + AT_MAC, n->eth.mac, 6);
    o += type == DECLINE ? AT_COMMON : sizeof(fixed_options);
    if (type != DECLINE && n->hostname[0])
        o = put_option(o, OPT_HOSTNAME, n->hostname, strlen(n->hostname));
    if (d->state == REQUESTING) { /* RFC 2131 table 5 */
        o = put_option(o, OPT_REQUESTED_IP, &d->offered, 4);
        o = put_option(o, OPT_SERVER, &d->server, 4);
    }
    *o++ = OPT_END;
    len = MAX((u32)(o - m), DHCP_MIN_BYTES) + UDP_HDR_BYTES;
    udp->sport = be16(68);
    udp->dport = be16(67);
    udp->len = be16(len);
    p->len_bytes = len;
    ip_send(&rt, p, &out); /* no UDP checksum: the Ethernet frame has its own */
}

/* --- in --- */

static bool is_host(u32 a)
{
    u32 top = be32(a) >> 24;

    return top != 0 && top != 127 && top < 224;
}

/* It ends up in resolv.conf: no spaces, no new lines, or there is no name. */
static void clean_name(char *name)
{
    name[NET_NAME_BYTES - 1] = 0;
    for (const char *at = name; *at; at++) {
        u8 c = (u8)*at, low = c | 0x20;
        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
            c != '_')
            name[0] = 0;
    }
}

static u32 get32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return v;
}

static void take_options(struct answer *a, const u8 *o, size_t len)
{
    while (len && *o != OPT_END) {
        const u8 *v = o + 2;
        u32 size;
        if (*o == 0) { /* pad */
            o++;
            len--;
            continue;
        }
        if (len < 2 || (size = o[1]) + 2 > len)
            return;
        if (*o == OPT_ROUTES && a->n_routes + size <= sizeof(a->routes)) {
            memcpy(a->routes + a->n_routes, v, size); /* RFC 3396: the parts make one */
            a->n_routes += (u8)size;
        }
        for (const struct option *f = options; f < options + ARRAY_SIZE(options); f++) {
            if (f->code == *o && size && size % f->unit == 0)
                memcpy((u8 *)a + f->at, v, MIN(size, f->max));
        }
        o += size + 2;
        len -= size + 2;
    }
}

/* Is it an answer to us, and what does it say? */
static bool parse(struct dhcp *d, const u8 *m, size_t len, struct answer *a)
{
    memset(a, 0, sizeof(*a));
    if (len < DHCP_FIXED + 4 || m[0] != 2 || get32(m + 4) != d->xid ||
        memcmp(m + 28, d->net->eth.mac, 6) != 0 || get32(m + DHCP_FIXED) != get32(fixed_options))
        return false;
    a->addr = get32(m + 16); /* yiaddr */
    take_options(a, m + DHCP_FIXED + 4, len - DHCP_FIXED - 4);
    if (a->overload & 1) /* RFC 2132 §9.3: file and sname carry options, too */
        take_options(a, m + 108, 128);
    if (a->overload & 2)
        take_options(a, m + 44, 64);
    clean_name(a->domain);
    clean_name(a->hostname);
    return true;
}

/* --- states --- */

static void enter(struct dhcp *d, enum dhcp_state state)
{
    d->state = state;
    d->n_tries = 0;
}

static void send_again(struct dhcp *d)
{
    u64 wait = RETRY_FIRST_NS << MIN(d->n_tries, 8u);

    wait = MIN(wait, RETRY_MAX_NS);
    wait += net_random64() % (wait / 4); /* RFC 2131 §4.1: not all at once */
    dhcp_send(d, d->state == SELECTING ? DISCOVER : REQUEST);
    timer_set(&d->timer, net_now(d->net) + wait);
    if (++d->n_tries > LINKLOCAL_TRIES && d->state == SELECTING)
        linklocal_start(d->net);
}

static void start_over(struct dhcp *d)
{
    d->xid = (u32)net_random64();
    d->started_ns = net_now(d->net);
    enter(d, SELECTING);
    send_again(d);
}

static void lose_lease(struct dhcp *d)
{
    log_warn("net", "DHCP: the lease is lost, asking for a new one");
    acd_stop(d->net);
    net_set_addr(d->net, 0, 0, 0, 0);
    start_over(d);
}

/* RFC 2131 §3.1 (5): somebody has the address that was given to us. */
static void claimed(struct net *n, bool is_free)
{
    struct dhcp *d = n->dhcp;

    if (is_free)
        return;
    log_warn("net", "DHCP: another machine has the address: declined");
    d->offered = n->eth.addr.v4;
    d->xid = (u32)net_random64();
    enter(d, REQUESTING);
    dhcp_send(d, DECLINE);
    net_set_addr(n, 0, 0, 0, 0);
    d->xid = 0; /* nothing is awaited */
    enter(d, SELECTING);
    timer_set(&d->timer, net_now(n) + DECLINED_NS);
}

/* RFC 3442: bytes of a mask's length, as much of the network as that covers, a router. Returns the
 * default router among them. */
static __attribute__((noinline)) u32 take_routes(struct netif *nif, const struct answer *a)
{
    u32 gateway = 0, i = 0;

    while (i < a->n_routes && a->routes[i] <= 32) {
        u32 bits = a->routes[i], n = (bits + 7) / 8, net = 0;
        if (i + 1 + n + 4 > a->n_routes)
            break;
        memcpy(&net, a->routes + i + 1, n);
        i += n + 5;
        if (!bits)
            gateway = get32(a->routes + i - 4);
        else if (nif->n_routes < NETIF_ROUTES)
            nif->routes[nif->n_routes++] =
                (struct ip_net){net, be32(~0u << (32 - bits)), get32(a->routes + i - 4)};
    }
    return gateway;
}

static void bind_lease(struct dhcp *d, const struct answer *a)
{
    struct net *n = d->net;
    u64 now = net_now(n);
    u32 lease = be32(a->lease_sec), t1 = be32(a->t1_sec), t2 = be32(a->t2_sec);
    u32 mask = a->mask, router = a->router;
    bool is_new = a->addr != n->eth.addr.v4;

    lease = lease ? MAX(lease, LEASE_MIN_SEC) : 3600;
    t1 = t1 && t1 < lease ? t1 : lease / 2;
    t2 = t2 >= t1 && t2 < lease ? t2 : MAX(lease / 8 * 7, t1);
    d->t2_ns = now + t2 * NSEC_PER_SEC;
    d->lease_end_ns = now + lease * NSEC_PER_SEC;
    enter(d, BOUND);
    if (lease == LEASE_FOREVER)
        timer_cancel(&d->timer);
    else
        timer_set(&d->timer, now + t1 * NSEC_PER_SEC);
    if (a->server)
        d->server = a->server;
    if (!mask || (~be32(mask) & (~be32(mask) + 1))) { /* none, or with holes: by class, as of old */
        u32 top = be32(a->addr) >> 30;
        mask = be32(top < 2 ? 0xff000000 : top == 2 ? 0xffff0000 : 0xffffff00);
    }
    memcpy(n->dns, a->dns, sizeof(n->dns));
    memcpy(n->domain, a->domain, sizeof(n->domain));
    if (!n->hostname[0])
        memcpy(n->hostname, a->hostname, sizeof(n->hostname));
    net_set_addr(n, a->addr, mask, is_host(router) ? router : 0,
                 (u16)(a->mtu_bytes[0] << 8 | a->mtu_bytes[1]));
    if (a->n_routes)
        n->eth.gateway = take_routes(&n->eth, a);
    if (is_new)
        acd_start(n, a->addr, claimed);
}

/* Not inline: no way out of it then has to check and leave the frame that holds the answer. */
static __attribute__((noinline)) void take_answer(struct dhcp *d, const struct answer *a)
{
    switch (d->state) {
    case SELECTING:
        if (a->type != OFFER || !is_host(a->addr) || !a->server)
            return;
        d->offered = a->addr; /* the first offer will do */
        d->server = a->server;
        enter(d, REQUESTING);
        send_again(d);
        return;
    case REQUESTING:
    case RENEWING:
    case REBINDING:
        if (d->state != REBINDING && a->server && a->server != d->server)
            return; /* somebody else's word does not count */
        if (a->type == NAK) {
            if (d->state == REQUESTING)
                start_over(d);
            else
                lose_lease(d);
        } else if (a->type == ACK && is_host(a->addr)) {
            bind_lease(d, a);
        }
        return;
    case BOUND:
        return;
    }
}

static void dhcp_input(struct net *n, const u8 *msg, size_t len)
{
    struct answer a;

    if (parse(n->dhcp, msg, len, &a))
        take_answer(n->dhcp, &a);
}

static void dhcp_fire(struct timer *t)
{
    struct dhcp *d = CONTAINER_OF(t, struct dhcp, timer);
    u64 now = net_now_slow(d->net);

    switch (d->state) {
    case SELECTING:
        send_again(d);
        break;
    case REQUESTING:
        if (d->n_tries >= REQUEST_TRIES)
            start_over(d);
        else
            send_again(d);
        break;
    case BOUND:
        enter(d, RENEWING);
        __attribute__((fallthrough));
    case RENEWING:
    case REBINDING:
        if (now >= d->lease_end_ns) {
            lose_lease(d);
            return;
        }
        if (d->state == RENEWING && now >= d->t2_ns)
            enter(d, REBINDING);
        if (!d->n_tries)
            d->xid = (u32)net_random64();
        dhcp_send(d, REQUEST);
        d->n_tries++;
        /* RFC 2131 §4.4.5: half of what remains, but not more often than each minute */
        u64 end = d->state == RENEWING ? d->t2_ns : d->lease_end_ns;
        u64 wait = MAX((end - now) / 2, 60 * NSEC_PER_SEC);
        timer_set(&d->timer, MIN(now + wait, end));
        break;
    }
}

int dhcp_start(struct net *n)
{
    struct dhcp *d = heap_new(sizeof(*d));

    if (!d)
        return -ENOMEM;
    d->net = n;
    timer_init(&d->timer, dhcp_fire);
    n->dhcp = d;
    n->dhcp_input = dhcp_input;
    start_over(d);
    return 0;
}

void dhcp_stop(struct net *n)
{
    acd_stop(n);
    if (n->dhcp)
        timer_cancel(&n->dhcp->timer);
    heap_free(n->dhcp);
    n->dhcp = NULL;
    n->dhcp_input = NULL;
}
