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
    const char *start;
    u64 prefix;

    if (text_is(&t, "dhcp"))
        return true;
    if (!address(&t, &cfg->addr) || !text_skip(&t, '/'))
        return false;
    start = t.at;
    prefix = text_number(&t);
    if (t.at == start || t.len || prefix > 32) {
        cfg->addr = 0;
        return false;
    }
    cfg->mask = __builtin_bswap32(prefix ? ~0u << (32 - prefix) : 0);
    cfg->is_static = true;
    return true;
}

static bool read_dns(struct text t, struct net_config *cfg)
{
    for (u32 i = 0; i < ARRAY_SIZE(cfg->dns); i++) {
        if (!address(&t, &cfg->dns[i]))
            return false;
        if (!t.len)
            return true;
        if (!text_skip(&t, ','))
            return false;
    }
    return false;
}

void config_complain(const char *key, struct text value, const char *form)
{
    log_err("net", "boot line: %s=%.*s is not %s: ignored", key, (int)value.len, value.at, form);
}

void net_config_read(const char *line, struct net_config *cfg)
{
    struct text t, rest;

    memset(cfg, 0, sizeof(*cfg));
    if (setting_find(line, BOOTCFG_IP, &t)) {
        if (text_is(&t, "none"))
            cfg->is_static = true; /* with address 0: none at all */
        else if (!read_ip(t, cfg))
            config_complain(BOOTCFG_IP, t, "ADDR/LEN, dhcp or none");
    }
    if (setting_find(line, BOOTCFG_GW, &t) &&
        (rest = t, !address(&rest, &cfg->gateway) || rest.len)) {
        config_complain(BOOTCFG_GW, t, "an IPv4 address");
        cfg->gateway = 0;
    }
    if (setting_find(line, BOOTCFG_DNS, &t) && !read_dns(t, cfg)) {
        config_complain(BOOTCFG_DNS, t, "one to three IPv4 addresses");
        memset(cfg->dns, 0, sizeof(cfg->dns));
    }
    if (ip6_config_read)
        ip6_config_read(line, cfg);
    else if (setting_find(line, BOOTCFG_IP6, &t))
        log_warn("net", "boot line: ip6=: this service has no IPv6 sockets");
    cfg->mtu_bytes = (u16)setting_number(line, BOOTCFG_MTU, 65535);
}
