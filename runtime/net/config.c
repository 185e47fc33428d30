#include "net/config.h"

#include <string.h>

#include "abi/bootcfg.h"
#include "base/log.h"
#include "base/setting.h"

#define HOSTNAME_BYTES 64

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

static void complain(const char *key, struct text t)
{
    log_err("net", "%s=%.*s: not understood; the default holds", key, (int)t.len, t.at);
}

bool net_config_read(const char *line, struct net_config *cfg, char *hostname)
{
    struct text t, rest;

    memset(cfg, 0, sizeof(*cfg));
    if (setting_find(line, BOOTCFG_IP, &t)) {
        if (text_is(&t, "none"))
            cfg->is_static = true; /* with address 0: none at all */
        else if (!read_ip(t, cfg))
            complain(BOOTCFG_IP, t);
    }
    if (setting_find(line, BOOTCFG_GW, &t) &&
        (rest = t, !address(&rest, &cfg->gateway) || rest.len))
        complain(BOOTCFG_GW, t);
    if (setting_find(line, BOOTCFG_DNS, &t) && !read_dns(t, cfg))
        complain(BOOTCFG_DNS, t);
    cfg->mtu_bytes = (u16)setting_number(line, BOOTCFG_MTU, 65535);
    cfg->hostname = "skiff";
    if (setting_find(line, BOOTCFG_HOST, &t) && t.len && t.len < HOSTNAME_BYTES) {
        text_decode(hostname, t);
        cfg->hostname = hostname;
    }
    return !cfg->is_static || cfg->addr;
}
