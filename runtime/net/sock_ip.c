/* bind(2) of TCP and UDP sockets. Apart from sock.c, which every socket needs: this needs IP. */
#include "net/sock_impl.h"

#include <errno.h>
#include <string.h>

#include "net/ip.h"

int sock_ip_bind(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct net *n = sk->net;
    struct ip_addr ip;
    u16 port;
    int err;

    err = sock_addr_get(sk, addr, len, &ip, &port);
    if (err == -EAFNOSUPPORT && addr->sa_family == AF_UNSPEC &&
        sk->domain == AF_INET) { /* as Linux: for old programs */
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof(in));
        ip = ip_addr_v4(in.sin_addr.s_addr);
        port = in.sin_port;
        err = ip_addr_is_any(&ip) ? 0 : err;
    }
    if (err) /* to bind, a mapped address on an IPv6-only socket is nonsense */
        return err == -ENETUNREACH ? -EINVAL : err;
    if (!ip_addr_is_any(&ip)) {
        bool is_own = ip_is_local(n, &ip) || (sk->type == SOCK_DGRAM && ip_is_many(n, &ip));
        if (!is_own && !sk->freebind && !sk->transparent)
            return -EADDRNOTAVAIL;
    }
    if (sk->flow.lport)
        return -EINVAL;
    sk->flow.local = ip;
    sk->has_addr = !ip_addr_is_any(&ip);
    if (!port && sk->bind_no_port && sk->has_addr) /* ip(7): connect() picks one */
        return 0;
    err = sk->ops->bind(sk, port);
    if (err) {
        sk->flow.local = sock_any(sk);
        sk->has_addr = false;
    }
    return err;
}
