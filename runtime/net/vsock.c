/* AF_VSOCK sockets: names, connections, options. */
#include "net/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/time.h>

#include "mem/heap.h"
#include "mem/page.h"
#include "sched/clock.h"
#include "sched/thread.h"

#define SIZE_BYTES     (256u << 10) /* defaults, as Linux shows them */
#define SIZE_MIN_BYTES 128u
#define TIMEOUT_NS     (2 * NSEC_PER_SEC) /* of connect(); likewise */
#define LAST_WORD_NS   (8 * NSEC_PER_SEC) /* from SHUTDOWN to RST, likewise */
#define EXIT_NS        NSEC_PER_SEC       /* what is sent may take that long after the end */
#define BACKLOG_MAX    4096u              /* as /proc/sys/net/core/somaxconn of Linux */
#define BUF_BYTES      212992u            /* SO_SNDBUF, SO_RCVBUF: without effect, as on Linux */
#define PORT_FIRST_ANY 1024u              /* below are for who names them */

#define IN_EVENTS      (EPOLLIN | EPOLLRDNORM)
#define OUT_EVENTS     (EPOLLOUT | EPOLLWRNORM)
#define ALL_EVENTS     (IN_EVENTS | OUT_EVENTS | EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define SHUT_BOTH      (SHUT_RD_BIT | SHUT_WR_BIT)

struct vsock_stats vsock_stats;
struct vsock_limits vsock_limits;
struct vsock_usage vsock_usage;

/* LIMIT: found by walking a list; lift when a service has hundreds of ports. */
static struct list bound = LIST_INIT(bound);

static bool is_used; /* there is a socket, or has been */

/* --- who carries packets --- */

/* The device, with our calls in it, or NULL. */
static struct vsockdev *device(void)
{
    static struct vsockdev *attached;
    struct vsockdev *vd = vsockdev_first();

    if (vd && vd != attached)
        vsock_dev_attach(vd);
    return attached = vd;
}

struct vsockdev *vsock_dev_for(u32 cid)
{
    struct vsockdev *vd = device();

    if (cid == VMADDR_CID_LOCAL || cid == (vd ? vd->cid : VMADDR_CID_HOST))
        return vsock_loop();
    return vd;
}

static bool is_own_cid(u32 cid)
{
    const struct vsockdev *vd = device();

    return cid == VMADDR_CID_ANY || cid == VMADDR_CID_LOCAL || (vd && cid == vd->cid);
}

/* --- names --- */

struct vsock *vsock_find_bound(u32 cid, u32 port)
{
    list_for_each (it, &bound) {
        struct vsock *s = list_entry(it, struct vsock, port_node);

        if (s->local.port == port &&
            (cid == VMADDR_CID_ANY || s->local.cid == VMADDR_CID_ANY || s->local.cid == cid))
            return s;
    }
    return NULL;
}

static int take_port(struct vsock *s, u32 cid, u32 port)
{
    static u32 next;

    if (port != VMADDR_PORT_ANY && vsock_find_bound(cid, port))
        return -EADDRINUSE;
    if (port == VMADDR_PORT_ANY) {
        if (!next) /* not the same after each boot: the host may remember */
            next = (u32)(clock_mono_ns() * 2654435761u >> 8);
        do {
            next = next < PORT_FIRST_ANY || next == VMADDR_PORT_ANY ? PORT_FIRST_ANY : next;
            port = next++;
        } while (vsock_find_bound(VMADDR_CID_ANY, port));
    }
    s->local = (struct vsock_addr){cid, port};
    list_push_back(&bound, &s->port_node);
    return 0;
}

/* Read a service's address. Returns 0; -EINVAL. */
static int addr_get(const struct sockaddr *addr, socklen_t len, struct vsock_addr *out)
{
    struct sockaddr_vm vm;

    if (len < sizeof(vm))
        return -EINVAL;
    memcpy(&vm, addr, sizeof(vm));
    if (vm.svm_family != AF_VSOCK || vm.svm_flags & ~VMADDR_FLAG_TO_HOST)
        return -EINVAL;
    *out = (struct vsock_addr){vm.svm_cid, vm.svm_port};
    return 0;
}

