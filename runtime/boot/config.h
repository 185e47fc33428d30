/* The boot configuration of this VM, read once from the command line (abi/bootcfg.h). */
#pragma once

#include "base/types.h"
#include "net/net.h"

struct boot_config {
    char *strings; /* argv[0], arg…, env… : n_args + n_env strings, each NUL-terminated */
    u32 n_args, n_env;
    bool is_network_off; /* ip=none */
    struct net_config net;
    u16 exit_port, ctl_port; /* 0 = none */
    u64 wall_ns;             /* 0 = not given */
};

/**
 * Read @line into @cfg.
 *
 * @line   kept by reference; must stay
 * @room   config_room(line) bytes for the decoded strings; must stay
 * Malformed values are logged with their token, and the default holds.
 */
void config_read(const char *line, char *room, struct boot_config *cfg);

/* How many bytes the decoded strings may need. */
size_t config_room(const char *line);

/* Tell discovery about virtio_mmio.device= tokens; @add is dev/'s virtio_mmio_add(). */
void config_each_virtio_mmio(const char *line, void (*add)(u64 base, u32 gsi));
