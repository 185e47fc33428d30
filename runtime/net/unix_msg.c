/* What moves between AF_UNIX sockets: bytes, records, descriptors, credentials. */
#define _GNU_SOURCE 1 /* struct ucred */
#include "net/unix.h"

#include <errno.h>
#include <string.h>

#include "arch/copy.h"
#include "file/ring.h"
#include "mem/heap.h"

#define RIGHTS_MAX      253u   /* descriptors in one message: SCM_MAX_FD of Linux */
#define IN_FLIGHT_MAX   1024u  /* descriptors in all messages; Linux: RLIMIT_NOFILE */
#define CHUNK_BYTES     16384u /* of a stream in one message */
#define DGRAM_QUEUE_MAX 10u    /* /proc/sys/net/unix/max_dgram_qlen of Linux */

static struct list in_flight = LIST_INIT(in_flight); /* unix_sock.flight_node */
static u32 n_in_flight;                              /* descriptors of all kinds */
/* Who sends to a name whose queue is full, without being connected to it. */
static struct waitq space = {LIST_INIT(space.waiters)};

static u32 cost(const struct unix_msg *m)
{
    return m->len + (u32)sizeof(*m);
}

/* --- descriptors in messages --- */

static struct unix_sock *unix_of_file(struct file *f)
{
    struct sock *sk = CONTAINER_OF(f, struct sock, file);

    return sock_is(f) && sk->ops->send == unix_send ? unix_of(sk) : NULL;
}

static void flight_begin(struct file *f)
{
    struct unix_sock *u = unix_of_file(f);

    n_in_flight++;
    if (u && !u->n_in_flight++)
        list_push_back(&in_flight, &u->flight_node);
}

static void flight_end(struct file *f)
{
    struct unix_sock *u = unix_of_file(f);

    n_in_flight--;
    if (u && !--u->n_in_flight)
        list_remove(&u->flight_node);
}

static void files_put(struct unix_msg *m)
{
    while (m->n_files) {
        struct file *f = m->files[--m->n_files];
        flight_end(f);
        file_put(f);
    }
}

void unix_msgs_free(struct list *msgs)
{
    /* A descriptor may be the last reference to a socket with messages of its own, and so on: they
     * queue up here instead of on the stack. */
    static struct list doomed = LIST_INIT(doomed);
    static bool is_busy;

    while (!list_empty(msgs)) {
        struct list *node = msgs->next;
        list_remove(node);
        list_push_back(&doomed, node);
    }
    if (is_busy)
        return;
    is_busy = true;
    while (!list_empty(&doomed)) {
        struct unix_msg *m = list_first(&doomed, struct unix_msg, node);
        list_remove(&m->node);
        files_put(m);
        heap_free(m->files);
        unix_name_put(m->from);
        heap_free(m);
    }
    is_busy = false;
}

/* What @u's queues refer to: @add to each candidate's count, or with 0 mark it as reached. */
static bool queue_visit(struct unix_sock *u, s32 add)
{
    bool is_new = false;

    list_for_each (it, &u->msgs) {
        struct unix_msg *m = list_entry(it, struct unix_msg, node);
        for (u32 i = 0; i < m->n_files; i++) {
            struct unix_sock *to = unix_of_file(m->files[i]);
            if (!to || !to->is_garbage)
                continue;
            to->n_outside += add;
            if (!add) {
                to->is_garbage = false;
                is_new = true;
            }
        }
    }
    list_for_each (it, &u->accept_q)
        is_new |= queue_visit(list_entry(it, struct unix_sock, accept_node), add);
    return is_new;
}

/*
 * A socket with no reference but from messages is garbage unless a queue that somebody can still
 * read refers to it, directly or through others. So: count for each such socket the references
 * that do not come from queues of such sockets; what has any is reachable, and so is what
 * its queue refers to.
 */