static void addr_put(const struct vsock_addr *a, struct sockaddr *addr, socklen_t *len)
{
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = a->cid, .svm_port = a->port};

    memcpy(addr, &vm, MIN(*len, (socklen_t)sizeof(vm)));
    *len = sizeof(vm);
}

static int vsock_bind(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct vsock *s = vsock_of(sk);
    struct vsock_addr a;
    int err = addr_get(addr, len, &a);

    if (err)
        return err;
    if (s->local.port != VMADDR_PORT_ANY)
        return -EINVAL;
    if (!is_own_cid(a.cid))
        return -EADDRNOTAVAIL;
    return take_port(s, a.cid, a.port);
}

static int vsock_getname(struct sock *sk, struct sockaddr *addr, socklen_t *len, bool peer)
{
    struct vsock *s = vsock_of(sk);

    if (peer && s->call != VSOCK_CALL_DONE)
        return -ENOTCONN;
    addr_put(peer ? &s->remote : &s->local, addr, len);
    return 0;
}

/* --- the end of a connection --- */

static void conn_remove(struct vsock *s)
{
    list_remove(&s->node);
    list_remove(&s->wait_node);
    s->says = 0;
    timer_cancel(&s->timer);
}

static void free_sock(struct vsock *s)
{
    conn_remove(s);
    list_remove(&s->port_node);
    list_remove(&s->accept_node);
    vsock_credit_end(s);
    vsock_usage.n_socks--;
    heap_free(s);
}

void vsock_peer_gone(struct vsock *s)
{
    conn_remove(s);
    if (s->is_orphan) {
        free_sock(s);
        return;
    }
    s->is_over = true;
    s->peer_shut = SHUT_BOTH;
    if (!ring_used(&s->in))
        s->state = VSOCK_ENDED;
    file_notify(&s->sk.file, ALL_EVENTS);
}

void vsock_break(struct vsock *s, int err)
{
    conn_remove(s);
    if (s->is_orphan) {
        free_sock(s);
        return;
    }
    s->state = VSOCK_CLOSED;
    s->sk.err = err;
    file_notify(&s->sk.file, ALL_EVENTS);
}

/* connect() has waited long enough, or an orphan for its peer's last word. */
static void time_is_up(struct timer *t)
{
    struct vsock *s = CONTAINER_OF(t, struct vsock, timer);

    if (s->is_orphan) {
        vsock_say_reset(s->dev, &s->local, &s->remote, VSOCK_STREAM);
        free_sock(s);
    } else {
        s->call = VSOCK_CALL_NONE;
        vsock_break(s, ETIMEDOUT);
    }
}

static void vsock_release(struct sock *sk)
{
    struct vsock *s = vsock_of(sk);
    bool has_peer = s->state == VSOCK_CONNECTED && !list_empty(&s->node);

    while (!list_empty(&s->accept_q)) {
        struct vsock *child = list_first(&s->accept_q, struct vsock, accept_node);

        list_remove(&child->accept_node);
        file_put(&child->sk.file);
    }
    if (has_peer && s->peer_shut == SHUT_BOTH)
        vsock_say_reset(s->dev, &s->local, &s->remote, VSOCK_STREAM);
    if (!has_peer || s->peer_shut == SHUT_BOTH) {
        free_sock(s);
        return;
    }
    /* LIMIT: SO_LINGER does not make close() wait; lift when a service needs to know. */
    s->is_orphan = true;
    list_remove(&s->port_node);
    vsock_credit_end(s);
    timer_set(&s->timer, clock_mono_ns() + LAST_WORD_NS);
    if (sk->shut != SHUT_BOTH) {
        sk->shut = SHUT_BOTH;
        vsock_say(s, VSOCK_SAY_SHUTDOWN);
    }
}

