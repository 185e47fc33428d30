/* Between sock_opt.c and sock_opt_more.c: options that are a field of struct sock, and the others.
 */
#pragma once

#include "net/sock_impl.h"

/* An option that is a byte of struct sock. Nothing else is needed for most. */
struct sock_field {
    u8 name;
    u8 max; /* 0: a flag; else the value is at most that */
    u16 at;
};
#define SOCK_FIELD(name, max, field)                                                               \
    {                                                                                              \
        name, max, offsetof(struct sock, field)                                                    \
    }

/* @level  IPPROTO_IP or IPPROTO_IPV6. Returns NULL if it is none of theirs. */
const struct sock_field *sock_field_ip(int level, int name);

/* Returns 0; -EINVAL; -ENOPROTOOPT @field is NULL. */
int sock_field_set(struct sock *sk, const struct sock_field *field, int v);

/* The int that an option of @level is set to. Returns false if @len is too short for one. */
bool sock_opt_value(const struct sock *sk, int level, const void *val, socklen_t len, int *v);

/*
 * What is no byte of struct sock. sock_opt.c refers to both weakly: libc's entries link them, for
 * options that are no constants of <sys/socket.h> or not just flags (libc/sockets.sh).
 *
 * sock_setopt_struct: socket(7) with a value that is no int. sock_setopt_int: those with one, and
 * all of ip(7) and ipv6(7). Returns 0; -ENOPROTOOPT it is another option; -EINVAL -EDOM -EPERM
 * -ENOENT
 */
int sock_setopt_struct(struct sock *sk, int name, const void *val, socklen_t len);
int sock_setopt_int(struct sock *sk, int level, int name, int v);
