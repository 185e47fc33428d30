/*
 * Sockets as sys/ sees them: one function per call, Linux semantics and errnos, flags included.
 * Every socket is a struct file. Addresses are the service's own memory, already length-checked.
 */
#pragma once

#include <sys/socket.h>

#include "file/file.h"

/* @type may carry SOCK_NONBLOCK (SOCK_CLOEXEC is the caller's). Returns 0, -EAFNOSUPPORT,
 * -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM. */
int sock_create(int domain, int type, int protocol, struct file **out);
extern const struct file_ops sock_file_ops;
static inline bool sock_is(const struct file *f) /* else the call returns -ENOTSOCK */
{
    return f->ops == &sock_file_ops;
}

int sock_bind(struct file *f, const struct sockaddr *addr, socklen_t len);
int sock_listen(struct file *f, int backlog);
/* Blocks unless O_NONBLOCK. @flags: SOCK_NONBLOCK for the new socket. */
int sock_accept(struct file *f, struct sockaddr *addr, socklen_t *len, int flags,
                struct file **out);
int sock_connect(struct file *f, const struct sockaddr *addr, socklen_t len);
int sock_shutdown(struct file *f, int how);
int sock_getname(struct file *f, struct sockaddr *addr, socklen_t *len, bool peer);
int sock_setopt(struct file *f, int level, int name, const void *val, socklen_t len);
int sock_getopt(struct file *f, int level, int name, void *val, socklen_t *len);
/* The general forms; sendto, recvfrom, send, recv are built on them. */
ssize_t sock_sendmsg(struct file *f, const struct msghdr *msg, int flags);
ssize_t sock_recvmsg(struct file *f, struct msghdr *msg, int flags);
/* Without an address or control data: the hot path of services. */
ssize_t sock_sendv(struct file *f, const struct iovec *iov, int n_iov, int flags);
ssize_t sock_recvv(struct file *f, const struct iovec *iov, int n_iov, int flags);
static inline ssize_t sock_send(struct file *f, const void *buf, size_t len, int flags)
{
    struct iovec iov = {(void *)buf, len};

    return sock_sendv(f, &iov, 1, flags);
}
static inline ssize_t sock_recv(struct file *f, void *buf, size_t len, int flags)
{
    struct iovec iov = {buf, len};

    return sock_recvv(f, &iov, 1, flags);
}