void unix_collect(void)
{
    static bool is_collecting;
    struct list garbage;
    bool is_new;

    if (is_collecting || list_empty(&in_flight))
        return;
    is_collecting = true;
    list_for_each (it, &in_flight) {
        struct unix_sock *u = list_entry(it, struct unix_sock, flight_node);
        u->is_garbage = u->sk.file.refs == u->n_in_flight;
        u->n_outside = (s32)u->n_in_flight;
    }
    list_for_each (it, &in_flight) {
        struct unix_sock *u = list_entry(it, struct unix_sock, flight_node);
        if (u->is_garbage)
            queue_visit(u, -1);
    }
    do {
        is_new = false;
        list_for_each (it, &in_flight) {
            struct unix_sock *u = list_entry(it, struct unix_sock, flight_node);
            if (u->is_garbage && u->n_outside > 0) {
                u->is_garbage = false;
                is_new = true;
            }
            if (!u->is_garbage)
                is_new |= queue_visit(u, 0);
        }
    } while (is_new);
    list_init(&garbage);
    list_for_each (it, &in_flight) {
        struct unix_sock *u = list_entry(it, struct unix_sock, flight_node);
        struct unix_sock *child = NULL;
        if (!u->is_garbage)
            continue;
        do { /* its own queue, then those of who was never accepted */
            struct unix_sock *from = child ? child : u;
            while (!list_empty(&from->msgs)) {
                struct list *m = from->msgs.next;
                list_remove(m);
                list_push_back(&garbage, m);
            }
            if (child && child->accept_node.next == &u->accept_q)
                break;
            child = child ? list_entry(child->accept_node.next, struct unix_sock, accept_node)
                    : list_empty(&u->accept_q)
                        ? NULL
                        : list_first(&u->accept_q, struct unix_sock, accept_node);
        } while (child);
    }
    unix_msgs_free(&garbage);
    is_collecting = false;
}

/* --- ancillary data of a message to send --- */

struct rights {
    u32 n_files;
    struct file *files[RIGHTS_MAX];
};

static int rights_add(struct rights *r, const u8 *fds, size_t n)
{
    for (; n; n--, fds += sizeof(int)) {
        int fd;

        memcpy(&fd, fds, sizeof(fd));
        if (r->n_files == RIGHTS_MAX)
            return -EINVAL;
        r->files[r->n_files] = fd_get(fd);
        if (!r->files[r->n_files])
            return -EBADF;
        r->n_files++;
    }
    return 0;
}

static void rights_put(struct rights *r)
{
    if (!r)
        return;
    while (r->n_files)
        file_put(r->files[--r->n_files]);
    heap_free(r);
}

static int cred_check(const struct cmsghdr *c)
{
    struct ucred cred;

    if (c->cmsg_len != CMSG_LEN(sizeof(cred)))
        return -EINVAL;
    memcpy(&cred, CMSG_DATA(c), sizeof(cred));
    return cred.pid == 1 ? 0 : -ESRCH; /* root may name any process, but it must exist */
}

/* unix(7), "Ancillary messages". *@out is NULL without descriptors; rights_put() it. */
static int rights_of(const struct msghdr *msg, struct rights **out)
{
    struct msghdr *m = (struct msghdr *)(uintptr_t)msg;
    int err = 0;

    *out = NULL;
    if (!msg || !msg->msg_control || !msg->msg_controllen)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c && !err; c = CMSG_NXTHDR(m, c)) {
        const u8 *end = (const u8 *)m->msg_control + m->msg_controllen;

        if (c->cmsg_len < sizeof(*c) || c->cmsg_len > (size_t)(end - (const u8 *)c)) {
            err = -EINVAL;
        } else if (c->cmsg_level != SOL_SOCKET) {
            continue;
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            err = cred_check(c);
        } else if (c->cmsg_type != SCM_RIGHTS) {
            err = -EINVAL;
        } else {
            if (!*out)
                *out = heap_new(sizeof(**out));
            err = *out ? rights_add(*out, CMSG_DATA(c), (c->cmsg_len - CMSG_LEN(0)) / sizeof(int))
                       : -ENOMEM;
        }
    }
    if (*out) /* closing what is in a message releases nothing: look here, too */
        unix_collect();
    if (!err && *out && n_in_flight + (*out)->n_files > IN_FLIGHT_MAX)
        err = -ETOOMANYREFS;
    if (err) {
        rights_put(*out);
        *out = NULL;
    }
    return err;
}

