/* The calls with addresses and control data. */
#include "net/sock_impl.h"

#include <errno.h>
#include <limits.h>

static int check(const struct msghdr *msg)
{
    size_t total = 0;

    if ((size_t)msg->msg_iovlen > 1024)
        return -EMSGSIZE;
    for (int i = 0; i < (int)msg->msg_iovlen; i++) {
        total += msg->msg_iov[i].iov_len;
        if (total > SSIZE_MAX || msg->msg_iov[i].iov_len > SSIZE_MAX)
            return -EINVAL;
    }
    return 0;
}

ssize_t sock_sendmsg(struct file *f, const struct msghdr *msg, int flags)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);
    int err = check(msg);

    if (err)
        return err;
    return sk->ops->send(sk, msg->msg_iov, (int)msg->msg_iovlen, msg, flags);
}

ssize_t sock_recvmsg(struct file *f, struct msghdr *msg, int flags)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);
    int err = check(msg);

    if (err)
        return err;
    return sk->ops->recv(sk, msg->msg_iov, (int)msg->msg_iovlen, msg, flags);
}
