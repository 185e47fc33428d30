/*
 * Headers as they are on the wire. All fields are in network byte order; be16() and be32() convert
 * both ways (musl's htons() is a real call).
 */
#pragma once

#include "base/types.h"

#define be16(x)           ((u16)__builtin_bswap16(x))
#define be32(x)           ((u32)__builtin_bswap32(x))

#define ETH_HDR_BYTES     14
#define ETH_TYPE_IPV4     0x0800
#define ETH_TYPE_ARP      0x0806
#define ETH_TYPE_IPV6     0x86dd

#define IP4_HDR_BYTES     20
#define IP6_HDR_BYTES     40
#define IP4_MTU_SURE      576  /* RFC 791: every host takes that much */
#define IP6_MTU_MIN       1280 /* RFC 8200 §5 */
#define IP4_DF            0x4000
#define IP4_MF            0x2000
#define IP4_OFFSET        0x1fff
#define IP4_BROADCAST     0xffffffffu
#define IP4_ALL_HOSTS     be32(0xe0000001) /* RFC 1112: a group everybody is in */

#define IP_PROTO_ICMP     1
#define IP_PROTO_IGMP     2
#define IP_PROTO_TCP      6
#define IP_PROTO_UDP      17
#define IP_PROTO_FRAGMENT 44
#define IP_PROTO_ICMP6    58

#define UDP_HDR_BYTES     8
#define TCP_HDR_BYTES     20

#define TCP_F_FIN         0x01
#define TCP_F_SYN         0x02
#define TCP_F_RST         0x04
#define TCP_F_PSH         0x08
#define TCP_F_ACK         0x10
#define TCP_F_URG         0x20
#define TCP_F_ECE         0x40
#define TCP_F_CWR         0x80

#define ICMP4_ECHO_REPLY  0
#define ICMP4_UNREACHABLE 3
#define ICMP4_ECHO        8
#define ICMP4_TIME        11
#define ICMP4_PARAM       12
#define ICMP4_CODE_NET    0 /* of ICMP4_UNREACHABLE */
#define ICMP4_CODE_HOST   1
#define ICMP4_CODE_PROTO  2
#define ICMP4_CODE_PORT   3
#define ICMP4_CODE_FRAG   4

/* Words where they may lie anywhere. */
static inline u32 load32(const void *p)
{
    u32 v;

    __builtin_memcpy(&v, p, 4);
    return v;
}

static inline void store32(void *p, u32 v)
{
    __builtin_memcpy(p, &v, 4);
}

struct eth_hdr {
    u8 dst[6], src[6];
    u16 type;
} __attribute__((packed));

/* RFC 826, for Ethernet and IPv4 */
struct arp_hdr {
    u16 hw_type, proto_type;
    u8 hw_len, proto_len;
    u16 op;
    u8 sender_mac[6];
    u32 sender_ip;
    u8 target_mac[6];
    u32 target_ip;
} __attribute__((packed));

struct ip4_hdr {
    u8 version_ihl, tos;
    u16 total_len, id, frag;
    u8 ttl, proto;
    u16 csum;
    u32 src, dst;
} __attribute__((packed));

struct ip6_hdr {
    u32 version_class_flow;
    u16 payload_len;
    u8 next, hop_limit;
    u8 src[16], dst[16];
} __attribute__((packed));

struct icmp_hdr {
    u8 type, code;
    u16 csum;
    u16 a, b; /* echo: id, sequence; fragmentation needed: unused, MTU */
} __attribute__((packed));

struct udp_hdr {
    u16 sport, dport, len, csum;
} __attribute__((packed));

struct tcp_hdr {
    u16 sport, dport;
    u32 seq, ack;
    u8 offset; /* header length in words, upper four bits */
    u8 flags;
    u16 window, csum, urgent;
} __attribute__((packed));

_Static_assert(sizeof(struct eth_hdr) == ETH_HDR_BYTES, "IEEE 802.3");
_Static_assert(sizeof(struct arp_hdr) == 28, "RFC 826");
_Static_assert(sizeof(struct ip4_hdr) == IP4_HDR_BYTES, "RFC 791");
_Static_assert(sizeof(struct ip6_hdr) == IP6_HDR_BYTES, "RFC 8200");
_Static_assert(sizeof(struct udp_hdr) == UDP_HDR_BYTES, "RFC 768");
_Static_assert(sizeof(struct tcp_hdr) == TCP_HDR_BYTES, "RFC 9293");