/* --- sending --- */

/* Linux calls a socket writable while a quarter of its buffer is in use: so writers are woken for
 * more than a byte. */
bool unix_is_writable(const struct unix_sock *u)
{
    const struct unix_sock *to = u->peer;

    if (!to)
        return !u->sk.is_listening;
    if (u->sk.type == SOCK_DGRAM && to->peer != u && to->n_msgs > DGRAM_QUEUE_MAX)
        return false;
    return to->in_bytes * 4 <= u->sk.sndbuf;
}

static bool has_room(const struct unix_sock *u, const struct unix_sock *to, size_t len)
{
    if (u->sk.type == SOCK_STREAM)
        return to->in_bytes + sizeof(struct unix_msg) < u->sk.sndbuf;
    if (to->peer != u && to->n_msgs > DGRAM_QUEUE_MAX)
        return false;
    return !to->in_bytes || to->in_bytes + len + sizeof(struct unix_msg) <= u->sk.sndbuf;
}

/* Put @len bytes into @to's queue, and the descriptors, which it takes over. */
static int msg_push(struct unix_sock *u, struct unix_sock *to, struct iov_cursor *from, size_t len,
                    struct rights *r)
{
    struct unix_msg *m = heap_new(sizeof(*m) + len);
    size_t done = 0, n;
    void *run;

    if (!m)
        return -ENOBUFS;
    if (r) {
        m->files = heap_new(r->n_files * sizeof(*m->files));
        if (!m->files) {
            heap_free(m);
            return -ENOBUFS;
        }
        memcpy(m->files, r->files, r->n_files * sizeof(*m->files));
        m->n_files = r->n_files;
        r->n_files = 0;
        for (u32 i = 0; i < m->n_files; i++)
            flight_begin(m->files[i]);
    }
    while (done < len && (run = iov_cursor_run(from, &n))) {
        n = MIN(n, len - done);
        copy_block(m->data + done, run, n);
        iov_cursor_advance(from, n);
        done += n;
    }
    m->len = (u32)done;
    m->from = unix_name_get(u->name);
    list_push_back(&to->msgs, &m->node);
    to->in_bytes += cost(m);
    to->n_msgs++;
    file_notify(&to->sk.file, EPOLLIN | EPOLLRDNORM);
    return 0;
}

/* Whom the next message goes to, or why nobody. */
static int target(struct unix_sock *u, const struct msghdr *msg, struct unix_sock **to)
{
    bool is_named = msg && msg->msg_name && msg->msg_namelen && u->sk.type == SOCK_DGRAM;
    int err;

    *to = u->peer;
    if (u->sk.err && u->sk.type != SOCK_STREAM)
        return sock_error(&u->sk);
    if (is_named) {
        err = unix_find(msg->msg_name, msg->msg_namelen, SOCK_DGRAM, to);
        if (err)
            return err;
    } else if (u->sk.type != SOCK_DGRAM && !u->sk.is_connected) {
        return -ENOTCONN;
    }
    if (u->sk.shut & SHUT_WR_BIT)
        return -EPIPE;
    if (!*to) {
        bool was = u->is_dgram_reset;
        u->is_dgram_reset = false;
        return was ? -ECONNREFUSED : -ENOTCONN;
    }
    if (u->sk.type == SOCK_DGRAM && (*to)->peer && (*to)->peer != u)
        return -EPERM;
    return (*to)->sk.shut & SHUT_RD_BIT ? -EPIPE : 0;
}

