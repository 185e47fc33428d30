/*
 * The words of `skiff run` that the manifest and the command line share: -p, --net, --vsock,
 * --machine, --accel, names. Pure. Each parser returns NULL, or what is wrong and what would be
 * right, to be put after "WHERE: " by the caller, who knows where it stood and frees it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum machine { MACHINE_MICROVM, MACHINE_Q35, MACHINE_PC };
enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };
enum net_kind { NET_USER, NET_TAP, NET_NONE };

/* One forwarded port: [IP:]HOST:GUEST[/tcp|/udp]. */
struct port {
    char host_ip[16]; /* dotted; 127.0.0.1 unless given */
    uint16_t host, guest;
    bool is_udp;
};

/* user | none | tap=IF[,ip=ADDR/LEN[,gw=ADDR]][,dns=ADDR][,ip6=ADDR/LEN[,gw6=ADDR]][,dns6=ADDR] */
struct net {
    enum net_kind kind;
    char tap[16]; /* the interface; so are the rest only for NET_TAP; "" if not given */
    char ip[20];  /* ADDR/LEN */
    char gw[16];
    char dns[16];
    char ip6[50]; /* ADDR/LEN */
    char gw6[46];
    char dns6[46];
};

enum vsock_kind { VSOCK_NONE, VSOCK_HOST, VSOCK_USER };

/* CID | unix=PATH */
struct vsock {
    enum vsock_kind kind;
    uint32_t cid;   /* VSOCK_HOST: the guest's address, the host's own kernel at the other end */
    char path[108]; /* VSOCK_USER: where a vhost-user backend listens, which gives the address */
};

char *port_parse(const char *s, struct port *port);
char *net_parse(const char *s, struct net *net);
char *vsock_parse(const char *s, struct vsock *vsock);
char *machine_parse(const char *s, enum machine *machine);
char *accel_parse(const char *s, enum accel *accel);

const char *machine_name(enum machine machine);
const char *accel_name(enum accel accel);

/* A name for a project, an image, argv[0]: letters, digits, '-', '_', '.'; at most 64 bytes. */
bool name_is_good(const char *s);
