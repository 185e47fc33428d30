/*
 * The client's state machine (RFC 2131 §4.4, figure 5) without INIT-REBOOT: nothing survives a boot
 * here. Answers come from anybody on the wire, so every option's length is checked, and what makes
 * no sense is ignored.
 */
#include "net/dhcp.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "mem/heap.h"
#include "net/ip.h"

#define DHCP_MAGIC     0x63825363
#define DHCP_FIXED     236 /* bytes in front of the magic cookie */
#define DHCP_MIN_BYTES 300 /* old relays drop shorter ones (RFC 1542 §2.1) */
#define RETRY_FIRST_NS (NSEC_PER_SEC / 2)
#define RETRY_MAX_NS   (64 * NSEC_PER_SEC) /* RFC 2131 §4.1 */
#define REQUEST_TRIES  4
#define LEASE_MIN_SEC  30
#define LEASE_FOREVER  0xffffffffu

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
    OPT_END = 255,
};

enum dhcp_state { SELECTING, REQUESTING, BOUND, RENEWING, REBINDING };

struct dhcp {
    struct net *net;
    struct timer timer;
    enum dhcp_state state;
    u32 xid, n_tries;
    u32 offered, server;                        /* network byte order */
    u64 started_ns, lease_end_ns, t1_ns, t2_ns; /* absolute */
};

/* What an answer says. Addresses in network byte order, 0 = not said. */
struct answer {
    u8 type;
    u32 addr, mask, router, server, dns[NET_DNS_MAX];
    u32 lease_sec, t1_sec, t2_sec;
    u16 mtu_bytes;
    char domain[NET_NAME_BYTES], hostname[NET_NAME_BYTES];
};

/* --- out --- */

static u8 *put_option(u8 *o, u8 code, const void *data, u8 len)
{
    *o++ = code;
    *o++ = len;
    memcpy(o, data, len);
    return o + len;
}

