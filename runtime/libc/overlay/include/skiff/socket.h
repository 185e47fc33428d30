/*
 * The end of <sys/socket.h>: calls with constants link no more of the network than they can use
 * (libc/sockets.sh has the entries). Nothing else about them changes.
 */
#ifndef _SKIFF_SOCKET_H
#define _SKIFF_SOCKET_H
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__SKIFF_NO_ENTRIES)
#ifdef __cplusplus
extern "C" {
#endif
#define __SKIFF_ENTRY extern __inline __attribute__((__gnu_inline__, __always_inline__))
#ifndef socket
int __skiff_socket_any(int, int, int);
int __skiff_socket_inet(int, int, int);
int __skiff_socket_inet_stream(int, int, int);
int __skiff_socket_inet_dgram(int, int, int);
int __skiff_socket_inet6_stream(int, int, int);
int __skiff_socket_inet6_dgram(int, int, int);
int __skiff_socket_local(int, int, int);
int __skiff_socket_netlink(int, int, int);
__SKIFF_ENTRY int socket(int __domain, int __type, int __protocol)
{
    int __kind = __type & 15;
    int __is_stream = __builtin_constant_p(__kind) && __kind == SOCK_STREAM;
    int __is_dgram = __builtin_constant_p(__kind) && __kind == SOCK_DGRAM;
#ifdef __SKIFF_INSIDE
    if (!__builtin_constant_p(__domain) || __domain == AF_INET)
#else
    if (!__builtin_constant_p(__domain))
        return __skiff_socket_any(__domain, __type, __protocol);
    if (__domain == AF_INET)
#endif
        return __is_stream  ? __skiff_socket_inet_stream(__domain, __type, __protocol)
               : __is_dgram ? __skiff_socket_inet_dgram(__domain, __type, __protocol)
                            : __skiff_socket_inet(__domain, __type, __protocol);
    if (__domain == AF_INET6)
        return __is_stream  ? __skiff_socket_inet6_stream(__domain, __type, __protocol)
               : __is_dgram ? __skiff_socket_inet6_dgram(__domain, __type, __protocol)
                            : __skiff_socket_any(__domain, __type, __protocol);
    if (__domain == AF_NETLINK)
        return __skiff_socket_netlink(__domain, __type, __protocol);
    return __skiff_socket_local(__domain, __type, __protocol);
}
#endif
#if !defined(setsockopt) || !defined(getsockopt)
/* Options that net/sock_rare.c knows are all but these, by the bits of their numbers. */
#define __SKIFF_IN(__mask, __name) ((__name) >= 0 && (__name) < 64 && (__mask) >> (__name)&1)
__SKIFF_ENTRY int __skiff_is_rare(int __level, int __name)
{
    if (__level == SOL_SOCKET) /* what socket(7) has, without SO_PRIORITY and SO_RCVLOWAT */
        return !__SKIFF_IN(0x020000db6a3beffeull, __name);
    if (__level == 0) /* IP_TOS IP_TTL IP_PKTINFO IP_MTU_DISCOVER .. IP_FREEBIND, groups, … */
        return !__SKIFF_IN(0x0001ffff0108fd06ull, __name);
    if (__level == 41) /* IPV6_UNICAST_HOPS .. IPV6_V6ONLY, groups, what is received */
        return !__SKIFF_IN(0x401fffe007bf0000ull, __name) && __name != 66 && __name != 67 &&
               __name != 78;
    if (__level == 6) /* TCP_NODELAY .. TCP_CONGESTION and three more */
        return !__SKIFF_IN(0x2843ffeull, __name);
    return 1;
}
#endif
#ifndef setsockopt
int __skiff_setsockopt_any(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_group(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_most(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_rare(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_flag(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_tcp(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_tcp_flag(int, int, int, const void *, socklen_t);
__SKIFF_ENTRY int setsockopt(int __fd, int __level, int __name, const void *__val, socklen_t __len)
{
    /* IPPROTO_IP, IPPROTO_IPV6: joining groups and choosing their interface is for all the rest. */
    int __is_group =
        (__level == 0 || __level == 41) && (__name == 17 || __name == 20 || __name == 21 ||
                                            __name == 32 || (__name >= 35 && __name <= 48));
    /* Of SOL_SOCKET these are flags (net/sock_opt.c), others have a value; of IPPROTO_TCP, with
     * their numbers, TCP_NODELAY, TCP_CORK and TCP_QUICKACK (net/tcp_opt_flag.c). */
    int __is_flag = __name == SO_REUSEADDR || __name == SO_REUSEPORT || __name == SO_KEEPALIVE ||
                    __name == SO_BROADCAST;
    int __is_tcp_flag = __name == 1 || __name == 3 || __name == 12;
    if (!__builtin_constant_p(__level) || !__builtin_constant_p(__name))
        return __skiff_setsockopt_any(__fd, __level, __name, __val, __len);
    if (__is_group)
        return __skiff_setsockopt_group(__fd, __level, __name, __val, __len);
    if (__skiff_is_rare(__level, __name))
        return __skiff_setsockopt_rare(__fd, __level, __name, __val, __len);
    if (__level == 6)
        return __is_tcp_flag ? __skiff_setsockopt_tcp_flag(__fd, __level, __name, __val, __len)
                             : __skiff_setsockopt_tcp(__fd, __level, __name, __val, __len);
    return __level == SOL_SOCKET && __is_flag
               ? __skiff_setsockopt_flag(__fd, __level, __name, __val, __len)
               : __skiff_setsockopt_most(__fd, __level, __name, __val, __len);
}
#endif
#ifndef getsockopt
int __skiff_getsockopt_any(int, int, int, void *__restrict, socklen_t *__restrict);
int __skiff_getsockopt_tcp(int, int, int, void *__restrict, socklen_t *__restrict);
int __skiff_getsockopt_rare(int, int, int, void *__restrict, socklen_t *__restrict);
int __skiff_getsockopt_most(int, int, int, void *__restrict, socklen_t *__restrict);
__SKIFF_ENTRY int getsockopt(int __fd, int __level, int __name, void *__restrict __val,
                             socklen_t *__restrict __len)
{
    if (!__builtin_constant_p(__level) || !__builtin_constant_p(__name))
        return __skiff_getsockopt_any(__fd, __level, __name, __val, __len);
    if (__skiff_is_rare(__level, __name))
        return __skiff_getsockopt_rare(__fd, __level, __name, __val, __len);
    return __level == 6 ? __skiff_getsockopt_tcp(__fd, __level, __name, __val, __len)
                        : __skiff_getsockopt_most(__fd, __level, __name, __val, __len);
}
#endif
#undef __SKIFF_IN
#undef __SKIFF_ENTRY
#ifdef __cplusplus
}
#endif
#endif
#endif
