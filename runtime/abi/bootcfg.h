/*
 * The boot configuration: what `skiff run` (or anybody who starts the image) tells the guest, as
 * plain text on the kernel command line. Shared by builder (writes) and runtime (reads).
 *
 *      skiff=1 name=shop ip=10.0.2.15/24 gw=10.0.2.2 dns=10.0.2.3 env=LANG=C arg=--verbose
 *
 * Tokens KEY=VALUE, separated by spaces. Inside a value, bytes <= 0x20, '%', '"', '\'' and >= 0x7f
 * are written %XX. A token the runtime does not know is ignored (a VMM may add its own:
 * virtio_mmio.device= is one we read). After a token "--" every further token is an argument as it
 * stands, percent-decoded, except virtio_mmio.device= ones.
 */
#pragma once

#define BOOTCFG_VERSION   1

/* key            value                                                        default      */
#define BOOTCFG_SKIFF     "skiff" /* BOOTCFG_VERSION: who wrote this line                 - */
#define BOOTCFG_NAME      "name"  /* argv[0]                                      "service"  */
#define BOOTCFG_ARG       "arg"   /* one argument of main(); repeats in order     none       */
#define BOOTCFG_ENV       "env"   /* one K=V of the environment; repeats          none       */
#define BOOTCFG_IP        "ip"    /* ADDR/LEN, "dhcp" or "none"                   dhcp       */
#define BOOTCFG_GW        "gw"    /* default gateway                              none       */
#define BOOTCFG_DNS       "dns"   /* name server; up to 3, comma separated        none       */
#define BOOTCFG_IP6       "ip6"   /* ADDR/LEN, "auto" (by router) or "none"       auto       */
#define BOOTCFG_GW6       "gw6"   /* default router of IPv6, with ip6=            none       */
#define BOOTCFG_DNS6      "dns6"  /* name server; up to 2, comma separated        none       */
#define BOOTCFG_HOST      "host"  /* host name                            DHCP's or "skiff"   */
#define BOOTCFG_MTU       "mtu"   /* bytes                                        device's   */
#define BOOTCFG_EXIT      "exit"  /* I/O port of isa-debug-exit, 0x…              none       */
#define BOOTCFG_CTL       "ctl"   /* I/O port of the control channel, 0x…         none       */
#define BOOTCFG_LOG       "log"   /* err, warn, info or debug                     warn       */
#define BOOTCFG_TIME      "time"  /* wall time at start, ns since 1970 UTC        RTC        */

/* Longest command line we write or read, in bytes, with its NUL. */
#define BOOTCFG_MAX_BYTES 32768
