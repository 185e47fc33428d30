/* IPv6's share of the boot command line: ip6= gw6= dns6= (abi/bootcfg.h). Linked with IPv6. */
#include <string.h>

#include "abi/bootcfg.h"
#include "net/config.h"
#include "net/ip6.h"

#define NO_GAP 9

/* Take an address in the form of RFC 4291 §2.2 (1, 2) off the front of @t. */
static bool address(struct text *t, struct ip_addr *out)
{
    u32 n = 0, gap = NO_GAP; /* groups so far; those before a "::" */
    u16 groups[8];

    memset(out, 0, sizeof(*out));
    for (;;) {
        u32 v = 0, n_digits = 0;
        if (t->len >= 2 && t->at[0] == ':' && t->at[1] == ':' && gap == NO_GAP) {
            gap = n;
            text_skip(t, ':');
            text_skip(t, ':');
        } else if (n && (t->len < 2 || !text_skip(t, ':'))) {
            break;
        }
        for (; t->len; t->at++, t->len--, n_digits++) {
            char c = *t->at, low = c | 0x20;
            if (c >= '0' && c <= '9')
                v = v << 4 | (u32)(c - '0');
            else if (low >= 'a' && low <= 'f')
                v = v << 4 | (u32)(low - 'a' + 10);
            else
                break;
        }
        if (!n_digits && gap == n)
            break; /* it ends, or begins, with the "::" */
        if (!n_digits || n_digits > 4 || n == 8)
            return false;
        groups[n++] = be16(v);
    }
    if (gap == NO_GAP ? n != 8 : n > 7)
        return false;
    memcpy(out->b, groups, 2 * MIN(gap, n));
    if (gap < n)
        memcpy(out->b + 16 - 2 * (n - gap), groups + gap, 2 * (n - gap));
    return true;
}

static bool is_host(const struct ip_addr *a)
{
    return a->b[0] != 0xff && !ip_addr_is_any(a) && !ip6_is_loopback(a) && !ip_addr_is_v4(a);
}

static bool read_ip6(struct text t, struct net_config *cfg)
{
    struct ip_addr addr;
    u64 len;

    if (!address(&t, &addr) || !is_host(&addr) || !text_skip(&t, '/') || !t.len)
        return false;
    len = text_number(&t);
    if (t.len || !len || len > 128)
        return false;
    cfg->addr6 = addr;
    cfg->prefix6_len = (u8)len;
    return true;
}

/* @key=ADDR,…: at most @max of them. */
static void read_list(const char *line, const char *key, struct ip_addr *out, u32 max,
                      const char *form)
{
    struct text t, rest;
    u32 n = 0;

    if (!setting_find(line, key, &t))
        return;
    rest = t;
    while (n < max && address(&rest, &out[n]) && is_host(&out[n++])) {
        if (!rest.len)
            return;
        if (!text_skip(&rest, ','))
            break;
    }
    memset(out, 0, max * sizeof(*out));
    config_complain(key, t, form);
}

void ip6_config_read(const char *line, struct net_config *cfg)
{
    struct text t;

    if (setting_find(line, BOOTCFG_IP6, &t)) {
        cfg->no_ip6 = text_is(&t, "none");
        if (!cfg->no_ip6 && !text_is(&t, "auto") && !read_ip6(t, cfg))
            config_complain(BOOTCFG_IP6, t, "ADDR/LEN, auto or none");
    }
    read_list(line, BOOTCFG_GW6, &cfg->gateway6, 1, "an IPv6 address");
    read_list(line, BOOTCFG_DNS6, cfg->dns6, ARRAY_SIZE(cfg->dns6), "one or two IPv6 addresses");
}