static void dhcp_send(struct dhcp *d, u8 type)
{
    static const u8 params[] = {OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_HOSTNAME, OPT_DOMAIN,
                                OPT_MTU,  OPT_LEASE,  OPT_T1,  OPT_T2};
    struct net *n = d->net;
    bool has_addr = d->state == RENEWING || d->state == REBINDING;
    struct ip_out out = {.src = ip_addr_v4(has_addr ? n->eth.addr.v4 : 0),
                         .dst = ip_addr_v4(d->state == RENEWING ? d->server : IP4_BROADCAST),
                         .proto = IP_PROTO_UDP};
    struct ip_route rt = {&n->eth, out.dst, out.src};
    struct pkt *p = pkt_alloc(NET_HEADROOM);
    u16 max_size = be16(n->eth.mtu_bytes);
    u8 id[7] = {1};

    if (!p) {
        n->stats.no_memory++;
        return;
    }
    if (d->state == RENEWING && ip_route(n, &out.dst, &rt) != 0)
        out.dst.v4 = rt.next_hop.v4 = IP4_BROADCAST;
    struct udp_hdr *udp = (struct udp_hdr *)p->data;
    u8 *m = (u8 *)(udp + 1), *o = m + DHCP_FIXED;
    u32 word;
    memset(udp, 0, sizeof(*udp) + DHCP_MIN_BYTES);
    m[0] = 1; /* BOOTREQUEST */
    m[1] = 1;
    m[2] = 6;
    word = be32(d->xid);
    memcpy(m + 4, &word, 4);
    u64 secs = (net_now(n) - d->started_ns) / NSEC_PER_SEC;
    u16 secs16 = be16(MIN(secs, 0xffffu));
    memcpy(m + 8, &secs16, 2);
    if (has_addr)
        memcpy(m + 12, &n->eth.addr.v4, 4); /* ciaddr */
    memcpy(m + 28, n->eth.mac, 6);
    memcpy(id + 1, n->eth.mac, 6);
    word = be32(DHCP_MAGIC);
    memcpy(o, &word, 4);
    o = put_option(o + 4, OPT_TYPE, &type, 1);
    o = put_option(o, OPT_CLIENT_ID, id, sizeof(id));
    o = put_option(o, OPT_MAX_SIZE, &max_size, 2);
    o = put_option(o, OPT_PARAMS, params, sizeof(params));
    if (n->hostname[0])
        o = put_option(o, OPT_HOSTNAME, n->hostname, (u8)strlen(n->hostname));
    if (type == REQUEST && d->state == REQUESTING) { /* RFC 2131 table 5 */
        o = put_option(o, OPT_REQUESTED_IP, &d->offered, 4);
        o = put_option(o, OPT_SERVER, &d->server, 4);
    }
    *o++ = OPT_END;
    u32 len = MAX((u32)(o - m), DHCP_MIN_BYTES) + UDP_HDR_BYTES;
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

static void get_name(char *dst, const u8 *src, u32 len)
{
    u32 i;

    for (i = 0; i < len && i < NET_NAME_BYTES - 1 && src[i]; i++) {
        u8 c = src[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
        if (!is_fine) { /* it ends up in resolv.conf: no spaces, no new lines */
            i = 0;
            break;
        }
        dst[i] = (char)c;
    }
    dst[i] = 0;
}

static u32 get32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return v;
}

static void take_option(struct answer *a, u8 code, const u8 *v, u32 len)
{
    switch (code) {
    case OPT_MASK:
        if (len == 4)
            a->mask = get32(v);
        break;
    case OPT_ROUTER:
        if (len >= 4)
            a->router = get32(v);
        break;
    case OPT_DNS:
        for (u32 i = 0; i < NET_DNS_MAX && (i + 1) * 4 <= len; i++)
            a->dns[i] = get32(v + i * 4);
        break;
    case OPT_HOSTNAME:
        get_name(a->hostname, v, len);
        break;
    case OPT_DOMAIN:
        get_name(a->domain, v, len);
        break;
    case OPT_MTU:
        if (len == 2)
            a->mtu_bytes = (u16)(v[0] << 8 | v[1]);
        break;
    case OPT_LEASE:
        if (len == 4)
            a->lease_sec = be32(get32(v));
        break;
    case OPT_T1:
        if (len == 4)
            a->t1_sec = be32(get32(v));
        break;
    case OPT_T2:
        if (len == 4)
            a->t2_sec = be32(get32(v));
        break;
    case OPT_TYPE:
        if (len == 1)
            a->type = v[0];
        break;
    case OPT_SERVER:
        if (len == 4)
            a->server = get32(v);
        break;
    }
}

static void take_options(struct answer *a, const u8 *o, size_t len, u8 *overload)
{
    while (len >= 2 && *o != OPT_END) {
        u32 size = o[1];
        if (*o == 0) { /* pad */
            o++;
            len--;
            continue;
        }
        if (size + 2 > len)
            return;
        if (*o == OPT_OVERLOAD && size == 1 && overload)
            *overload = o[2];
        else
            take_option(a, *o, o + 2, size);
        o += size + 2;
        len -= size + 2;
    }
}

/* Is it an answer to us, and what does it say? */
static bool parse(struct dhcp *d, const u8 *m, size_t len, struct answer *a)
{
    u8 overload = 0;

    memset(a, 0, sizeof(*a));
    if (len < DHCP_FIXED + 4 || m[0] != 2 || m[1] != 1 || m[2] != 6 ||
        be32(get32(m + 4)) != d->xid || memcmp(m + 28, d->net->eth.mac, 6) != 0 ||
        be32(get32(m + DHCP_FIXED)) != DHCP_MAGIC)
        return false;
    a->addr = get32(m + 16); /* yiaddr */
    take_options(a, m + DHCP_FIXED + 4, len - DHCP_FIXED - 4, &overload);
    if (overload & 1) /* RFC 2132 §9.3: file and sname carry options, too */
        take_options(a, m + 108, 128, NULL);
    if (overload & 2)
        take_options(a, m + 44, 64, NULL);
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
    d->n_tries++;
    dhcp_send(d, d->state == SELECTING ? DISCOVER : REQUEST);
    timer_set(&d->timer, net_now(d->net) + wait);
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
    net_set_addr(d->net, 0, 0, 0, 0);
    start_over(d);
}

static void bind_lease(struct dhcp *d, const struct answer *a)
{
    struct net *n = d->net;
    u64 now = net_now(n);
    u32 lease = a->lease_sec ? MAX(a->lease_sec, LEASE_MIN_SEC) : 3600;
    u32 t1 = a->t1_sec && a->t1_sec < lease ? a->t1_sec : lease / 2;
    u32 t2 = a->t2_sec && a->t2_sec < lease && a->t2_sec >= t1 ? a->t2_sec : lease / 8 * 7;
    u32 mask = a->mask;

    t2 = MAX(t2, t1);
    if (lease == LEASE_FOREVER) {
        timer_cancel(&d->timer);
        d->t1_ns = d->t2_ns = d->lease_end_ns = DEADLINE_NEVER;
    } else {
        d->t1_ns = now + t1 * NSEC_PER_SEC;
        d->t2_ns = now + t2 * NSEC_PER_SEC;
        d->lease_end_ns = now + lease * NSEC_PER_SEC;
        timer_set(&d->timer, d->t1_ns);
    }
    enter(d, BOUND);
    if (a->server)
        d->server = a->server;
    if (!mask || (~be32(mask) & (~be32(mask) + 1))) /* none, or with holes: by class, as of old */
        mask = be32(a->addr) >> 31
                   ? (be32(a->addr) >> 30 == 2 ? be32(0xffff0000) : be32(0xffffff00))
                   : be32(0xff000000);
    memcpy(n->dns, a->dns, sizeof(n->dns));
    memcpy(n->domain, a->domain, sizeof(n->domain));
    if (!n->hostname[0])
        memcpy(n->hostname, a->hostname, sizeof(n->hostname));
    net_set_addr(n, a->addr, mask, is_host(a->router) ? a->router : 0, a->mtu_bytes);
}

static void dhcp_input(struct net *n, const u8 *msg, size_t len)
{
    struct dhcp *d = n->dhcp;
    struct answer a;

    if (!parse(d, msg, len, &a))
        return;
    switch (d->state) {
    case SELECTING:
        if (a.type != OFFER || !is_host(a.addr) || !a.server)
            return;
        d->offered = a.addr; /* the first offer will do */
        d->server = a.server;
        enter(d, REQUESTING);
        send_again(d);
        return;
    case REQUESTING:
    case RENEWING:
    case REBINDING:
        if (d->state != REBINDING && a.server && a.server != d->server)
            return; /* somebody else's word does not count */
        if (a.type == NAK) {
            if (d->state == REQUESTING)
                start_over(d);
            else
                lose_lease(d);
        } else if (a.type == ACK && is_host(a.addr)) {
            bind_lease(d, &a);
        }
        return;
    case BOUND:
        return;
    }
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
    if (n->dhcp)
        timer_cancel(&n->dhcp->timer);
    heap_free(n->dhcp);
    n->dhcp = NULL;
    n->dhcp_input = NULL;
}