static int wait_room(struct unix_sock *u, const struct unix_sock *to, int flags, u64 *deadline_ns)
{
    struct waiter w;
    int err;

    if (to == u->peer || sock_is_nonblock(&u->sk, flags))
        return sock_wait_or_again(&u->sk, flags, deadline_ns, u->sk.sndtimeo_ns);
    if (!*deadline_ns)
        *deadline_ns = sock_deadline(u->sk.sndtimeo_ns);
    waiter_init(&w, thread_current());
    waitq_add(&space, &w);
    err = sched_sleep(*deadline_ns);
    waitq_remove(&w);
    return err == -ETIMEDOUT ? -EAGAIN : err;
}

ssize_t unix_send(struct sock *sk, const struct iovec *iov, int n_iov, const struct msghdr *msg,
                  int flags)
{
    struct unix_sock *u = unix_of(sk), *to;
    struct iov_cursor from = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov), done = 0;
    bool is_stream = sk->type == SOCK_STREAM;
    struct rights *r;
    u64 deadline_ns = 0;
    int err;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (is_stream && msg && msg->msg_namelen)
        return sk->is_connected ? -EISCONN : -EOPNOTSUPP;
    err = rights_of(msg, &r);
    if (err)
        return err;
    if (!is_stream && len > sk->sndbuf - 32)
        err = -EMSGSIZE;
    if (!err && sk->passcred)
        err = unix_autobind(u);
    while (!err) {
        err = target(u, msg, &to);
        if (err || (is_stream && !len))
            break;
        if (!has_room(u, to, len)) {
            err = wait_room(u, to, flags, &deadline_ns);
            continue;
        }
        size_t n = is_stream ? MIN(len - done, (size_t)CHUNK_BYTES) : len;
        err = msg_push(u, to, &from, n, r && r->n_files ? r : NULL);
        if (!err)
            done += n;
        if (done == len)
            break;
    }
    rights_put(r);
    return done ? (ssize_t)done : err;
}

/* --- receiving --- */

static void put_rights(struct unix_msg *m, struct msghdr *msg, struct cmsg_out *out, int flags)
{
    int fds[RIGHTS_MAX];
    u32 n = 0, n_room = 0;

    if (out->room >= CMSG_LEN(sizeof(int)))
        n_room = (u32)((out->room - CMSG_LEN(0)) / sizeof(int));
    for (; n < m->n_files && n < n_room; n++) {
        fds[n] = fd_install(file_get(m->files[n]), 0, flags & MSG_CMSG_CLOEXEC);
        if (fds[n] < 0) {
            file_put(m->files[n]);
            break;
        }
    }
    if (n)
        sock_cmsg_put(msg, out, SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(int));
    if (n < m->n_files)
        msg->msg_flags |= MSG_CTRUNC;
}

