/* AF_UNIX sockets: names, connections, options. What moves between them is in unix_msg.c. */
#define _GNU_SOURCE 1 /* struct ucred */
#include "net/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/fmt.h"
#include "mem/heap.h"

#pragma weak unix_paths

#define PATH_AT     offsetof(struct unix_addr, path)
/* Linux's default of SO_SNDBUF. Memory is taken when something is sent. */
#define BUF_BYTES   212992u
#define BACKLOG_MAX 4096u /* as /proc/sys/net/core/somaxconn of Linux */
#define IN_EVENTS   (EPOLLIN | EPOLLRDNORM)
#define ALL_EVENTS  (IN_EVENTS | EPOLLOUT | EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* LIMIT: found by walking a list; lift when a service has hundreds of names. */
static struct list names = LIST_INIT(names);

/* --- names --- */

struct unix_name *unix_name_get(struct unix_name *name)
{
    if (name)
        name->refs++;
    return name;
}

void unix_name_put(struct unix_name *name)
{
    if (!name || --name->refs)
        return;
    if (name->node)
        unix_paths.put(name->node);
    heap_free(name);
}

void unix_name_write(const struct unix_name *name, void *addr, socklen_t *len)
{
    static const sa_family_t none = AF_UNIX;
    socklen_t full = name ? name->len : (socklen_t)sizeof(none);

    memcpy(addr, name ? (const void *)&name->addr : &none, MIN(*len, full));
    *len = full;
}

/* The checks of unix(7), "Address format". @path is where a name in the file system is copied to.
 */
static int addr_check(const struct sockaddr *addr, socklen_t len,
                      char path[sizeof(struct unix_addr)])
{
    const struct unix_addr *sun = (const void *)addr;

    if (len <= PATH_AT || len > sizeof(*sun) || sun->family != AF_UNIX)
        return -EINVAL;
    memset(path, 0, sizeof(*sun));
    memcpy(path, sun->path, len - PATH_AT); /* it need not end with a zero */
    return path[0] && !&unix_paths ? -EAFNOSUPPORT : 0;
}

static struct unix_sock *name_owner(const void *node, const struct sockaddr *addr, socklen_t len)
{
    list_for_each (it, &names) {
        struct unix_sock *u = list_entry(it, struct unix_sock, name_node);
        const struct unix_name *name = u->name;
        bool is_same = node ? name->node == node
                            : !name->node && name->len == len && !memcmp(&name->addr, addr, len);
        if (is_same)
            return u;
    }
    return NULL;
}

int unix_find(const struct sockaddr *addr, socklen_t len, int type, struct unix_sock **out)
{
    char path[sizeof(struct unix_addr)];
    void *node = NULL;
    int err = addr_check(addr, len, path);

    if (!err && path[0])
        err = unix_paths.find(path, &node);
    if (err)
        return err;
    *out = name_owner(node, addr, len);
    if (node)
        unix_paths.put(node);
    if (!*out)
        return -ECONNREFUSED;
    if ((*out)->sk.type == type)
        return 0;
    return node ? -EPROTOTYPE : -ECONNREFUSED;
}

static void name_take(struct unix_sock *u, struct unix_name *name)
{
    name->refs = 1;
    u->name = name;
    list_push_back(&names, &u->name_node);
}

int unix_autobind(struct unix_sock *u)
{
    static u32 last;
    struct unix_name *name;

    if (u->name)
        return 0;
    name = heap_new(sizeof(*name));
    if (!name)
        return -ENOMEM;
    name->addr.family = AF_UNIX;
    name->len = PATH_AT + 6;
    do /* unix(7): a zero and five hexadecimal digits */
        fmt_snprintf(name->addr.path + 1, 6, "%05x", ++last & 0xfffff);
    while (name_owner(NULL, (void *)&name->addr, name->len));
    name_take(u, name);
    return 0;
}

