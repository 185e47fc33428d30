/* The calls of servers: a service which makes none of them has no listening (see sock.c). */
#include "net/sock_impl.h"

#include <errno.h>

#pragma weak tcp_listen
#pragma weak tcp_accept

int sock_listen(struct file *f, int backlog)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);

    if (sk->ops->names)
        return sk->ops->names->listen(sk, backlog);
    return sk->type == SOCK_STREAM ? tcp_listen(sk, backlog) : -EOPNOTSUPP;
}

NO_STACK_CHECK int sock_accept(struct file *f, struct sockaddr *addr, socklen_t *len, int flags,
                               struct file **out)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file), *child;
    int err;

    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    if (sk->ops->names)
        return sk->ops->names->accept(sk, addr, len, flags, out);
    if (sk->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    err = tcp_accept(sk, flags, &child);
    if (err)
        return err;
    if (addr)
        sock_addr_put(child, addr, len, &child->flow.remote, child->flow.rport);
    *out = &child->file;
    return 0;
}