void vsock_finish(void)
{
    struct vsockdev *vd = is_used ? device() : NULL;
    u64 deadline_ns = clock_mono_ns() + EXIT_NS, now;

    if (!vd)
        return;
    vsock_conns_shut(vd);
    sched_poll();
    while (!vsockdev_is_idle(vd) && (now = clock_mono_ns()) < deadline_ns)
        sched_pause(now + NSEC_PER_MSEC); /* the device does not interrupt for what it sent */
}

static int vsock_shutdown(struct sock *sk, int how)
{
    struct vsock *s = vsock_of(sk);
    u8 bits = how == SHUT_RD ? SHUT_RD_BIT : how == SHUT_WR ? SHUT_WR_BIT : SHUT_BOTH;

    if (s->call == VSOCK_CALL_NONE)
        return -ENOTCONN;
    s->call = VSOCK_CALL_SHUT;
    s->is_over = false;
    sk->shut |= bits;
    if (!list_empty(&s->node))
        vsock_say(s, VSOCK_SAY_SHUTDOWN);
    file_notify(&sk->file, ALL_EVENTS);
    return 0;
}

/* --- connections --- */

static int vsock_listen(struct sock *sk, int backlog)
{
    struct vsock *s = vsock_of(sk);

    if (s->call != VSOCK_CALL_NONE || s->local.port == VMADDR_PORT_ANY)
        return -EINVAL;
    s->backlog = MIN((u32)backlog, BACKLOG_MAX);
    s->state = VSOCK_LISTEN;
    sk->is_listening = true;
    return 0;
}

static int wait_connected(struct vsock *s)
{
    struct sock *sk = &s->sk;
    int err;

    while (s->state == VSOCK_CONNECTING) {
        if (sock_is_nonblock(sk, 0))
            return -EINPROGRESS;
        err = sock_wait(sk, DEADLINE_NEVER);       /* the timer sees to it */
        if (err && s->state == VSOCK_CONNECTING) { /* a signal */
            conn_remove(s);
            s->state = VSOCK_CLOSED;
            s->call = VSOCK_CALL_NONE;
            return err;
        }
    }
    if (s->call == VSOCK_CALL_DONE)
        return 0;
    s->call = VSOCK_CALL_NONE;
    /* As Linux: SO_ERROR goes on to tell of a refusal, and who has asked it before learns no more.
     */
    return sk->err && sk->err != ETIMEDOUT ? -sk->err : (sock_error(sk), -ETIMEDOUT);
}

static int vsock_connect(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct vsock *s = vsock_of(sk);
    struct vsock_addr to;
    int err;

    switch (s->call) {
    case VSOCK_CALL_DONE:
        return -EISCONN;
    case VSOCK_CALL_SHUT:
        return -EINVAL;
    case VSOCK_CALL_CONNECTING:
        return sock_is_nonblock(sk, 0) ? -EALREADY : wait_connected(s);
    }
    err = s->state == VSOCK_LISTEN ? -EINVAL : addr_get(addr, len, &to);
    if (err)
        return err;
    s->remote = to;
    s->dev = vsock_dev_for(to.cid);
    if (!s->dev)
        return -ENODEV;
    if (s->local.port == VMADDR_PORT_ANY && (err = take_port(s, VMADDR_CID_ANY, VMADDR_PORT_ANY)))
        return err;
    vsock_credit_end(s); /* of an earlier attempt */
    if (!vsock_credit_start(s))
        return -ENOMEM;
    sk->err = 0;
    s->state = VSOCK_CONNECTING;
    s->call = VSOCK_CALL_CONNECTING;
    vsock_conn_add(s);
    timer_set(&s->timer, clock_mono_ns() + s->timeout_ns);
    vsock_say(s, VSOCK_SAY_REQUEST);
    return wait_connected(s);
}

static int vsock_accept(struct sock *sk, struct sockaddr *addr, socklen_t *len, int flags,
                        struct file **out)
{
    struct vsock *l = vsock_of(sk), *s;
    u64 deadline_ns = 0;
    int err;

