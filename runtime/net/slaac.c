/*
 * The addresses of IPv6: link-local from the MAC address (RFC 4291 appendix A), autoconfigured from
 * what routers advertise (RFC 4862), or configured; duplicate address detection for each, while it
 * is used already (RFC 4429), so that a boot waits for nothing. Advertisements come from anybody on
 * the link: what they can fill is bounded, and nothing configured is changed by them.
 */
#include "net/ip6.h"

#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "base/log.h"

#define DAD_NS         (1 * NSEC_PER_SEC) /* RFC 4861 §10: RetransTimer, once */
#define RS_INTERVAL_NS (4 * NSEC_PER_SEC)
#define RS_TRIES       3
#define LEAST_VALID_NS (7200 * NSEC_PER_SEC) /* RFC 4862 §5.5.3 (e): two hours */

#define OPT_PREFIX     3
#define OPT_MTU        5
#define OPT_RDNSS      25
#define PREFIX_ON_LINK 0x80
#define PREFIX_AUTO    0x40

#define TEXT_BYTES     48
static void text_of(const struct ip_addr *a, char *buf)
{
    const u8 *b = a->b;
    size_t at = 0;

    for (u32 i = 0; i < 16; i += 2)
        at +=
            (size_t)fmt_snprintf(buf + at, TEXT_BYTES - at, i ? ":%x" : "%x", b[i] << 8 | b[i + 1]);
}

static inline u32 get32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return be32(v);
}

static u64 lifetime(u64 now, u32 sec)
{
    return sec == UINT32_MAX ? DEADLINE_NEVER : now + sec * NSEC_PER_SEC;
}

/* The modified EUI-64 interface identifier. Not an opaque one (RFC 7217): that is made from a
 * secret which outlives the boot, and a VM has no place for one; and its MAC address is locally
 * administered, so it tells nothing about hardware. */
static void set_id(struct ip_addr *a, const u8 *mac)
{
    memcpy(a->b + 8, mac, 3);
    a->b[8] ^= 2;
    a->b[11] = 0xff;
    a->b[12] = 0xfe;
    memcpy(a->b + 13, mac + 3, 3);
}

/* --- one timer for everything --- */

static u64 sooner(u64 next, u64 at)
{
    return at ? MIN(next, at) : next;
}

static void timer_arm(struct ip6 *s)
{
    u64 next = sooner(DEADLINE_NEVER, s->rs_ns);

    for (u32 i = 0; i < IP6_ADDRS; i++) {
        next = sooner(next, s->addrs[i].dad_ns);
        if (s->addrs[i].prefix_len)
            next = sooner(next, s->addrs[i].valid_ns);
    }
    for (u32 i = 0; i < IP6_PREFIXES; i++)
        next = sooner(next, s->prefixes[i].end_ns);
    for (u32 i = 0; i < IP6_ROUTERS; i++)
        next = sooner(next, s->routers[i].end_ns);
    if (next != DEADLINE_NEVER)
        timer_set(&s->timer, next);
    else
        timer_cancel(&s->timer);
}

static void slaac_fire(struct timer *t)
{
    struct ip6 *s = CONTAINER_OF(t, struct ip6, timer);
    struct net *n = s->net;
    u64 now = net_now_slow(n);

    for (struct ip6_addr *o = s->addrs; o < s->addrs + IP6_ADDRS; o++) {
        if (o->dad_ns && o->dad_ns <= now)
            o->dad_ns = 0;
        if (o->valid_ns <= now)
            o->prefix_len = 0;
    }
    for (u32 i = 0; i < IP6_PREFIXES; i++)
        if (s->prefixes[i].end_ns <= now)
            s->prefixes[i].end_ns = 0;
    for (u32 i = 0; i < IP6_ROUTERS; i++)
        if (s->routers[i].end_ns <= now && s->routers[i].end_ns) {
            s->routers[i].end_ns = 0;
            n->arp.generation++; /* whoever goes through it finds another way, or none */
        }
    if (s->rs_ns && s->rs_ns <= now) {
        nd_solicit_routers(&n->eth);
        s->rs_ns = ++s->n_rs < RS_TRIES ? now + RS_INTERVAL_NS : 0;
    }
    timer_arm(s);
}

