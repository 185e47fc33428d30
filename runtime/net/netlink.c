/*
 * AF_NETLINK as far as getifaddrs(3) and its like go: dumps of links and addresses, one datagram
 * for each question. Everything else is answered with an error message (netlink(7)).
 */
#include "net/netif_info.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "file/ring.h"
#include "mem/heap.h"
#include "net/ip6.h"
#include "net/sock_impl.h"

#define ANSWER_BYTES  2048u
#define NLMSG_ERROR   2
#define NLMSG_DONE    3
#define NLM_F_MULTI   2
#define NLM_F_DUMP    0x300
#define RTM_NEWLINK   16
#define RTM_GETLINK   18
#define RTM_NEWADDR   20
#define RTM_GETADDR   22
#define IFF_LOWER_UP  0x10000
#define NETLINK_ROUTE 0

struct nlmsg {
    u32 len;
    u16 type, flags;
    u32 seq, pid;
};

struct sockaddr_nl_ {
    u16 family, pad;
    u32 pid, groups;
};

struct netlink_sock {
    struct sock sk;
    u32 pid; /* the "port" of netlink(7) */
    u32 len; /* of the answer that waits; 0 = none */
    u8 answer[ANSWER_BYTES];
};

static struct netlink_sock *netlink_of(struct sock *sk)
{
    return (struct netlink_sock *)sk;
}

/* --- answers --- */

/* Room for @len bytes, zeroed. NULL: the answer is full. */
static void *put(struct netlink_sock *s, u32 len)
{
    u8 *at = s->answer + s->len;

    len = ALIGN_UP(len, 4u);
    if (len > ANSWER_BYTES - s->len)
        return NULL;
    s->len += len;
    return memset(at, 0, len);
}

static void put_attr(struct netlink_sock *s, u16 type, const void *data, u16 len)
{
    u16 *head = put(s, 4u + len);

    if (!head)
        return;
    head[0] = (u16)(4 + len);
    head[1] = type;
    memcpy(head + 2, data, len);
}

/* Begin a message with @body of @len bytes behind its header. NULL: no room. */
static struct nlmsg *begin(struct netlink_sock *s, const struct nlmsg *q, u16 type,
                           const void *body, u32 len)
{
    struct nlmsg *m = put(s, sizeof(*m) + len);

    if (!m)
        return NULL;
    *m = (struct nlmsg){.type = type, .flags = NLM_F_MULTI, .seq = q->seq, .pid = s->pid};
    memcpy(m + 1, body, len);
    return m;
}

static void end(const struct netlink_sock *s, struct nlmsg *m)
{
    if (m)
        m->len = (u32)(s->answer + s->len - (const u8 *)m);
}

static void put_link(struct netlink_sock *s, const struct nlmsg *q, const struct netif_info *i)
{
    static const u8 all[6] = {255, 255, 255, 255, 255, 255}, none[6];
    struct {
        u8 family, pad;
        u16 type;
        u32 index, flags, change;
    } body = {0, 0, i->hw_type, i->index, i->flags | IFF_LOWER_UP, 0};
    struct nlmsg *m = begin(s, q, RTM_NEWLINK, &body, sizeof(body));

    put_attr(s, 3, i->name, (u16)(strlen(i->name) + 1)); /* IFLA_IFNAME */
    put_attr(s, 4, &i->mtu_bytes, 4);                    /* IFLA_MTU */
    put_attr(s, 1, i->mac, 6);                           /* IFLA_ADDRESS */
    put_attr(s, 2, i->index == NET_IFINDEX_LOOP ? none : all, 6);
    end(s, m);
}

static void put_address(struct netlink_sock *s, const struct nlmsg *q, const struct netif_info *i,
                        const void *addr, bool is_v6, u8 prefix_len)
{
    const u8 *b = addr;
    u8 scope = i->index == NET_IFINDEX_LOOP ? 254 : is_v6 && b[0] == 0xfe ? 253 : 0;
    struct {
        u8 family, prefix_len, flags, scope;
        u32 index;
    } body = {is_v6 ? AF_INET6 : AF_INET, prefix_len, 0x80 /* IFA_F_PERMANENT */, scope, i->index};
    struct nlmsg *m = begin(s, q, RTM_NEWADDR, &body, sizeof(body));

    put_attr(s, 1, addr, is_v6 ? 16 : 4); /* IFA_ADDRESS */
    if (!is_v6) {
        put_attr(s, 2, addr, 4); /* IFA_LOCAL */
        if (i->broadcast)
            put_attr(s, 4, &i->broadcast, 4);                /* IFA_BROADCAST */
        put_attr(s, 3, i->name, (u16)(strlen(i->name) + 1)); /* IFA_LABEL */
    }
    end(s, m);
}