static int unix_bind(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct unix_sock *u = unix_of(sk);
    char path[sizeof(struct unix_addr)];
    struct unix_name *name;
    int err;

    if (len == PATH_AT && addr->sa_family == AF_UNIX)
        return unix_autobind(u);
    err = addr_check(addr, len, path);
    if (err)
        return err;
    if (u->name)
        return -EINVAL;
    name = heap_new(sizeof(*name));
    if (!name)
        return -ENOMEM;
    name->addr.family = AF_UNIX;
    if (path[0]) {
        err = unix_paths.make(path, &name->node);
        name->len = PATH_AT + (socklen_t)strlen(path) + 1;
        memcpy(name->addr.path, path, MIN(name->len - PATH_AT, sizeof(name->addr.path)));
    } else {
        err = name_owner(NULL, addr, len) ? -EADDRINUSE : 0;
        name->len = len;
        memcpy(name->addr.path, path, len - PATH_AT);
    }
    if (err) {
        heap_free(name);
        return err;
    }
    name_take(u, name);
    return 0;
}

static int unix_getname(struct sock *sk, struct sockaddr *addr, socklen_t *len, bool peer)
{
    struct unix_sock *u = unix_of(sk);

    if (peer && !u->peer && !(sk->is_connected && sk->type != SOCK_DGRAM))
        return -ENOTCONN;
    unix_name_write(!peer ? u->name : u->peer ? u->peer->name : u->peer_name, addr, len);
    return 0;
}

/* --- connections --- */

static void peer_set(struct unix_sock *u, struct unix_sock *peer)
{
    list_remove(&u->peer_node);
    u->peer = peer;
    u->sk.is_connected = peer != NULL;
    if (peer)
        list_push_back(&peer->fans, &u->peer_node);
}

static const struct sock_ops unix_ops;

static struct unix_sock *unix_new(int type, int flags)
{
    struct unix_sock *u = heap_new(sizeof(*u));

    if (!u)
        return NULL;
    sock_init(&u->sk, NULL, &unix_ops, type, O_RDWR | (flags & SOCK_NONBLOCK));
    u->sk.domain = AF_UNIX;
    u->sk.sndbuf = u->sk.rcvbuf = BUF_BYTES;
    list_init(&u->fans);
    list_init(&u->peer_node);
    list_init(&u->name_node);
    list_init(&u->accept_node);
    list_init(&u->flight_node);
    list_init(&u->accept_q);
    list_init(&u->msgs);
    return u;
}

int unix_create(int type, int protocol, struct file **out)
{
    int kind = type & ~SOCK_NONBLOCK;
    struct unix_sock *u;

    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (kind == SOCK_RAW) /* as Linux, for programs of another age */
        kind = SOCK_DGRAM;
    if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    u = unix_new(kind, type);
    if (!u)
        return -ENOMEM;
    *out = &u->sk.file;
    return 0;
}

SOCK_READS(net_files); /* /proc/net/unix */

SOCK_FAMILY(unix_family) = {unix_create, AF_UNIX};

int unix_pair(int type, int protocol, struct file **a, struct file **b)
{
    struct unix_sock *ua, *ub;
    int err = unix_create(type, protocol, a);

    if (err)
        return err;
    err = unix_create(type, protocol, b);
    if (err) {
        file_put(*a);
        return err;
    }
    ua = CONTAINER_OF(*a, struct unix_sock, sk.file);
    ub = CONTAINER_OF(*b, struct unix_sock, sk.file);
    peer_set(ua, ub);
    peer_set(ub, ua);
    ua->has_cred = ub->has_cred = true;
    return 0;
}

static int unix_listen(struct sock *sk, int backlog)
{
    struct unix_sock *u = unix_of(sk);

    if (sk->type == SOCK_DGRAM)
        return -EOPNOTSUPP;
    if (!u->name || sk->is_connected)
        return -EINVAL;
    u->backlog = MIN((u32)backlog, BACKLOG_MAX);
    sk->is_listening = u->has_cred = true;
    file_notify(&sk->file, EPOLLOUT); /* the queue may have grown */
    list_for_each (it, &u->fans)
        file_notify(&list_entry(it, struct unix_sock, peer_node)->sk.file, EPOLLOUT);
    return 0;
}

