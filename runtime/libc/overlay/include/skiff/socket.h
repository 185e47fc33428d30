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
    return __skiff_socket_local(__domain, __type, __protocol);
}
#endif
#ifndef setsockopt
int __skiff_setsockopt_any(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_group(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_most(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_flag(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_tcp(int, int, int, const void *, socklen_t);
int __skiff_setsockopt_tcp_flag(int, int, int, const void *, socklen_t);
__SKIFF_ENTRY int setsockopt(int __fd, int __level, int __name, const void *__val, socklen_t __len)
{
    int __is_name = __builtin_constant_p(__name);
    /* IPPROTO_IP, IPPROTO_IPV6: joining groups and choosing their interface is for all the rest. */
    int __is_ip = __level == 0 || __level == 41;
    int __is_group = !__is_name || __name == 17 || __name == 20 || __name == 21 || __name == 32 ||
                     (__name >= 35 && __name <= 48);
    /* Of SOL_SOCKET these are flags (net/sock_opt.c), others have a value; of IPPROTO_TCP, with
     * their numbers, TCP_NODELAY, TCP_CORK and TCP_QUICKACK (net/tcp_opt_flag.c). */
    int __is_flag = __is_name && (__name == SO_REUSEADDR || __name == SO_REUSEPORT ||
                                  __name == SO_KEEPALIVE || __name == SO_BROADCAST);
    int __is_tcp_flag = __is_name && (__name == 1 || __name == 3 || __name == 12);
    if (!__builtin_constant_p(__level))
        return __skiff_setsockopt_any(__fd, __level, __name, __val, __len);
    if (__level == 6)
        return __is_tcp_flag ? __skiff_setsockopt_tcp_flag(__fd, __level, __name, __val, __len)
                             : __skiff_setsockopt_tcp(__fd, __level, __name, __val, __len);
    return __is_ip && __is_group ? __skiff_setsockopt_group(__fd, __level, __name, __val, __len)
           : __level == SOL_SOCKET && __is_flag
               ? __skiff_setsockopt_flag(__fd, __level, __name, __val, __len)
               : __skiff_setsockopt_most(__fd, __level, __name, __val, __len);
}
#endif
#ifndef getsockopt
int __skiff_getsockopt_any(int, int, int, void *__restrict, socklen_t *__restrict);
int __skiff_getsockopt_most(int, int, int, void *__restrict, socklen_t *__restrict);
__SKIFF_ENTRY int getsockopt(int __fd, int __level, int __name, void *__restrict __val,
                             socklen_t *__restrict __len)
{
    return __builtin_constant_p(__level) && __level != 6
               ? __skiff_getsockopt_most(__fd, __level, __name, __val, __len)
               : __skiff_getsockopt_any(__fd, __level, __name, __val, __len);
}
#endif
#undef __SKIFF_ENTRY
#ifdef __cplusplus
}
#endif
#endif
#endif