static void put_addresses(struct netlink_sock *s, const struct nlmsg *q, const struct netif_info *i)
{
    static const u8 loop6[16] = {[15] = 1};
    const struct ip6 *ip6 = s->sk.net->ip6;

    if (i->addr)
        put_address(s, q, i, &i->addr, false, (u8)__builtin_popcount(i->mask));
    if (ip6 && i->index == NET_IFINDEX_LOOP)
        put_address(s, q, i, loop6, true, 128);
    if (!ip6 || i->index == NET_IFINDEX_LOOP)
        return;
    for (u32 k = 0; k < IP6_ADDRS; k++) {
        const struct ip6_addr *a = &ip6->addrs[k];
        if (a->prefix_len)
            put_address(s, q, i, &a->addr, true, a->prefix_len);
    }
}

static void answer(struct netlink_sock *s, const struct nlmsg *q)
{
    bool is_link = q->type == RTM_GETLINK;
    struct netif_info info;
    s32 err = 0;

    s->len = 0;
    if ((!is_link && q->type != RTM_GETADDR) || (q->flags & NLM_F_DUMP) != NLM_F_DUMP) {
        struct {
            s32 err;
            struct nlmsg of;
        } body = {q->type & 3 ? -EPERM : -EOPNOTSUPP, *q}; /* to change something, or to ask */
        struct nlmsg *m = begin(s, q, NLMSG_ERROR, &body, sizeof(body));
        m->flags = 0;
        end(s, m);
        return;
    }
    for (u32 i = 1; netif_info_get(s->sk.net, i, &info); i++)
        is_link ? put_link(s, q, &info) : put_addresses(s, q, &info);
    end(s, begin(s, q, NLMSG_DONE, &err, sizeof(err)));
}

/* --- the socket --- */

static ssize_t netlink_send(struct sock *sk, const struct iovec *iov, int n_iov,
                            const struct msghdr *msg, int flags)
{
    struct iov_cursor from = {iov, n_iov, 0};
    struct nlmsg q = {0};
    size_t len = iov_len(iov, n_iov), n;
    u8 *to = (u8 *)&q;
    void *run;

    (void)msg; /* there is only the kernel to send to */
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (size_t left = MIN(len, sizeof(q)); left && (run = iov_cursor_run(&from, &n)); left -= n) {
        n = MIN(n, left);
        memcpy(to, run, n);
        to += n;
        iov_cursor_advance(&from, n);
    }
    if (len >= sizeof(q) && q.len >= sizeof(q) && q.len <= len) {
        answer(netlink_of(sk), &q);
        file_notify(&sk->file, EPOLLIN | EPOLLRDNORM);
    }
    return (ssize_t)len;
}

static ssize_t netlink_recv(struct sock *sk, const struct iovec *iov, int n_iov, struct msghdr *msg,
                            int flags)
{
    static const struct sockaddr_nl_ kernel = {.family = AF_NETLINK};
    struct netlink_sock *s = netlink_of(sk);
    struct iov_cursor to = {iov, n_iov, 0};
    u64 deadline_ns = 0;
    size_t at = 0, n;
    u32 len;
    void *run;

    while (!s->len) {
        int err = sock_wait_or_again(sk, flags, &deadline_ns, sk->rcvtimeo_ns);
        if (err)
            return err;
    }
    len = s->len;
    while (at < len && (run = iov_cursor_run(&to, &n))) {
        n = MIN(n, len - at);
        memcpy(run, s->answer + at, n);
        iov_cursor_advance(&to, n);
        at += n;
    }
    if (msg) {
        msg->msg_flags = at < len ? MSG_TRUNC : 0;
        msg->msg_controllen = 0;
        if (msg->msg_name)
            memcpy(msg->msg_name, &kernel, MIN(msg->msg_namelen, sizeof(kernel)));
        msg->msg_namelen = msg->msg_name ? sizeof(kernel) : 0;
    }
    if (!(flags & MSG_PEEK))
        s->len = 0;
    return (ssize_t)(flags & MSG_TRUNC ? len : at);
}