static int dgram_connect(struct unix_sock *u, const struct sockaddr *addr, socklen_t len)
{
    struct unix_sock *to = NULL;
    int err = 0;

    if (len < sizeof(addr->sa_family))
        return -EINVAL;
    if (addr->sa_family != AF_UNSPEC)
        err = unix_find(addr, len, SOCK_DGRAM, &to);
    if (!err && to && to->peer && to->peer != u)
        err = -EPERM;
    if (!err && to && u->sk.passcred)
        err = unix_autobind(u);
    if (!err)
        peer_set(u, to);
    return err;
}

static int unix_connect(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct unix_sock *u = unix_of(sk), *l, *child;
    u64 deadline_ns = 0;
    int err;

    if (sk->type == SOCK_DGRAM)
        return dgram_connect(u, addr, len);
    for (;;) {
        struct waiter w;

        err = unix_find(addr, len, sk->type, &l); /* again after each sleep: it may be gone */
        if (err)
            return err;
        if (sk->is_listening || !l->sk.is_listening || l->sk.shut & SHUT_RD_BIT)
            return sk->is_listening ? -EINVAL : -ECONNREFUSED;
        if (sk->is_connected)
            return -EISCONN;
        if (l->n_accept <= l->backlog)
            break;
        if (sock_is_nonblock(sk, 0))
            return -EAGAIN;
        if (!deadline_ns)
            deadline_ns = sock_deadline(sk->sndtimeo_ns);
        waiter_init(&w, thread_current());
        waitq_add(&l->sk.file.waitq, &w); /* accept() and close() notify it */
        file_get(&l->sk.file);
        err = sched_sleep(deadline_ns);
        waitq_remove(&w);
        file_put(&l->sk.file);
        if (err)
            return err == -ETIMEDOUT ? -EAGAIN : err;
    }
    if (sk->passcred && (err = unix_autobind(u)))
        return err;
    child = unix_new(sk->type, 0);
    if (!child)
        return -ENOMEM;
    child->name = unix_name_get(l->name);
    child->sk.passcred = l->sk.passcred;
    child->has_cred = u->has_cred = true;
    peer_set(u, child);
    peer_set(child, u);
    list_push_back(&l->accept_q, &child->accept_node);
    l->n_accept++;
    file_notify(&l->sk.file, IN_EVENTS);
    return 0;
}

static int unix_accept(struct sock *sk, struct sockaddr *addr, socklen_t *len, int flags,
                       struct file **out)
{
    struct unix_sock *l = unix_of(sk), *child;
    u64 deadline_ns = 0;
    int err;

    if (sk->type == SOCK_DGRAM)
        return -EOPNOTSUPP;
    while (sk->is_listening && list_empty(&l->accept_q)) {
        if (sk->shut & SHUT_RD_BIT)
            return -EINVAL;
        err = sock_wait_or_again(sk, 0, &deadline_ns, sk->rcvtimeo_ns);
        if (err)
            return err;
    }
    if (!sk->is_listening)
        return -EINVAL;
    child = list_first(&l->accept_q, struct unix_sock, accept_node);
    list_remove(&child->accept_node);
    if (l->n_accept-- > l->backlog)
        file_notify(&sk->file, EPOLLOUT);
    child->sk.file.flags |= (u32)flags & SOCK_NONBLOCK;
    if (addr)
        unix_name_write(child->peer ? child->peer->name : child->peer_name, addr, len);
    *out = &child->sk.file;
    return 0;
}

static int unix_shutdown(struct sock *sk, int how)
{
    struct unix_sock *u = unix_of(sk), *peer = u->peer;
    u8 in = how != SHUT_WR, out = how != SHUT_RD;

    sk->shut |= (u8)(in * SHUT_RD_BIT | out * SHUT_WR_BIT);
    file_notify(&sk->file, ALL_EVENTS);
    if (!peer || sk->type == SOCK_DGRAM)
        return 0;
    /* Who no longer receives, nobody can send to; who no longer sends, nobody hears from. */
    peer->sk.shut |= (u8)(in * SHUT_WR_BIT | out * SHUT_RD_BIT);
    file_notify(&peer->sk.file, ALL_EVENTS);
    return 0;
}

