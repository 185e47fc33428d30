#include "net/config.h"

#include <string.h>

#include "abi/bootcfg.h"
#include "base/log.h"

#pragma weak ip6_config_read

/* Take a dotted address off the front of @t, into network byte order. */
static bool address(struct text *t, u32 *out)
{
    u8 b[4];

    for (int i = 0; i < 4; i++) {
        const char *start = t->at;
        u64 v = text_number(t);

        if (t->at == start || v > 255 || (i < 3 && !text_skip(t, '.')))
            return false;
        b[i] = (u8)v;
    }
    memcpy(out, b, 4);
    return true;
}

static bool read_ip(struct text t, struct net_config *cfg)
{
    u64 prefix;
    u32 addr;

    if (text_is(&t, "dhcp"))
        return true;
    if (!address(&t, &addr) || !text_skip(&t, '/') || !t.len)
        return false;
    prefix = text_number(&t);
    if (t.len || prefix > 32)
        return false;
    cfg->addr = addr;
    cfg->mask = __builtin_bswap32(prefix ? ~0u << (32 - prefix) : 0);
    cfg->is_static = true;
    return true;
}

void config_complain(const char *key, struct text value, const char *form)
{
    log_err("net", "boot line: %s=%.*s is not %s: ignored", key, (int)value.len, value.at, form);
}

/* @key=ADDR,…: at most @max of them. */
static void read_list(const char *line, const char *key, u32 *out, u32 max, const char *form)
{
    struct text t, rest;
    u32 n = 0;

    if (!setting_find(line, key, &t))
        return;
    rest = t;
    while (n < max && address(&rest, &out[n++])) {
        if (!rest.len)
            return;
        if (!text_skip(&rest, ','))
            break;
    }
    memset(out, 0, max * sizeof(*out));
    config_complain(key, t, form);
}

void net_config_read(const char *line, struct net_config *cfg)
{
    struct text t;

    memset(cfg, 0, sizeof(*cfg));
    if (setting_find(line, BOOTCFG_IP, &t)) {
        if (text_is(&t, "none"))
            cfg->is_static = true; /* with address 0: none at all */
        else if (!read_ip(t, cfg))
            config_complain(BOOTCFG_IP, t, "ADDR/LEN, dhcp or none");
    }
    read_list(line, BOOTCFG_GW, &cfg->gateway, 1, "an IPv4 address");
    read_list(line, BOOTCFG_DNS, cfg->dns, ARRAY_SIZE(cfg->dns), "one to three IPv4 addresses");
    if (ip6_config_read)
        ip6_config_read(line, cfg);
    else if (setting_find(line, BOOTCFG_IP6, &t))
        log_warn("net", "boot line: ip6=: this service has no IPv6 sockets");
    cfg->mtu_bytes = (u16)setting_number(line, BOOTCFG_MTU, 65535);
}
