/* How lwIP is built as a peer. -DLWIP_PEER_TINY: as a small device has it, without one option. */
#pragma once

#define NO_SYS                    1 /* the raw interface, one thread */
#define SYS_LIGHTWEIGHT_PROT      0
#define LWIP_NETCONN              0
#define LWIP_SOCKET               0
#define MEM_LIBC_MALLOC           1 /* so that the address sanitizer sees every block */
#define MEMP_MEM_MALLOC           1
#define MEM_ALIGNMENT             8
#define LWIP_SINGLE_NETIF         1
#define LWIP_RAW                  1
#define LWIP_IGMP                 0
#define LWIP_STATS                1
#define LWIP_STATS_LARGE          1
#define LWIP_CHECKSUM_ON_COPY     0
#define IP_FRAG                   1
#define IP_REASSEMBLY             1
#define IPV6_FRAG_COPYHEADER      1
#define IP_REASS_MAX_PBUFS        64
#define TCP_LISTEN_BACKLOG        1
#define LWIP_NETIF_TX_SINGLE_PBUF 1

#ifdef LWIP_PEER_TINY
#define TCP_MSS     536
#define TCP_WND     (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define LWIP_IPV6   0
#else
#define TCP_MSS             1460
#define LWIP_WND_SCALE      1
#define TCP_RCV_SCALE       3
#define TCP_WND             (256 * 1024)
#define TCP_SND_BUF         (64 * 1024)
#define TCP_SND_QUEUELEN    1024
#define MEMP_NUM_TCP_SEG    1024
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_SACK_OUT   1
#define LWIP_IPV6           1
#endif
