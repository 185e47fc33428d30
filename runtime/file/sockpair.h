/*
 * socketpair(2): two connected AF_UNIX sockets, without names. The calls on them are weak
 * references of sys/socket.c: who makes no pair does not link them.
 */
#pragma once

#include <sys/socket.h>

#include "file/file.h"

#define SOCKPAIR_WEAK __attribute__((weak))

/* @type: SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM, with SOCK_NONBLOCK. Returns 0, -ENOMEM,
 * -ESOCKTNOSUPPORT. */
int sockpair_new(int type, struct file **a, struct file **b);

/* Like the functions of net/sock.h. */
SOCKPAIR_WEAK bool sockpair_is(const struct file *f);
SOCKPAIR_WEAK int sockpair_shutdown(struct file *f, int how);
SOCKPAIR_WEAK int sockpair_getname(struct file *f, struct sockaddr *addr, socklen_t *len);
SOCKPAIR_WEAK int sockpair_setopt(struct file *f, int level, int name);
SOCKPAIR_WEAK int sockpair_getopt(struct file *f, int level, int name, void *val, socklen_t *len);
SOCKPAIR_WEAK ssize_t sockpair_sendmsg(struct file *f, const struct msghdr *msg, int flags);
SOCKPAIR_WEAK ssize_t sockpair_recvmsg(struct file *f, struct msghdr *msg, int flags);
