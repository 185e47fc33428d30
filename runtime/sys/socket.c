#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "net/sock.h"
#include "sched/clock.h"
#include "sys/deliver.h"
#include "sys/install.h"

#define ACCEPT_FLAGS   (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define SOCK_TYPE_BITS 0xf /* socket(2): the rest of the type argument is flags */

/* The file behind @fd, with a reference, if it is a socket; else NULL, and no_sock() says why. */
static __attribute__((noinline)) struct file *sock_get(int fd)
{
    struct file *f = fd_look(fd);

    return likely(f && sock_is(f)) ? file_get(f) : NULL;
}

static __attribute__((noinline)) long no_sock(int fd)
{
    return fd_look(fd) ? -ENOTSOCK : -EBADF;
}

NO_STACK_CHECK long uk_socket(int domain, int type, int protocol)
{
    struct file *f;
    int err;

    if (type & ~(SOCK_TYPE_BITS | ACCEPT_FLAGS) || (type & SOCK_TYPE_BITS) > SOCK_PACKET)
        return -EINVAL;
    err = sock_create(domain, type & ~SOCK_CLOEXEC, protocol, &f);
    return err ? err : install(f, type & SOCK_CLOEXEC);
}

long uk_bind(int fd, const struct sockaddr *addr, unsigned len)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    r = addr ? sock_bind(f, addr, len) : -EFAULT;
    file_put(f);
    return r;
}

long uk_listen(int fd, int backlog)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    r = sock_listen(f, backlog);
    file_put(f);
    return r;
}

NO_STACK_CHECK long uk_accept4(int fd, struct sockaddr *addr, unsigned *len, int flags)
{
    struct file *f, *conn;
    long r;

    f = sock_get(fd);
    if (!f)
        return no_sock(fd);
    if (flags & ~ACCEPT_FLAGS || (addr && !len)) {
        file_put(f);
        return flags & ~ACCEPT_FLAGS ? -EINVAL : -EFAULT;
    }
    r = DELIVER_RESTARTING(sock_accept(f, addr, len, flags & ~SOCK_CLOEXEC, &conn));
    file_put(f);
    return r ? r : install(conn, flags & SOCK_CLOEXEC);
}

long uk_accept(int fd, struct sockaddr *addr, unsigned *len)
{
    return uk_accept4(fd, addr, len, 0);
}

long uk_connect(int fd, const struct sockaddr *addr, unsigned len)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    r = addr ? sock_connect(f, addr, len) : -EFAULT;
    file_put(f);
    return r;
}

long uk_shutdown(int fd, int how)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    if (how < SHUT_RD || how > SHUT_RDWR)
        r = -EINVAL;
    else
        r = sock_shutdown(f, how);
    file_put(f);
    return r;
}

static long getname(int fd, struct sockaddr *addr, unsigned *len, bool peer)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    if (!addr || !len)
        r = -EFAULT;
    else
        r = sock_getname(f, addr, len, peer);
    file_put(f);
    return r;
}

long uk_getsockname(int fd, struct sockaddr *addr, unsigned *len)
{
    return getname(fd, addr, len, false);
}

long uk_getpeername(int fd, struct sockaddr *addr, unsigned *len)
{
    return getname(fd, addr, len, true);
}

long uk_setsockopt(int fd, int level, int name, const void *val, unsigned len)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    if ((int)len < 0)
        r = -EINVAL;
    else if (!val && len)
        r = -EFAULT;
    else
        r = sock_setopt(f, level, name, val, len);
    file_put(f);
    return r;
}

long uk_getsockopt(int fd, int level, int name, void *val, unsigned *len)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    if (!val || !len)
        r = -EFAULT;
    else if ((int)*len < 0)
        r = -EINVAL;
    else
        r = sock_getopt(f, level, name, val, len);
    file_put(f);
    return r;
}

/* With an address, or wrong. */
NO_STACK_CHECK static __attribute__((noinline)) long send_to(int fd, const void *buf, size_t len,
                                                             int flags, const struct sockaddr *addr,
                                                             unsigned addr_len)
{
    struct iovec iov = {(void *)buf, len};
    struct msghdr msg = {
        .msg_name = (void *)addr, .msg_namelen = addr_len, .msg_iov = &iov, .msg_iovlen = 1};

    if (!buf && len)
        return -EFAULT;
    return addr ? uk_sendmsg(fd, &msg, flags) : no_sock(fd);
}

/* @r: what the first try gave, below 0. */
static __attribute__((noinline)) long send_failed(struct file *f, const struct iovec *iov,
                                                  int flags, long r)
{
    if (r == -EINTR && deliver_restart())
        r = DELIVER_RESTARTING(sock_sendv(f, iov, 1, flags));
    return flags & MSG_NOSIGNAL ? r : deliver_sigpipe(r);
}

/* send() and recv() without an address are most of what a service calls. The flags, which only a
 * failure asks for again, wait in memory: a register for them would have to be saved each time. */