/* --- addresses --- */

void slaac_addr(struct net *n, const struct ip_addr *addr, u32 prefix_len, u64 valid_ns,
                u64 preferred_ns)
{
    struct ip6 *s = n->ip6;
    struct ip6_addr *free = NULL;
    char text[TEXT_BYTES];
    u64 now = net_now(n);

    for (struct ip6_addr *o = s->addrs; o < s->addrs + IP6_ADDRS; o++) {
        if (o->prefix_len && ip_addr_eq(&o->addr, addr)) {
            /* RFC 4862 §5.5.3 (e): nobody unknown cuts it below two hours */
            if (valid_ns > MIN(o->valid_ns, now + LEAST_VALID_NS))
                o->valid_ns = valid_ns;
            else if (o->valid_ns > now + LEAST_VALID_NS)
                o->valid_ns = now + LEAST_VALID_NS;
            o->preferred_ns = preferred_ns;
            timer_arm(s);
            return;
        }
        if (!o->prefix_len && !free && (o > s->addrs || ip_addr_is_link_local(addr)))
            free = o;
    }
    if (!free || valid_ns <= now)
        return;
    *free = (struct ip6_addr){*addr, valid_ns, preferred_ns, now + DAD_NS, (u8)prefix_len};
    mld_join_own(n, addr);
    nd_probe(&n->eth, addr);
    timer_arm(s);
    text_of(addr, text);
    log_info("net", "address %s", text);
    net_resume(n);
}

void slaac_conflict(struct net *n, const struct ip_addr *addr)
{
    char text[TEXT_BYTES];

    for (struct ip6_addr *o = n->ip6->addrs; o < n->ip6->addrs + IP6_ADDRS; o++) {
        if (o->prefix_len && ip_addr_eq(&o->addr, addr)) {
            o->prefix_len = 0;
            o->dad_ns = 0;
        }
    }
    text_of(addr, text);
    log_warn("net", "address %s is taken by another machine: not used", text);
}

/* --- routers --- */

/* Note that @addr offers something until @end_ns, or (now or before) no longer. */
static bool host_note(struct ip6_host *h, u32 n_hosts, const struct ip_addr *addr, u64 end_ns,
                      u64 now)
{
    struct ip6_host *free = NULL;

    for (struct ip6_host *o = h; o < h + n_hosts; o++) {
        if (o->end_ns && ip_addr_eq(&o->addr, addr)) {
            o->end_ns = end_ns > now ? end_ns : 0;
            return end_ns <= now;
        }
        if (!free && o->end_ns <= now)
            free = o;
    }
    if (!free || end_ns <= now)
        return false;
    *free = (struct ip6_host){*addr, end_ns};
    return true;
}

static void take_prefix(struct net *n, const u8 *o, u64 now)
{
    struct ip6 *s = n->ip6;
    u32 len = o[2], valid = get32(o + 4), preferred = get32(o + 8);
    struct ip6_prefix *at = NULL;
    struct ip_addr prefix;

    memcpy(&prefix, o + 16, 16);
    if (o[1] != 4 || len > 128 || ip_addr_is_link_local(&prefix) || prefix.b[0] == 0xff ||
        preferred > valid)
        return;
    if (o[3] & PREFIX_ON_LINK && len) {
        for (struct ip6_prefix *p = s->prefixes; p < s->prefixes + IP6_PREFIXES; p++) {
            if (p->end_ns && p->len == len && ip6_prefix_eq(&p->addr, &prefix, len)) {
                at = p;
                break;
            }
            if (!p->end_ns && !at)
                at = p;
        }
        if (at && at->end_ns != DEADLINE_NEVER - 1) /* that one is configured */
            *at = (struct ip6_prefix){prefix, valid ? lifetime(now, valid) : 0, (u8)len};
    }
    if (o[3] & PREFIX_AUTO && len == 64) {
        set_id(&prefix, n->eth.mac);
        slaac_addr(n, &prefix, 64, lifetime(now, valid), lifetime(now, preferred));
    }
}

