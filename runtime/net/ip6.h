/*
 * IPv6 (RFC 8200) beside IPv4: what ip.c, arp.c, icmp.c and the sockets call for an address that is
 * not IPv4's. All of it is referred to weakly; a service that may make AF_INET6 sockets links
 * ip6_start (libc/sockets.sh), and the rest comes with it.
 */
#pragma once

#include "net/ip.h"

#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG     2
#define ICMP6_TIME        3
#define ICMP6_PARAM       4
#define ICMP6_ECHO        128
#define ICMP6_ECHO_REPLY  129
#define ICMP6_CODE_PORT   4 /* of ICMP6_UNREACHABLE */

#define IP6_ADDRS         6 /* of the interface; RFC 4862 §5.5.3 lets a router ask for many */
#define IP6_PREFIXES      4 /* on the link */
#define IP6_ROUTERS       2
#define IP6_DNS           2

/* An address of ours. Used from the start (optimistic, RFC 4429), kept if nobody else has it. */
struct ip6_addr {
    struct ip_addr addr;
    u64 valid_ns, preferred_ns; /* ends */
    u64 dad_ns;                 /* end of duplicate address detection; 0 = over */
    u8 prefix_len;              /* 0 = free */
};

struct ip6_prefix {
    struct ip_addr addr;
    u64 end_ns; /* 0 = free */
    u8 len;
};

/* Who offers something until when: a router, a name server. */
struct ip6_host {
    struct ip_addr addr;
    u64 end_ns; /* 0 = free */
};

struct ip6 {
    struct net *net;
    struct ip6_addr addrs[IP6_ADDRS]; /* [0] is the link-local one */
    struct ip6_prefix prefixes[IP6_PREFIXES];
    struct ip6_host routers[IP6_ROUTERS], dns[IP6_DNS];
    struct timer timer; /* one for detection, solicitation and every lifetime */
    u64 rs_ns;          /* the next router solicitation; 0 = none */
    u8 n_rs, hop_limit;
    bool is_static; /* no autoconfiguration but the link-local address */
};

/* --- ip6.c --- */

/* Set up ::1 and, with a device, the link-local address and autoconfiguration. */
void ip6_start(struct net *n, const struct net_config *cfg);
void ip6_stop(struct net *n);

void ip6_input(struct netif *nif, struct pkt *p); /* owns @p, data at the IPv6 header */
void ip6_fill(struct ip6_hdr *ip, const struct ip_out *o, u32 total_len);
/* As sock_addr_get() and sock_addr_put(), of an AF_INET6 socket (ipv6(7)). It knows IPv4 addresses
 * as mapped ones: they are the same to us. */
struct sock;
struct sockaddr;
int ip6_sockaddr_get(const struct sock *sk, const struct sockaddr *addr, unsigned len,
                     struct ip_addr *ip, u16 *port);
void ip6_sockaddr_put(struct sockaddr *addr, unsigned *len, const struct ip_addr *ip, u16 port);
/* As ip_route() and ip_is_local(). */
int ip6_route(struct net *n, const struct ip_addr *dst, struct ip_route *rt);
bool ip6_is_local(struct net *n, const struct ip_addr *a);
/* The first bits, @len of them, are the same. */
bool ip6_prefix_eq(const struct ip_addr *a, const struct ip_addr *b, u32 len);

static inline bool ip6_is_loopback(const struct ip_addr *a)
{
    return a->hi == 0 && a->tag == 0 && a->v4 == be32(1);
}

/* --- icmp6.c (RFC 4443) --- */

void icmp6_input(struct net *n, struct pkt *p, const struct ip_in *in); /* owns @p */
/* Answer with an error; rate limited, never to groups. @info the fourth word, host byte order. */
void icmp6_error(struct net *n, const struct ip_in *in, u8 type, u8 code, u32 info);
/* Sum and send @p, data at the ICMPv6 header. Takes the reference. */
void icmp6_send(struct net *n, struct pkt *p, const struct ip_addr *src, const struct ip_addr *dst,
                u8 hop_limit);

/* --- nd.c (RFC 4861) --- */

/* Neighbour and router messages, already summed; the caller keeps @p. */
void nd_input(struct net *n, const struct pkt *p, const struct ip_in *in);
/* Solicit @ip: at @mac, or everybody with NULL. */
void nd_ask(struct netif *nif, const struct ip_addr *ip, const u8 *mac);
/* Solicit @ip from nobody, to find out whether it is taken (RFC 4862 §5.4.2). */
void nd_probe(struct netif *nif, const struct ip_addr *ip);
void nd_solicit_routers(struct netif *nif);
/* Tell multicast routers about @group (RFC 3810 §5.2); @record MLD_…. */
#define MLD_IS_EXCLUDING 2
#define MLD_NOW_INCLUDES 3 /* nothing: we have left */
#define MLD_NOW_EXCLUDES 4 /* nothing: we have joined */
void mld_report(struct netif *nif, const struct ip_addr *group, u8 record);
/* … about the solicited-node group of @a, an address of ours; and about all of them, when asked. */
void mld_join_own(struct net *n, const struct ip_addr *a);
void mld_answer(struct net *n);

/* --- slaac.c (RFC 4862) --- */

/* Take @addr, of which @prefix_len bits are the link's, unless there is no room; or give it another
 * lifetime. */
void slaac_addr(struct net *n, const struct ip_addr *addr, u32 prefix_len, u64 valid_ns,
                u64 preferred_ns);
/* An advertisement: @len bytes from its ICMPv6 header on, checked by the caller as RFC 4861 §6.1.2
 * demands. */
void slaac_router(struct net *n, const u8 *m, u32 len, const struct ip_addr *from);
/* Somebody else has @addr. */
void slaac_conflict(struct net *n, const struct ip_addr *addr);
void slaac_start(struct net *n, const struct net_config *cfg);
/* Lines of resolv.conf. */
void slaac_resolv_conf(struct net *n, struct fmt_out *o);
