#include "vmflag.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PORT_FORM "write it as [IP:]HOST:GUEST[/tcp|/udp]"

static bool is_ipv4(const char *s)
{
    struct in_addr addr;

    return inet_pton(AF_INET, s, &addr) == 1;
}

/* Cuts the last ":…" off s and returns it; NULL if there is no colon. */
static char *cut_last(char *s)
{
    char *colon = strrchr(s, ':');

    if (!colon)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

static char *parse_port_words(char *s, struct port *port)
{
    char *slash = strchr(s, '/');
    uint64_t host, guest;

    if (slash) {
        *slash = '\0';
        if (strcmp(slash + 1, "udp") == 0)
            port->is_udp = true;
        else if (strcmp(slash + 1, "tcp") != 0)
            return str_fmt("protocol \"%s\" is not known; use tcp or udp", slash + 1);
    }
    char *guest_word = cut_last(s);
    if (!guest_word)
        return str_fmt("the guest's port is missing; " PORT_FORM);
    char *host_word = cut_last(s);
    if (host_word) {
        if (!is_ipv4(s))
            return str_fmt("\"%s\" is not an IPv4 address; " PORT_FORM, s);
        strcpy(port->host_ip, s);
    } else {
        host_word = s;
    }
    if (!number_parse(host_word, 1, 65535, &host))
        return str_fmt("\"%s\" is not a port from 1 to 65535; " PORT_FORM, host_word);
    if (!number_parse(guest_word, 1, 65535, &guest))
        return str_fmt("\"%s\" is not a port from 1 to 65535; " PORT_FORM, guest_word);
    port->host = (uint16_t)host;
    port->guest = (uint16_t)guest;
    return NULL;
}

char *port_parse(const char *s, struct port *port)
{
    char *copy = str_dup(s), *why;

    *port = (struct port){.host_ip = "127.0.0.1"};
    why = parse_port_words(copy, port);
    free(copy);
    return why;
}

#define TAP_FORM                                                                                   \
    "write it as tap=IF[,ip=ADDR/LEN[,gw=ADDR]][,dns=ADDR][,ip6=ADDR/LEN[,gw6=ADDR]][,dns6=ADDR]"

/* One that a machine can have. */
static bool is_ipv6_host(const char *s)
{
    struct in6_addr a;

    return inet_pton(AF_INET6, s, &a) == 1 && !IN6_IS_ADDR_MULTICAST(&a) &&
           !IN6_IS_ADDR_UNSPECIFIED(&a) && !IN6_IS_ADDR_LOOPBACK(&a) && !IN6_IS_ADDR_V4MAPPED(&a);
}

/* ADDR/LEN into @out. */
static bool parse_prefix(const char *value, bool (*is_addr)(const char *), uint64_t max_len,
                         char *out, size_t size)
{
    const char *slash = strchr(value, '/');
    char *addr = slash ? str_dup_n(value, (size_t)(slash - value)) : NULL;
    uint64_t len;
    bool is_good =
        addr && is_addr(addr) && number_parse(slash + 1, 1, max_len, &len) && strlen(value) < size;

    free(addr);
    if (is_good)
        strcpy(out, value);
    return is_good;
}

static char *parse_tap_word(const char *key, const char *value, struct net *net)
{
    const struct {
        const char *key;
        char *out;
        bool is_v6;
    } addrs[] = {{"gw", net->gw, false},
                 {"dns", net->dns, false},
                 {"gw6", net->gw6, true},
                 {"dns6", net->dns6, true}};

    if (strcmp(key, "ip") == 0)
        return parse_prefix(value, is_ipv4, 32, net->ip, sizeof(net->ip))
                   ? NULL
                   : str_fmt("ip \"%s\" is not ADDR/LEN; such as 10.0.0.2/24", value);
    if (strcmp(key, "ip6") == 0)
        return parse_prefix(value, is_ipv6_host, 128, net->ip6, sizeof(net->ip6))
                   ? NULL
                   : str_fmt("ip6 \"%s\" is not ADDR/LEN; such as fd00::2/64", value);
    for (size_t i = 0; i < sizeof(addrs) / sizeof(*addrs); i++) {
        if (strcmp(key, addrs[i].key) != 0)
            continue;
        if (!(addrs[i].is_v6 ? is_ipv6_host(value) : is_ipv4(value)))
            return addrs[i].is_v6
                       ? str_fmt("%s \"%s\" is not an IPv6 address; such as fd00::1", key, value)
                       : str_fmt("%s \"%s\" is not an IPv4 address; such as 10.0.0.1", key, value);
        strcpy(addrs[i].out, value);
        return NULL;
    }
    return str_fmt("\"%s\" is not known; " TAP_FORM, key);
}

/* words: "IF,ip=…,gw=…", cut up in place. */
static char *parse_tap(char *words, struct net *net)
{
    char *save, *name = strtok_r(words, ",", &save);

    if (!name || strlen(name) >= sizeof(net->tap) || strpbrk(name, "/ ="))
        return str_fmt("\"%s\" cannot be an interface; " TAP_FORM, name ? name : "");
    strcpy(net->tap, name);
    for (char *word; (word = strtok_r(NULL, ",", &save));) {
        char *value = strchr(word, '=');
        if (!value)
            return str_fmt("\"%s\" is not known; " TAP_FORM, word);
        *value++ = '\0';
        char *why = parse_tap_word(word, value, net);
        if (why)
            return why;
    }
    if (net->gw[0] && !net->ip[0])
        return str_fmt("gw without ip; with DHCP the server names the gateway");
    if (net->gw6[0] && !net->ip6[0])
        return str_fmt("gw6 without ip6; without ip6 routers name themselves");
    return NULL;
}

char *net_parse(const char *s, struct net *net)
{
    *net = (struct net){0};
    if (strcmp(s, "user") == 0) {
        net->kind = NET_USER;
    } else if (strcmp(s, "none") == 0) {
        net->kind = NET_NONE;
    } else if (str_starts(s, "tap=")) {
        net->kind = NET_TAP;
        char *words = str_dup(s + 4);
        char *why = parse_tap(words, net);
        free(words);
        return why;
    } else {
        return str_fmt("not a network; use user, tap=IF or none");
    }
    return NULL;
}

#define VSOCK_FORM "use a CID from 3 to 4294967294, or unix=PATH of a vhost-user backend"

char *vsock_parse(const char *s, struct vsock *vsock)
{
    uint64_t cid;

    *vsock = (struct vsock){0};
    if (str_starts(s, "unix=")) {
        const char *path = s + 5;
        if (!*path)
            return str_fmt("the path is missing; " VSOCK_FORM);
        if (strlen(path) >= sizeof(vsock->path))
            return str_fmt("the path is longer than %zu bytes, which no socket's can be",
                           sizeof(vsock->path) - 1);
        vsock->kind = VSOCK_USER;
        strcpy(vsock->path, path);
        return NULL;
    }
    if (!number_parse(s, 0, UINT64_MAX, &cid))
        return str_fmt("not an address of vsock; " VSOCK_FORM);
    if (cid < 3 || cid >= UINT32_MAX)
        return str_fmt("not an address that a guest can have; " VSOCK_FORM);
    vsock->kind = VSOCK_HOST;
    vsock->cid = (uint32_t)cid;
    return NULL;
}

static const char *const machines[] = {"microvm", "q35", "pc"};
static const char *const accels[] = {"auto", "kvm", "tcg"};

static int find(const char *s, const char *const names[], int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(s, names[i]) == 0)
            return i;
    return -1;
}

char *machine_parse(const char *s, enum machine *machine)
{
    int i = find(s, machines, 3);

    if (i < 0)
        return str_fmt("not a machine; use microvm, q35 or pc");
    *machine = (enum machine)i;
    return NULL;
}

char *accel_parse(const char *s, enum accel *accel)
{
    int i = find(s, accels, 3);

    if (i < 0)
        return str_fmt("not an accelerator; use auto, kvm or tcg");
    *accel = (enum accel)i;
    return NULL;
}

const char *machine_name(enum machine machine)
{
    return machines[machine];
}

const char *accel_name(enum accel accel)
{
    return accels[accel];
}

bool name_is_good(const char *s)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char other[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    return *s && strchr(first, *s) && s[strspn(s, other)] == '\0' && strlen(s) <= 64;
}