void slaac_router(struct net *n, const u8 *m, u32 len, const struct ip_addr *from)
{
    struct ip6 *s = n->ip6;
    u64 now = net_now(n);
    u32 life = (u32)m[6] << 8 | m[7], mtu;
    struct ip_addr dns;

    if (s->is_static)
        return;
    s->rs_ns = 0;
    if (host_note(s->routers, IP6_ROUTERS, from, now + life * NSEC_PER_SEC, now))
        n->arp.generation++;
    for (u32 at = 16; at < len; at += m[at + 1] * 8u) {
        const u8 *o = m + at;
        switch (o[0]) {
        case OPT_PREFIX:
            if (o[1] == 4)
                take_prefix(n, o, now);
            break;
        case OPT_MTU:
            mtu = get32(o + 4);
            if (mtu >= IP6_MTU_MIN && mtu < n->eth.mtu_bytes)
                n->eth.mtu_bytes = (u16)mtu;
            break;
        case OPT_RDNSS: /* RFC 8106 §5.1 */
            for (u32 i = 8; i + 16 <= o[1] * 8u; i += 16) {
                memcpy(&dns, o + i, 16);
                host_note(s->dns, IP6_DNS, &dns, lifetime(now, get32(o + 4)), now);
            }
            break;
        }
    }
    timer_arm(s);
    net_resume(n);
}

static void slaac_configure(struct net *n, const struct net_config *cfg)
{
    struct ip6 *s = n->ip6;

    s->is_static = true;
    slaac_addr(n, &cfg->addr6, cfg->prefix6_len, DEADLINE_NEVER, DEADLINE_NEVER);
    s->prefixes[0] = (struct ip6_prefix){cfg->addr6, DEADLINE_NEVER - 1, cfg->prefix6_len};
    if (!ip_addr_is_any(&cfg->gateway6))
        s->routers[0] = (struct ip6_host){cfg->gateway6, DEADLINE_NEVER};
}

void slaac_start(struct net *n, const struct net_config *cfg)
{
    struct ip6 *s = n->ip6;
    struct ip_addr ll = {.b = {0xfe, 0x80}};
    bool has_addr6 = !ip_addr_is_any(&cfg->addr6);

    timer_init(&s->timer, slaac_fire);
    if (!n->eth.nd || cfg->no_ip6 || (cfg->is_static && !cfg->addr && !has_addr6))
        return;
    set_id(&ll, n->eth.mac);
    slaac_addr(n, &ll, 64, DEADLINE_NEVER, DEADLINE_NEVER);
    for (u32 i = 0; i < IP6_DNS; i++)
        if (!ip_addr_is_any(&cfg->dns6[i]))
            s->dns[i] = (struct ip6_host){cfg->dns6[i], DEADLINE_NEVER};
    if (has_addr6) {
        slaac_configure(n, cfg);
        return;
    }
    nd_solicit_routers(&n->eth);
    s->n_rs = 1;
    s->rs_ns = net_now(n) + RS_INTERVAL_NS;
    timer_arm(s);
}

void slaac_resolv_conf(struct net *n, struct fmt_out *o)
{
    char text[TEXT_BYTES];

    for (u32 i = 0; n->ip6 && i < IP6_DNS; i++) {
        if (n->ip6->dns[i].end_ns <= net_now(n))
            continue;
        text_of(&n->ip6->dns[i].addr, text);
        fmt_put(o, "nameserver %s\n", text);
    }
}
