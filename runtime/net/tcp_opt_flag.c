/* tcp(7): the flags of a stream socket, which most services set and nothing else. As tcp_opt.c. */
#include "net/tcp.h"

#include <errno.h>

#pragma weak tcp_output
#pragma weak tcp_send_ack

int tcp_setopt_flag(struct tcp_sock *c, int name, int val)
{
    switch (name) {
    case TCP_NODELAY:
        c->nodelay = val;
        break;
    case TCP_CORK:
        c->cork = val;
        c->force_small |= !val;
        break;
    case TCP_QUICKACK:
        c->quickack = val;
        if (val && c->ack_at)
            tcp_send_ack(c);
        return 0;
    default:
        return -ENOPROTOOPT;
    }
    if (c->force_small || val)
        tcp_output(c);
    return 0;
}
