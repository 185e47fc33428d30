/* Options that few services ask for: linked where a constant of <sys/socket.h> says so, or nothing
 * does (libc/sockets.sh). sock_rare.c knows and keeps them, sock_more.c is what they do. */
#pragma once

#include "net/sock_impl.h"

/* Not every libc has these; as <asm-generic/socket.h> and <linux/in6.h>. */
#define SO_TIMESTAMPING_OLD_ 37
#define SO_ZEROCOPY_         60
#define IPV6_ORIGDSTADDR_    74

/* A value that was set. */
struct sock_kept {
    struct sock_kept *next;
    int level, name, value;
};

/* A socket with such options: its calls come here first, through ops. */
struct sock_more {
    struct sock_ops ops; /* sk->ops */
    const struct sock_ops *base;
    struct sock_kept *kept;
    u32 n_zerocopy, n_told; /* sends with MSG_ZEROCOPY; of how many the service has heard */
};

/* setsockopt(2), getsockopt(2). Return as those of sock_opt.c; -ENOPROTOOPT: no such option here.
 */
int sock_rare_set(struct sock *sk, int level, int name, const void *val, socklen_t len);
int sock_rare_get(struct sock *sk, int level, int name, void *val, socklen_t *len);

/* What the option is set to, or @dflt. */
int sock_rare_value(const struct sock *sk, int level, int name, int dflt);

/* NULL: none of them was ever set. */
struct sock_more *sock_more_of(const struct sock *sk);
/* From now on it has some. Returns NULL without memory. */
struct sock_more *sock_more_make(struct sock *sk);
/* An accepted connection has what its listener has. Without memory it has not. */
void sock_more_inherit(struct sock *child, const struct sock *listener);
