#include "boot/config.h"

#include <string.h>

#include "abi/bootcfg.h"
#include "base/log.h"

#define VIRTIO_MMIO "virtio_mmio.device="

struct token {
    const char *at;
    size_t len;
};

static bool token_next(const char **line, struct token *t)
{
    const char *p = *line;

    while (*p == ' ' || *p == '\t' || *p == '\n')
        p++;
    t->at = p;
    while (*p && *p != ' ' && *p != '\t' && *p != '\n')
        p++;
    t->len = (size_t)(p - t->at);
    *line = p;
    return t->len > 0;
}

/* The value of KEY=VALUE if @t is one with this key, else NULL. Ends at @t's end. */
static const char *value_of(const struct token *t, const char *key)
{
    size_t n = strlen(key);

    return t->len > n && !memcmp(t->at, key, n) && t->at[n] == '=' ? t->at + n + 1 : NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decode [from, end) to @to, with a NUL. Returns behind the NUL. */
static char *decode(char *to, const char *from, const char *end)
{
    while (from < end) {
        if (*from == '%' && end - from > 2 && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
            *to++ = (char)(hex_digit(from[1]) << 4 | hex_digit(from[2]));
            from += 3;
        } else {
            *to++ = *from++;
        }
    }
    *to++ = '\0';
    return to;
}

/* A number in [*p, end), decimal or with 0x; stops behind its last digit. */
static u64 number(const char **p, const char *end)
{
    u32 radix = 10;
    u64 v = 0;

    if (end - *p > 2 && (*p)[0] == '0' && (*p)[1] == 'x') {
        radix = 16;
        *p += 2;
    }
    for (; *p < end; ++*p) {
        int d = hex_digit(**p);

        if (d < 0 || (u32)d >= radix)
            break;
        v = v * radix + (u32)d;
    }
    return v;
}

/* A dotted address, into network byte order. */
static bool address(const char **p, const char *end, u32 *out)
{
    u8 b[4];

    for (int i = 0; i < 4; i++) {
        const char *start = *p;
        u64 v = number(p, end);

        if (*p == start || v > 255 || (i < 3 && (*p == end || *(*p)++ != '.')))
            return false;
        b[i] = (u8)v;
    }
    memcpy(out, b, 4);
    return true;
}

static bool read_ip(const char *p, const char *end, struct boot_config *cfg)
{
    struct net_config *net = &cfg->net;
    u64 prefix;

    if (end - p == 4 && !memcmp(p, "dhcp", 4))
        return true;
    if (end - p == 4 && !memcmp(p, "none", 4)) {
        cfg->is_network_off = true;
        return true;
    }
    if (!address(&p, end, &net->addr) || p == end || *p++ != '/')
        return false;
    prefix = number(&p, end);
    if (p != end || prefix > 32)
        return false;
    net->mask = __builtin_bswap32(prefix ? ~0u << (32 - prefix) : 0);
    net->is_static = true;
    return true;
}

static bool read_dns(const char *p, const char *end, struct net_config *net)
{
    for (u32 i = 0; i < ARRAY_SIZE(net->dns); i++) {
        if (!address(&p, end, &net->dns[i]))
            return false;
        if (p == end)
            return true;
        if (*p++ != ',')
            return false;
    }
    return false;
}

static bool read_log(const char *p, const char *end)
{
    static const char names[][6] = {"err", "warn", "info", "debug"};

    for (u32 i = 0; i < ARRAY_SIZE(names); i++)
        if (strlen(names[i]) == (size_t)(end - p) && !memcmp(p, names[i], (size_t)(end - p))) {
            log_threshold = (enum log_level)i;
            return true;
        }
    return false;
}

static bool read_number(const char *p, const char *end, u64 max, u64 *out)
{
    *out = number(&p, end);
    return p == end && *out <= max;
}

/* Everything that is not a string of the service. @room takes the host name. */
static char *read_setting(const struct token *t, char *room, struct boot_config *cfg)
{
    const char *end = t->at + t->len, *v;
    u64 n = 0;
    bool ok = true;

    if ((v = value_of(t, BOOTCFG_IP))) {
        ok = read_ip(v, end, cfg);
    } else if ((v = value_of(t, BOOTCFG_GW))) {
        ok = address(&v, end, &cfg->net.gateway) && v == end;
    } else if ((v = value_of(t, BOOTCFG_DNS))) {
        ok = read_dns(v, end, &cfg->net);
    } else if ((v = value_of(t, BOOTCFG_HOST))) {
        cfg->net.hostname = room;
        room = decode(room, v, end);
    } else if ((v = value_of(t, BOOTCFG_MTU))) {
        ok = read_number(v, end, 65535, &n) && (n == 0 || n >= 68);
        cfg->net.mtu_bytes = ok ? (u16)n : 0;
    } else if ((v = value_of(t, BOOTCFG_EXIT))) {
        ok = read_number(v, end, 65535, &n);
        cfg->exit_port = ok ? (u16)n : 0;
    } else if ((v = value_of(t, BOOTCFG_CTL))) {
        ok = read_number(v, end, 65535, &n);
        cfg->ctl_port = ok ? (u16)n : 0;
    } else if ((v = value_of(t, BOOTCFG_TIME))) {
        ok = read_number(v, end, UINT64_MAX, &cfg->wall_ns);
    } else if ((v = value_of(t, BOOTCFG_LOG))) {
        ok = read_log(v, end);
    }
    if (!ok)
        log_err("boot", "%.*s: not understood; the default holds", (int)t->len, t->at);
    return room;
}

size_t config_room(const char *line)
{
    return strlen(line) + sizeof("service") + 2; /* decoding never lengthens */
}

void config_read(const char *line, char *room, struct boot_config *cfg)
{
    const char *name = NULL, *name_end = NULL, *p = line;
    bool is_rest = false;
    struct token t;

    memset(cfg, 0, sizeof(*cfg));
    cfg->net.hostname = "skiff";
    while (token_next(&p, &t)) {
        if (t.len == 2 && t.at[0] == '-' && t.at[1] == '-')
            break;
        if (value_of(&t, BOOTCFG_NAME)) {
            name = value_of(&t, BOOTCFG_NAME);
            name_end = t.at + t.len;
        }
        room = read_setting(&t, room, cfg);
    }
    cfg->strings = room;
    cfg->n_args = 1;
    room = name ? decode(room, name, name_end) : decode(room, "service", (char *)"service" + 7);
    /* Arguments first, then the environment: two passes keep each in its order. */
    for (int pass = 0; pass < 2; pass++) {
        for (p = line, is_rest = false; token_next(&p, &t);) {
            const char *v = value_of(&t, pass ? BOOTCFG_ENV : BOOTCFG_ARG);

            if (t.len > strlen(VIRTIO_MMIO) && !memcmp(t.at, VIRTIO_MMIO, strlen(VIRTIO_MMIO)))
                continue;
            if (!is_rest && t.len == 2 && t.at[0] == '-' && t.at[1] == '-') {
                is_rest = true;
                continue;
            }
            if (is_rest)
                v = pass ? NULL : t.at;
            if (!v && !is_rest && !pass && t.len == 4 && !memcmp(t.at, BOOTCFG_ARG "=", 4))
                v = t.at + 4; /* an empty argument */
            if (!v)
                continue;
            room = decode(room, v, t.at + t.len);
            if (pass)
                cfg->n_env++;
            else
                cfg->n_args++;
        }
    }
}

void config_each_virtio_mmio(const char *line, void (*add)(u64 base, u32 gsi))
{
    struct token t;

    while (token_next(&line, &t)) {
        const char *end = t.at + t.len, *p = t.at + strlen(VIRTIO_MMIO);

        if (t.len <= strlen(VIRTIO_MMIO) || memcmp(t.at, VIRTIO_MMIO, strlen(VIRTIO_MMIO)))
            continue;
        number(&p, end); /* size, with a suffix */
        while (p < end && *p != '@')
            p++;
        if (p++ >= end)
            continue;
        u64 base = number(&p, end);
        if (p < end && *p++ == ':')
            add(base, (u32)number(&p, end));
    }
}