static u32 netlink_poll(struct sock *sk)
{
    return EPOLLOUT | EPOLLWRNORM | (netlink_of(sk)->len ? EPOLLIN | EPOLLRDNORM : 0);
}

static int netlink_bind(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_nl_ nl;

    if (len < sizeof(nl) || addr->sa_family != AF_NETLINK)
        return -EINVAL;
    memcpy(&nl, addr, sizeof(nl));
    if (nl.pid)
        netlink_of(sk)->pid = nl.pid;
    return 0; /* to groups, too: nothing ever changes that they would hear of */
}

static int netlink_refuse(struct sock *sk, int backlog)
{
    (void)sk;
    (void)backlog;
    return -EOPNOTSUPP;
}

static int netlink_accept(struct sock *sk, struct sockaddr *addr, socklen_t *len, int flags,
                          struct file **out)
{
    (void)sk;
    (void)addr;
    (void)len;
    (void)flags;
    (void)out;
    return -EOPNOTSUPP;
}

static int netlink_connect(struct sock *sk, const struct sockaddr *addr, socklen_t len)
{
    (void)sk;
    return len >= sizeof(struct sockaddr_nl_) && addr->sa_family == AF_NETLINK ? 0 : -EINVAL;
}

static int netlink_getname(struct sock *sk, struct sockaddr *addr, socklen_t *len, bool peer)
{
    struct sockaddr_nl_ nl = {.family = AF_NETLINK, .pid = peer ? 0 : netlink_of(sk)->pid};

    memcpy(addr, &nl, MIN(*len, (socklen_t)sizeof(nl)));
    *len = sizeof(nl);
    return 0;
}

static int netlink_setopt(struct sock *sk, int level, int name, int val)
{
    (void)sk;
    (void)level;
    (void)name;
    (void)val;
    return -ENOPROTOOPT;
}

static int netlink_getopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
    (void)sk;
    (void)level;
    (void)name;
    (void)val;
    (void)len;
    return -ENOPROTOOPT;
}

static int netlink_shutdown(struct sock *sk, int how)
{
    (void)sk;
    (void)how;
    return -EOPNOTSUPP;
}

static u32 netlink_n_readable(struct sock *sk)
{
    return netlink_of(sk)->len;
}

static u32 netlink_n_unsent(struct sock *sk)
{
    (void)sk;
    return 0;
}

static void netlink_release(struct sock *sk)
{
    sock_fini(sk);
    heap_free(sk);
}

int netlink_create(int type, int protocol, struct file **out)
{
    static const struct sock_names names = {
        .bind = netlink_bind,
        .listen = netlink_refuse,
        .accept = netlink_accept,
        .connect = netlink_connect,
        .getname = netlink_getname,
    };
    static const struct sock_ops ops = {
        .send = netlink_send,
        .recv = netlink_recv,
        .poll = netlink_poll,
        .shutdown = netlink_shutdown,
        .setopt = netlink_setopt,
        .getopt = netlink_getopt,
        .n_readable = netlink_n_readable,
        .n_unsent = netlink_n_unsent,
        .release = netlink_release,
        .names = &names,
    };
    static u32 n_made;
    int kind = type & ~SOCK_NONBLOCK;
    struct netlink_sock *s;
    int err;

    LINK_WITH(net_start);
    if (kind != SOCK_RAW && kind != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (protocol != NETLINK_ROUTE)
        return -EPROTONOSUPPORT;
    s = heap_new(sizeof(*s));
    if (!s)
        return -ENOMEM;
    err = sock_init(&s->sk, net_self, &ops, kind, O_RDWR | (type & SOCK_NONBLOCK));
    if (err) {
        heap_free(s);
        return err;
    }
    s->sk.domain = AF_NETLINK;
    s->pid = ++n_made;
    *out = &s->sk.file;
    return 0;
}

SOCK_FAMILY(netlink_family) = {netlink_create, AF_NETLINK};
