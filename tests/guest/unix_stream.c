/* unix(7), SOCK_STREAM: names in the file system and abstract ones, backlog, shutdown, errors. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define AT offsetof(struct sockaddr_un, sun_path)

static struct sockaddr_un addr;
static socklen_t addr_len;

static int sock(int type)
{
    int fd = socket(AF_UNIX, type, 0);
    CHECK(fd >= 0);
    return fd;
}

static int do_bind(int fd)
{
    return bind(fd, (struct sockaddr *)&addr, addr_len);
}

static int do_connect(int fd)
{
    return connect(fd, (struct sockaddr *)&addr, addr_len);
}

static void conversation(void)
{
    struct sockaddr_un who;
    struct ucred cred;
    struct stat st;
    socklen_t len = sizeof who;
    char buf[10];
    int lis = sock(SOCK_STREAM), a = sock(SOCK_STREAM), b, n;

    CHECK_ERRNO(listen(lis, 1), EINVAL);
    CHECK_EQ(do_bind(lis), 0);
    CHECK_ERRNO(do_bind(a), EADDRINUSE);
    CHECK_ERRNO(do_connect(a), ECONNREFUSED);
    CHECK_ERRNO(accept(lis, NULL, NULL), EINVAL);
    CHECK_EQ(listen(lis, 1), 0);
    struct pollfd p = {.fd = lis, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_EQ(do_connect(a), 0);
    CHECK_ERRNO(do_connect(a), EISCONN);
    CHECK_EQ(write(a, "early", 5), 5); /* before accept() */
    CHECK_EQ(poll(&p, 1, 0), 1);
    b = accept4(lis, (struct sockaddr *)&who, &len, SOCK_CLOEXEC);
    CHECK(b >= 0);
    CHECK_EQ(len, sizeof(sa_family_t)); /* it has no name */
    CHECK_EQ(who.sun_family, AF_UNIX);
    len = sizeof who;
    CHECK_EQ(getpeername(a, (struct sockaddr *)&who, &len), 0);
    CHECK_EQ(len, addr.sun_path[0] ? AT + strlen(addr.sun_path) + 1 : addr_len);
    CHECK(!memcmp(&who, &addr, addr_len));
    len = sizeof cred;
    CHECK_EQ(getsockopt(b, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
    CHECK_EQ(cred.pid, getpid());
    CHECK_EQ(cred.uid, getuid());
    CHECK_EQ(ioctl(b, FIONREAD, &n), 0);
    CHECK_EQ(n, 5);
    CHECK_EQ(fstat(b, &st), 0);
    CHECK(S_ISSOCK(st.st_mode));
    CHECK_EQ(recv(b, buf, 3, MSG_PEEK), 3);
    CHECK(read(b, buf, 10) == 5 && !memcmp(buf, "early", 5));
    CHECK_ERRNO(recv(b, buf, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(sendto(a, "x", 1, 0, (struct sockaddr *)&addr, addr_len), EISCONN);
    CHECK_EQ(shutdown(a, SHUT_WR), 0);
    CHECK_ERRNO(send(a, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(read(b, buf, 1), 0);
    CHECK_EQ(write(b, "back", 4), 4);
    CHECK_EQ(close(b), 0);
    CHECK(read(a, buf, 10) == 4 && !memcmp(buf, "back", 4));
    CHECK_EQ(read(a, buf, 10), 0);
    close(a);

    a = sock(SOCK_STREAM); /* closed with unread data: the peer hears of it */
    CHECK_EQ(do_connect(a), 0);
    b = accept(lis, NULL, NULL);
    CHECK_EQ(write(a, "x", 1), 1);
    close(b);
    CHECK_ERRNO(read(a, buf, 1), ECONNRESET);
    CHECK_EQ(read(a, buf, 1), 0);
    close(a);

    int c[3]; /* a backlog of 1 holds 2 */
    for (int i = 0; i < 3; i++) {
        c[i] = sock(SOCK_STREAM | SOCK_NONBLOCK);
        if (i < 2)
            CHECK_EQ(do_connect(c[i]), 0);
    }
    CHECK_ERRNO(do_connect(c[2]), EAGAIN);
    close(accept(lis, NULL, NULL));
    CHECK_EQ(do_connect(c[2]), 0);
    close(lis);
    CHECK_ERRNO(read(c[1], buf, 1), ECONNRESET); /* never accepted */
    p.fd = c[0];
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN | POLLHUP);
    for (int i = 0; i < 3; i++)
        close(c[i]);
}

int main(void)
{
    char path[] = "/tmp/unix_stream.XXXXXX";
    int a, fd;

    addr.sun_family = AF_UNIX;
    addr_len = AT + 20;
    a = sock(SOCK_STREAM);
    snprintf(addr.sun_path + 1, 40, "skiff-test-%d", (int)getpid());
    CHECK_ERRNO(do_connect(a), ECONNREFUSED);
    CHECK_ERRNO(send(a, "x", 1, MSG_NOSIGNAL), ENOTCONN);
    CHECK_ERRNO(read(a, path, 0 + 1), EINVAL);
    struct pollfd p = {.fd = a, .events = POLLIN | POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLOUT | POLLHUP);
    conversation();
    CHECK_EQ(do_bind(a), 0); /* an abstract name goes with its socket */
    close(a);

    CHECK(mkdtemp(path) != NULL);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s", path);
    addr_len = AT + strlen(addr.sun_path) + 1;
    a = sock(SOCK_STREAM);
    CHECK_ERRNO(do_connect(a), ENOENT);
    conversation();
    CHECK_ERRNO(do_bind(a), EADDRINUSE); /* a path stays */
    CHECK_ERRNO(do_connect(a), ECONNREFUSED);
    struct stat st;
    CHECK_EQ(stat(addr.sun_path, &st), 0);
    CHECK(S_ISSOCK(st.st_mode));
    CHECK_ERRNO(open(addr.sun_path, O_RDWR), ENXIO);
    CHECK_EQ(unlink(addr.sun_path), 0);
    fd = open(addr.sun_path, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0);
    CHECK_ERRNO(do_connect(a), ECONNREFUSED); /* a file, not a socket */
    unlink(addr.sun_path);
    CHECK_EQ(do_bind(a), 0);
    unlink(addr.sun_path);

    int d = sock(SOCK_DGRAM);
    addr_len = AT;
    CHECK_EQ(do_bind(d), 0); /* autobind: five digits */
    socklen_t len = sizeof addr;
    CHECK_EQ(getsockname(d, (struct sockaddr *)&addr, &len), 0);
    CHECK_EQ(len, AT + 6);
    CHECK_EQ(addr.sun_path[0], 0);
    addr_len = len;
    CHECK_ERRNO(do_connect(a), ECONNREFUSED); /* of another type */
    CHECK_ERRNO(listen(d, 1), EOPNOTSUPP);
    rmdir(path);
    return 0;
}