    if (l->state != VSOCK_LISTEN)
        return -EINVAL;
    while (list_empty(&l->accept_q)) {
        err = sock_wait_or_again(sk, 0, &deadline_ns, sk->rcvtimeo_ns);
        if (err)
            return err;
    }
    s = list_first(&l->accept_q, struct vsock, accept_node);
    list_remove(&s->accept_node);
    l->n_accept--;
    s->sk.file.flags |= (u32)flags & SOCK_NONBLOCK;
    if (addr)
        addr_put(&s->remote, addr, len);
    *out = &s->sk.file;
    return 0;
}

/* --- readiness, options --- */

static u32 vsock_poll(struct sock *sk)
{
    struct vsock *s = vsock_of(sk);
    u32 ev = 0;

    if (sk->err)
        ev |= EPOLLERR;
    if (sk->shut == SHUT_BOTH || (sk->shut & SHUT_WR_BIT && s->peer_shut & SHUT_WR_BIT))
        ev |= EPOLLHUP;
    if (sk->shut & SHUT_RD_BIT || s->peer_shut & SHUT_WR_BIT)
        ev |= EPOLLRDHUP | IN_EVENTS;
    if (!list_empty(&s->accept_q) || ring_used(&s->in))
        ev |= IN_EVENTS;
    if (!(sk->shut & SHUT_WR_BIT) && vsock_is_writable(s))
        ev |= OUT_EVENTS;
    return ev;
}

static int set_timeout(struct vsock *s, const void *val, u32 len)
{
    struct timeval tv;

    if (len < sizeof(tv))
        return -EINVAL;
    memcpy(&tv, val, sizeof(tv));
    if (tv.tv_sec < 0 || tv.tv_usec >= 1000000 || (u64)tv.tv_sec >= INT64_MAX / NSEC_PER_SEC / 2)
        return -ERANGE;
    /* As Linux, which has a default for what is no time at all. */
    if (tv.tv_usec < 0 || (!tv.tv_sec && !tv.tv_usec))
        s->timeout_ns = TIMEOUT_NS;
    else
        s->timeout_ns = (u64)tv.tv_sec * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC;
    return 0;
}

/* The bounds hold in this order: a maximum below the minimum wins. */
static void set_size(struct vsock *s, u64 size)
{
    s->size = MIN(MAX(size, s->size_min), s->size_max);
    vsock_credit_resize(s);
}

static int vsock_setopt_raw(struct sock *sk, int level, int name, const void *val, u32 len)
{
    struct vsock *s = vsock_of(sk);
    u64 v;

    if (level != AF_VSOCK)
        return -ENOPROTOOPT;
    switch (name) {
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD:
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW:
        return set_timeout(s, val, len);
    case SO_VM_SOCKETS_BUFFER_SIZE:
    case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
    case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
        break;
    default:
        return -ENOPROTOOPT;
    }
    if (len < sizeof(v))
        return -EINVAL;
    memcpy(&v, val, sizeof(v));
    if (name == SO_VM_SOCKETS_BUFFER_MIN_SIZE)
        s->size_min = v;
    else if (name == SO_VM_SOCKETS_BUFFER_MAX_SIZE)
        s->size_max = v;
    set_size(s, name == SO_VM_SOCKETS_BUFFER_SIZE ? v : s->size);
    return 0;
}

static int vsock_setopt(struct sock *sk, int level, int name, int val)
{
    (void)sk;
    (void)level;
    (void)name;
    (void)val;
    return -ENOPROTOOPT;
}

static int vsock_getopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
    const struct vsock *s = vsock_of(sk);
    struct timeval tv = {(time_t)(s->timeout_ns / NSEC_PER_SEC),
                         (suseconds_t)(s->timeout_ns % NSEC_PER_SEC / NSEC_PER_USEC)};
    const void *from;
    u32 size = sizeof(u64);

    if (level != AF_VSOCK)
        return -ENOPROTOOPT;
    switch (name) {
    case SO_VM_SOCKETS_BUFFER_SIZE:
        from = &s->size;
        break;
    case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
        from = &s->size_min;
        break;
    case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
        from = &s->size_max;
        break;
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD:
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW:
        from = &tv;
        size = sizeof(tv);
        break;
    default:
        return -ENOPROTOOPT;
    }
    if (*len < size)
        return -EINVAL;
    memcpy(val, from, size);
    *len = size;
    return 0;
}

