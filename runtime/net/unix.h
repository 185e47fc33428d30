/*
 * AF_UNIX inside the VM (unix(7)): stream, datagram and sequenced-packet sockets, pairs, abstract
 * names and names in the file system, descriptors and credentials as ancillary data.
 *
 * Linked by socketpair(2), and by the header <sys/un.h>, which a service includes to name one.
 */
#pragma once

#include <sys/socket.h>

#include "net/sock_impl.h"

/* struct sockaddr_un, whose own header would link what it is for (libc/needs.sh). */
struct unix_addr {
    sa_family_t family;
    char path[108];
};

/* Sockets are queues of these. A stream may take part of one; a record is taken whole. */
struct unix_msg {
    struct list node;
    struct unix_name *from; /* name of the sender then, or NULL */
    u32 len, off;           /* bytes in data; how many of them a stream has read */
    u32 n_files;
    struct file **files; /* given to who reads the first byte */
    u8 data[];
};

/* A name, shared by its socket, those accepted from it, and what was sent. */
struct unix_name {
    u32 refs;
    socklen_t len; /* of addr, family included */
    void *node;    /* of a path: its place in the file system, with a reference; else NULL */
    struct unix_addr addr;
};

struct unix_sock {
    struct sock sk;
    struct unix_sock *peer;  /* where send() goes */
    struct list fans;        /* those whose peer we are, by peer_node */
    struct list peer_node;   /* in peer->fans */
    struct list name_node;   /* in the list of bound sockets */
    struct list accept_node; /* in its listener's queue until accepted */
    struct list flight_node; /* in the list of sockets that are in a message somewhere */
    struct list accept_q;
    struct unix_name *name, *peer_name; /* peer_name: of a peer that is gone */
    struct list msgs;
    u32 in_bytes, n_msgs; /* of msgs, the bytes with what a message costs */
    u32 n_accept, backlog;
    u32 n_in_flight; /* references to us that are in messages */
    s32 n_outside;   /* only while cycles are collected */
    bool is_garbage; /* likewise */
    bool is_dgram_reset;
    bool has_cred; /* SO_PEERCRED has somebody to tell of */
};

static inline struct unix_sock *unix_of(struct sock *sk)
{
    return (struct unix_sock *)sk;
}

/* @type may carry SOCK_NONBLOCK. Returns 0; -ESOCKTNOSUPPORT -EPROTONOSUPPORT -ENOMEM */
int unix_create(int type, int protocol, struct file **out);
int unix_pair(int type, int protocol, struct file **a, struct file **b);

/*
 * Names in the file system, which this room does not know: sys/unix_path.c has them. NULL when not
 * linked: then a path answers -EAFNOSUPPORT. A node compares equal for the same file, and is
 * given back with put().
 */
struct unix_paths {
    int (*make)(const char *path, void **node); /* 0; -EADDRINUSE or what mknod(2) says */
    int (*find)(const char *path, void **node); /* 0; -ECONNREFUSED no socket; path errors */
    void (*put)(void *node);
};
extern const struct unix_paths unix_paths; /* named weakly by unix.c */

/* --- unix_msg.c: queues, and what travels in them --- */

/* The sock_ops of that name. */
ssize_t unix_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                  int flags);
ssize_t unix_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                  int flags);
void unix_msgs_free(struct list *msgs); /* and what is in them */

/* May @u send to its peer without waiting, as poll() shows it? */
bool unix_is_writable(const struct unix_sock *u);

/* Free sockets that only messages in each other's queues refer to. After any socket is closed. */
void unix_collect(void);

/* --- unix.c, for unix_msg.c --- */

/* Find who has the name @addr. Returns 0; -EINVAL -ENOENT -ECONNREFUSED, errors of paths. */
int unix_find(const struct sockaddr *addr, socklen_t len, int type, struct unix_sock **out);
int unix_autobind(struct unix_sock *u);
struct unix_name *unix_name_get(struct unix_name *name); /* NULL is fine, here and below */
void unix_name_put(struct unix_name *name);
/* Write the name to a service's buffer: @len its size, then the name's. */
void unix_name_write(const struct unix_name *name, void *addr, socklen_t *len);