#define KEEP_IN_MEMORY(x) __asm__("" : "+m"(x))

NO_STACK_CHECK long uk_sendto(int fd, const void *buf, size_t len, int flags,
                              const struct sockaddr *addr, unsigned addr_len)
{
    struct file *f = fd_look(fd);
    struct iovec iov;
    int kept;
    long r;

    if (unlikely(addr || !f || !sock_is(f) || (!buf && len)))
        return send_to(fd, buf, len, flags, addr, addr_len);
    iov = (struct iovec){(void *)buf, len};
    kept = flags;
    KEEP_IN_MEMORY(kept);
    r = sock_sendv(file_get(f), &iov, 1, flags);
    if (unlikely(r < 0))
        r = send_failed(f, &iov, kept, r);
    file_put_inline(f);
    return r;
}

NO_STACK_CHECK static __attribute__((noinline)) long
recv_from(int fd, void *buf, size_t len, int flags, struct sockaddr *addr, unsigned *addr_len)
{
    struct iovec iov = {buf, len};
    struct msghdr msg = {.msg_name = addr, .msg_iov = &iov, .msg_iovlen = 1};
    long r;

    if (!addr)
        return no_sock(fd);
    if (!addr_len || (!buf && len))
        return -EFAULT;
    msg.msg_namelen = *addr_len;
    r = uk_recvmsg(fd, &msg, flags);
    if (r >= 0)
        *addr_len = msg.msg_namelen;
    return r;
}

static __attribute__((noinline)) long recv_failed(struct file *f, const struct iovec *iov,
                                                  int flags, long r)
{
    if (r == -EINTR && deliver_restart())
        r = DELIVER_RESTARTING(sock_recvv(f, iov, 1, flags));
    return r;
}

NO_STACK_CHECK long uk_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
                                unsigned *addr_len)
{
    struct file *f = fd_look(fd);
    struct iovec iov;
    int kept;
    long r;

    if (unlikely(addr || !f || !sock_is(f)))
        return recv_from(fd, buf, len, flags, addr, addr_len);
    iov = (struct iovec){buf, len};
    kept = flags;
    KEEP_IN_MEMORY(kept);
    r = sock_recvv(file_get(f), &iov, 1, flags);
    if (unlikely(r < 0))
        r = recv_failed(f, &iov, kept, r);
    file_put_inline(f);
    return r;
}

/* What the kernel checks of a msghdr before a protocol sees it; sendmsg(2), recvmsg(2). */
static long msg_check(const struct msghdr *msg)
{
    if (!msg)
        return -EFAULT;
    if ((int)msg->msg_iovlen < 0 || msg->msg_iovlen > 1024)
        return -EMSGSIZE;
    if ((int)msg->msg_namelen < 0)
        return -EINVAL;
    return !msg->msg_iov && msg->msg_iovlen ? -EFAULT : 0;
}

long uk_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    r = msg_check(msg);
    if (!r)
        r = DELIVER_RESTARTING(sock_sendmsg(f, msg, flags));
    file_put(f);
    return flags & MSG_NOSIGNAL ? r : deliver_sigpipe(r);
}

long uk_recvmsg(int fd, struct msghdr *msg, int flags)
{
    struct file *f = sock_get(fd);
    long r;

    if (!f)
        return no_sock(fd);
    r = msg_check(msg);
    if (!r)
        r = DELIVER_RESTARTING(sock_recvmsg(f, msg, flags));
    if (r >= 0)
        msg->msg_flags |= flags & MSG_CMSG_CLOEXEC; /* as Linux shows it */
    file_put(f);
    return r;
}

/* sendmmsg(2): an error after the first message is left for the next call. */
long uk_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
    unsigned done = 0;
    long r = 0;

    n = MIN(n, 1024u);
    while (done < n) {
        r = uk_sendmsg(fd, &msgs[done].msg_hdr, flags);
        if (r < 0)
            break;
        msgs[done++].msg_len = (unsigned)r;
    }
    return done ? (long)done : r;
}

/* recvmmsg(2): the time limit is looked at after each message, as Linux does. */
long uk_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout)
{
    u64 end_ns = DEADLINE_NEVER;
    unsigned done = 0;
    long r = 0;

    if (timeout) {
        if (timeout->tv_sec < 0 || (u64)timeout->tv_nsec >= NSEC_PER_SEC)
            return -EINVAL;
        end_ns = clock_mono_ns() + (u64)timeout->tv_sec * NSEC_PER_SEC + (u64)timeout->tv_nsec;
    }
    while (done < n) {
        r = uk_recvmsg(fd, &msgs[done].msg_hdr, flags & ~MSG_WAITFORONE);
        if (r < 0)
            break;
        msgs[done++].msg_len = (unsigned)r;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (timeout && clock_mono_ns() >= end_ns)
            break;
    }
    return done ? (long)done : r;
}
