#include "bootcfg.h"

#include <inttypes.h>
#include <stdlib.h>

#include "abi/bootcfg.h"
#include "abi/ctl.h"
#include "msg.h"
#include "vmspec.h"

/* Room that the VMM needs for its own tokens: 32 of virtio_mmio.device=512@0xfeb02e00:12. */
#define VMM_BYTES 2048

void bootcfg_add(struct text *line, const char *key, const char *value)
{
    if (line->len)
        text_add(line, " ");
    text_addf(line, "%s=", key);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '%' || *p == '"' || *p == '\'')
            text_addf(line, "%%%02X", *p);
        else
            text_add_n(line, (const char *)p, 1);
    }
}

static void add_number(struct text *line, const char *key, const char *fmt, uint64_t n)
{
    char *s = str_fmt(fmt, n);

    bootcfg_add(line, key, s);
    free(s);
}

static void add_net(struct text *line, const struct net *net)
{
    if (net->kind == NET_NONE)
        bootcfg_add(line, BOOTCFG_IP, "none");
    if (net->ip[0])
        bootcfg_add(line, BOOTCFG_IP, net->ip);
    if (net->gw[0])
        bootcfg_add(line, BOOTCFG_GW, net->gw);
    if (net->dns[0])
        bootcfg_add(line, BOOTCFG_DNS, net->dns);
    if (net->ip6[0])
        bootcfg_add(line, BOOTCFG_IP6, net->ip6);
    if (net->gw6[0])
        bootcfg_add(line, BOOTCFG_GW6, net->gw6);
    if (net->dns6[0])
        bootcfg_add(line, BOOTCFG_DNS6, net->dns6);
}

char *bootcfg_line(const struct vmspec *vm)
{
    struct text line = {0};

    add_number(&line, BOOTCFG_SKIFF, "%" PRIu64, BOOTCFG_VERSION);
    bootcfg_add(&line, BOOTCFG_NAME, vm->name);
    add_net(&line, &vm->net);
    add_number(&line, BOOTCFG_EXIT, "0x%" PRIx64, EXIT_PORT_DEFAULT);
    add_number(&line, BOOTCFG_CTL, "0x%" PRIx64, CTL_PORT_DEFAULT);
    if (vm->log_level)
        bootcfg_add(&line, BOOTCFG_LOG, vm->log_level);
    if (vm->time_ns)
        add_number(&line, BOOTCFG_TIME, "%" PRIu64, vm->time_ns);
    for (size_t i = 0; i < vm->env.n; i++)
        bootcfg_add(&line, BOOTCFG_ENV, vm->env.items[i]);
    for (size_t i = 0; i < vm->args.n; i++)
        bootcfg_add(&line, BOOTCFG_ARG, vm->args.items[i]);
    if (line.len + VMM_BYTES >= BOOTCFG_MAX_BYTES) {
        msg_error("arguments and environment take %zu bytes as a boot line; at most %d fit",
                  line.len, BOOTCFG_MAX_BYTES - VMM_BYTES - 1);
        text_fini(&line);
        return NULL;
    }
    return text_take(&line);
}