static void unix_release(struct sock *sk)
{
    struct unix_sock *u = unix_of(sk);
    bool is_unread = !list_empty(&u->msgs);

    peer_set(u, NULL);
    list_for_each (it, &u->fans) {
        struct unix_sock *fan = list_entry(it, struct unix_sock, peer_node);
        list_remove(it);
        fan->peer = NULL;
        fan->peer_name = unix_name_get(u->name);
        if (sk->type == SOCK_DGRAM) {
            fan->sk.is_connected = false;
            fan->is_dgram_reset = true;
        } else {
            fan->sk.shut = SHUT_RD_BIT | SHUT_WR_BIT;
            if (is_unread || !list_empty(&u->accept_node))
                fan->sk.err = ECONNRESET;
        }
        file_notify(&fan->sk.file, ALL_EVENTS);
    }
    list_remove(&u->name_node);
    list_remove(&u->accept_node);
    list_remove(&u->flight_node);
    while (!list_empty(&u->accept_q)) {
        struct unix_sock *child = list_first(&u->accept_q, struct unix_sock, accept_node);
        if (child->peer) /* never accepted: its client hears of that as of unread data */
            child->peer->sk.err = ECONNRESET;
        list_remove(&child->accept_node);
        file_put(&child->sk.file);
    }
    unix_msgs_free(&u->msgs);
    unix_name_put(u->name);
    unix_name_put(u->peer_name);
    heap_free(u);
    unix_collect();
}

/* --- readiness, options --- */

static u32 unix_poll(struct sock *sk)
{
    struct unix_sock *u = unix_of(sk);
    u32 ev = 0;

    if (sk->err)
        ev |= EPOLLERR;
    if (sk->shut & SHUT_RD_BIT)
        ev |= IN_EVENTS | EPOLLRDHUP;
    if (sk->shut == (SHUT_RD_BIT | SHUT_WR_BIT) ||
        (sk->type != SOCK_DGRAM && !sk->is_connected && !sk->is_listening))
        ev |= EPOLLHUP;
    if (!list_empty(&u->msgs) || !list_empty(&u->accept_q))
        ev |= IN_EVENTS;
    if (unix_is_writable(u))
        ev |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
    return ev;
}

static int unix_setopt(struct sock *sk, int level, int name, int val)
{
    (void)sk;
    (void)val;
    if (level != SOL_SOCKET)
        return -EOPNOTSUPP;
    return name == SO_REUSEPORT ? -EOPNOTSUPP : -ENOPROTOOPT;
}

static int unix_getopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
    /* LIMIT: the one process there is, of root; lift with user ids */
    struct ucred cred = {.pid = 1};

    if (!unix_of(sk)->has_cred)
        cred = (struct ucred){.uid = (uid_t)-1, .gid = (gid_t)-1};
    if (level != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (name != SO_PEERCRED)
        return -ENOPROTOOPT;
    *len = MIN(*len, (u32)sizeof(cred));
    memcpy(val, &cred, *len);
    return 0;
}

static u32 unix_n_readable(struct sock *sk)
{
    struct unix_sock *u = unix_of(sk);
    u32 n = 0;

    list_for_each (it, &u->msgs) {
        const struct unix_msg *m = list_entry(it, struct unix_msg, node);
        n += m->len - m->off;
        if (sk->type == SOCK_DGRAM) /* unix(7): of the next datagram */
            break;
    }
    return n;
}

static u32 unix_n_unsent(struct sock *sk)
{
    const struct unix_sock *peer = unix_of(sk)->peer;

    return peer ? peer->in_bytes : 0;
}

static const struct sock_names unix_names = {
    .bind = unix_bind,
    .listen = unix_listen,
    .accept = unix_accept,
    .connect = unix_connect,
    .getname = unix_getname,
};

static const struct sock_ops unix_ops = {
    .send = unix_send,
    .recv = unix_recv,
    .poll = unix_poll,
    .shutdown = unix_shutdown,
    .setopt = unix_setopt,
    .getopt = unix_getopt,
    .n_readable = unix_n_readable,
    .n_unsent = unix_n_unsent,
    .release = unix_release,
    .names = &unix_names,
};
