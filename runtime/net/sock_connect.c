/* connect(2): of whichever protocol is linked; see sock.c. */
#include "net/sock_impl.h"

#include <errno.h>

#pragma weak tcp_connect
#pragma weak udp_connect

int sock_connect(struct file *f, const struct sockaddr *addr, socklen_t len)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);
    struct ip_addr ip;
    u16 port;
    int err;

    if (sk->ops->names)
        return sk->ops->names->connect(sk, addr, len);
    if (addr && len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
        return sk->type == SOCK_STREAM ? -EOPNOTSUPP : udp_connect(sk, NULL, 0);
    err = sock_addr_get(sk, addr, len, &ip, &port);
    if (err)
        return err;
    return sk->type == SOCK_STREAM ? tcp_connect(sk, &ip, port) : udp_connect(sk, &ip, port);
}