static u32 vsock_n_readable(struct sock *sk)
{
    return (u32)ring_used(&vsock_of(sk)->in);
}

/* What the peer has not read yet: of that we know. */
static u32 vsock_n_unsent(struct sock *sk)
{
    return vsock_of(sk)->tx_cnt - vsock_of(sk)->peer_fwd_cnt;
}

static const struct sock_names vsock_names = {
    .bind = vsock_bind,
    .listen = vsock_listen,
    .accept = vsock_accept,
    .connect = vsock_connect,
    .getname = vsock_getname,
};

static const struct sock_ops vsock_ops = {
    .send = vsock_send,
    .recv = vsock_recv,
    .poll = vsock_poll,
    .shutdown = vsock_shutdown,
    .setopt = vsock_setopt,
    .setopt_raw = vsock_setopt_raw,
    .getopt = vsock_getopt,
    .n_readable = vsock_n_readable,
    .n_unsent = vsock_n_unsent,
    .release = vsock_release,
    .names = &vsock_names,
};

/* --- start --- */

static void set_limits(void)
{
    u64 ram = (u64)page_total() * PAGE_SIZE;

    vsock_limits.n_socks = (u32)MIN(MAX(ram >> 13, 128), 1u << 20);
    vsock_limits.credit_bytes = (u32)MIN(ram >> 3, 1u << 30);
    vsock_limits.start_bytes = (u32)MIN(MAX(ram >> 11, 4096), RING_BYTES);
}

static struct vsock *vsock_new(int file_flags)
{
    struct vsock *s;

    if (vsock_usage.n_socks >= vsock_limits.n_socks)
        return NULL;
    s = heap_new(sizeof(*s));
    if (!s)
        return NULL;
    vsock_usage.n_socks++;
    sock_init(&s->sk, NULL, &vsock_ops, SOCK_STREAM, O_RDWR | file_flags);
    s->sk.domain = AF_VSOCK;
    s->sk.sndbuf = s->sk.rcvbuf = BUF_BYTES;
    s->local = s->remote = (struct vsock_addr){VMADDR_CID_ANY, VMADDR_PORT_ANY};
    list_init(&s->node);
    list_init(&s->port_node);
    list_init(&s->accept_node);
    list_init(&s->wait_node);
    list_init(&s->accept_q);
    timer_init(&s->timer, time_is_up);
    s->timeout_ns = TIMEOUT_NS;
    s->size = s->size_max = SIZE_BYTES;
    s->size_min = SIZE_MIN_BYTES;
    return s;
}

struct vsock *vsock_child(const struct vsock *l)
{
    struct vsock *s = vsock_new(0);

    if (!s)
        return NULL;
    s->timeout_ns = l->timeout_ns;
    s->size = l->size;
    s->size_min = l->size_min;
    s->size_max = l->size_max;
    s->state = VSOCK_CONNECTED;
    s->call = VSOCK_CALL_DONE;
    if (vsock_credit_start(s))
        return s;
    free_sock(s);
    return NULL;
}

int vsock_create(int type, int protocol, struct file **out)
{
    int kind = type & ~SOCK_NONBLOCK;
    struct vsock *s;

    if (protocol && protocol != AF_VSOCK)
        return -EPROTONOSUPPORT;
    if (kind == SOCK_DGRAM)
        return -ENODEV;
    if (kind != SOCK_STREAM)
        return -ESOCKTNOSUPPORT;
    if (!is_used) { /* the first one */
        is_used = true;
        set_limits();
        device();
    }
    s = vsock_new(type & SOCK_NONBLOCK);
    if (!s)
        return vsock_usage.n_socks < vsock_limits.n_socks ? -ENOMEM : -ENOBUFS;
    *out = &s->sk.file;
    return 0;
}

SOCK_FAMILY(vsock_family) = {vsock_create, AF_VSOCK};