/* The parts of recvmsg(2) beyond bytes. @m is what was read first. */
static void put_control(struct sock *sk, struct unix_msg *m, struct msghdr *msg, int flags)
{
    static const struct ucred cred = {.pid = 1}; /* LIMIT: as in unix_getopt() */
    struct cmsg_out out = sock_cmsg_begin(msg);

    if (msg->msg_name && m->from)
        unix_name_write(m->from, msg->msg_name, &msg->msg_namelen);
    else
        msg->msg_namelen = 0;
    if (sk->passcred)
        sock_cmsg_put(msg, &out, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
    if (m->n_files)
        put_rights(m, msg, &out, flags);
    sock_cmsg_end(msg, &out);
}

static void put_nothing(struct msghdr *msg)
{
    if (msg) {
        msg->msg_namelen = 0;
        msg->msg_controllen = 0;
    }
}

/* The first message has been read: take it off, and tell who waits for room. */
static void msg_pop(struct unix_sock *u)
{
    struct unix_msg *m = list_first(&u->msgs, struct unix_msg, node);
    struct list one = LIST_INIT(one);

    list_remove(&m->node);
    list_push_back(&one, &m->node);
    u->in_bytes -= cost(m);
    u->n_msgs--;
    unix_msgs_free(&one);
    list_for_each (it, &u->fans)
        file_notify(&list_entry(it, struct unix_sock, peer_node)->sk.file, EPOLLOUT);
    waitq_wake(&space, EPOLLOUT);
}

static size_t copy_out(const struct unix_msg *m, struct iov_cursor *to, size_t max)
{
    size_t left = MIN((size_t)(m->len - m->off), max), done = 0, n;
    void *run;

    while (done < left && (run = iov_cursor_run(to, &n))) {
        n = MIN(n, left - done);
        copy_block(run, m->data + m->off + done, n);
        iov_cursor_advance(to, n);
        done += n;
    }
    return done;
}

/* Wait until there is a message. Returns 0; 1 the end of the stream; -errno. */
static int wait_msg(struct unix_sock *u, int flags, u64 *deadline_ns)
{
    struct sock *sk = &u->sk;
    int err;

    for (;;) {
        /* As Linux: an error comes before records that have come, and behind a stream's bytes. */
        if (sk->err && (sk->type != SOCK_STREAM || list_empty(&u->msgs)))
            return sock_error(sk);
        if (!list_empty(&u->msgs))
            return 0;
        if (sk->shut & SHUT_RD_BIT && !(sk->type == SOCK_DGRAM && sock_is_nonblock(sk, flags)))
            return 1; /* as udp_recv() */
        err = sock_wait_or_again(sk, flags, deadline_ns, sk->rcvtimeo_ns);
        if (err)
            return err;
    }
}

static ssize_t recv_record(struct unix_sock *u, struct iov_cursor *to, size_t len,
                           struct msghdr *msg, int flags)
{
    struct unix_msg *m;
    u64 deadline_ns = 0;
    size_t n;
    int err = wait_msg(u, flags, &deadline_ns);

    if (err) {
        put_nothing(msg);
        return err < 0 ? err : 0;
    }
    m = list_first(&u->msgs, struct unix_msg, node);
    n = copy_out(m, to, len);
    if (msg) {
        msg->msg_flags = n < m->len ? MSG_TRUNC : 0;
        put_control(&u->sk, m, msg, flags);
    }
    if (flags & MSG_TRUNC)
        n = m->len;
    if (!(flags & MSG_PEEK))
        msg_pop(u);
    return (ssize_t)n;
}

static ssize_t recv_stream(struct unix_sock *u, struct iov_cursor *to, size_t len,
                           struct msghdr *msg, int flags)
{
    size_t done = 0;
    u64 deadline_ns = 0;
    struct list *at;
    int err = len ? 0 : wait_msg(u, flags, &deadline_ns); /* as Linux: for no bytes it waits, too */

    while (done < len) {
        err = wait_msg(u, flags, &deadline_ns);
        if (err)
            break;
        for (at = u->msgs.next; at != &u->msgs && done < len;) {
            struct unix_msg *m = list_entry(at, struct unix_msg, node);
            bool is_last = m->n_files; /* unix(7): a barrier for what follows */
            size_t n;

            if (done && is_last)
                return (ssize_t)done;
            if (msg && !done)
                put_control(&u->sk, m, msg, flags);
            n = copy_out(m, to, len - done);
            done += n;
            at = at->next;
            if (!(flags & MSG_PEEK)) {
                m->off += (u32)n;
                files_put(m);
                if (m->off == m->len)
                    msg_pop(u);
            }
            if (is_last)
                return (ssize_t)done;
        }
        if (!(flags & MSG_WAITALL) || flags & MSG_PEEK)
            break;
    }
    if (!done)
        put_nothing(msg);
    return done || err > 0 ? (ssize_t)done : err;
}

ssize_t unix_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                  int flags)
{
    struct unix_sock *u = unix_of(sk);
    struct iov_cursor to = {iov, n_iov, 0};
    size_t len = iov_len(iov, n_iov);

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (sk->type != SOCK_DGRAM && !sk->is_connected)
        return sk->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
    if (msg)
        msg->msg_flags = 0;
    return sk->type == SOCK_STREAM ? recv_stream(u, &to, len, msg, flags)
                                   : recv_record(u, &to, len, msg, flags);
}
