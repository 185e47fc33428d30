/* splice(2), tee(2), vmsplice(2): bytes by way of pipes, between sockets and files; errors. */
#define _GNU_SOURCE 1
#include "net.h"

#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char buf[200000], back[200000];

static void errors(void)
{
    int p[2], q[2], end[2], fd = open("/tmp/splice", O_CREAT | O_TRUNC | O_RDWR, 0600);
    struct iovec iov = {buf, 10}, none = {buf, 0};
    off_t at = 0, below = -1;

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(pipe(q), 0);
    tcp_pair(end);
    CHECK_EQ(splice(-1, NULL, -1, NULL, 0, 0), 0);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 1, 0x100), EINVAL);
    CHECK_ERRNO(splice(-1, NULL, q[1], NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(p[0], NULL, -1, NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(p[1], NULL, q[1], NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(p[0], NULL, q[0], NULL, 1, 0), EBADF);
    CHECK_ERRNO(splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(end[0], NULL, end[1], NULL, 1, 0), EINVAL); /* no pipe */
    CHECK_ERRNO(splice(fd, NULL, end[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(p[0], &at, end[1], NULL, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(end[0], NULL, p[1], &at, 1, 0), ESPIPE);
    CHECK_ERRNO(splice(end[0], &at, p[1], NULL, 1, 0), EINVAL); /* a socket has no offsets */
    CHECK_ERRNO(splice(fd, &below, p[1], NULL, 1, 0), EINVAL);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERRNO(splice(p[0], NULL, end[0], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERRNO(tee(p[0], q[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERRNO(tee(p[0], q[1], 1, 0x100), EINVAL);
    CHECK_ERRNO(tee(p[0], p[1], 1, 0), EINVAL);
    CHECK_ERRNO(tee(fd, p[1], 1, 0), EINVAL);
    CHECK_ERRNO(tee(p[1], q[1], 1, 0), EBADF);
    CHECK_EQ(tee(p[0], q[1], 0, 0), 0);
    CHECK_ERRNO(vmsplice(fd, &iov, 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(-1, &iov, 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(p[1], &iov, 1, 0x100), EINVAL);
    CHECK_EQ(vmsplice(p[1], &none, 1, 0), 0);
    CHECK_EQ(close(fcntl(fd, F_DUPFD, 50)), 0);
    set_nonblocking(end[0]);
    CHECK_ERRNO(splice(end[0], NULL, p[1], NULL, 100, 0), EAGAIN);
    set_nonblocking(q[1]);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 1, 0), EAGAIN);
    CHECK_EQ(close(p[1]), 0);
    CHECK_EQ(splice(p[0], NULL, end[1], NULL, 10, 0), 0); /* nobody can write it any more */
    CHECK_EQ(splice(p[0], NULL, q[1], NULL, 10, 0), 0);
    CHECK_EQ(tee(p[0], q[1], 10, 0), 0);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(close(q[0]), 0);
    CHECK_ERRNO(splice(fd, &at, q[1], NULL, 10, 0), EPIPE);
    CHECK_ERRNO(vmsplice(q[1], &iov, 1, 0), EPIPE);
    CHECK_EQ(close(fd), 0);
    fd = open("/tmp/splice", O_WRONLY | O_APPEND);
    CHECK_EQ(pipe(q), 0);
    CHECK_EQ(write(q[1], "x", 1), 1);
    CHECK_ERRNO(splice(q[0], NULL, fd, NULL, 1, 0), EINVAL);
}

static void files(void)
{
    int p[2], in = open("/tmp/splice", O_CREAT | O_TRUNC | O_RDWR, 0600);
    int out = open("/tmp/splice2", O_CREAT | O_TRUNC | O_RDWR, 0600);
    off_t from = 10, to = 3;

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(write(in, buf, 30000), 30000);
    CHECK_EQ(splice(in, &from, p[1], NULL, 20000, 0), 20000);
    CHECK_EQ(from, 20010);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 30000);
    CHECK_EQ(splice(p[0], NULL, out, &to, 15000, 0), 15000);
    CHECK_EQ(to, 15003);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 0);
    CHECK_EQ(splice(p[0], NULL, out, NULL, 15000, 0), 5000); /* what there is */
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 5000);
    CHECK_EQ(pread(out, back, sizeof back, 0), 15003);
    CHECK(!memcmp(back, buf + 15010, 5000) && !memcmp(back + 5000, buf + 5007, 10003));
    CHECK_EQ(lseek(in, 29990, SEEK_SET), 29990);
    CHECK_EQ(splice(in, NULL, p[1], NULL, 100, 0), 10);
    CHECK_EQ(splice(in, NULL, p[1], NULL, 100, 0), 0); /* end of file */
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 30000);
    CHECK_EQ(read(p[0], back, 100), 10);
    CHECK(!memcmp(back, buf + 29990, 10));
    /* a full pipe takes no more */
    CHECK_EQ(lseek(in, 0, SEEK_SET), 0);
    CHECK_EQ(ftruncate(in, 300000), 0);
    CHECK_EQ(splice(in, NULL, p[1], NULL, 300000, 0), 65536);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 65536);
    CHECK_ERRNO(splice(in, NULL, p[1], NULL, 300000, SPLICE_F_NONBLOCK), EAGAIN);
    close(in);
    close(out);
}

static void tees(void)
{
    int p[2], q[2];
    struct iovec iov[2] = {{buf, 3000}, {buf + 3000, 7000}};

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(pipe(q), 0);
    CHECK_EQ(vmsplice(p[1], iov, 2, 0), 10000);
    CHECK_EQ(tee(p[0], q[1], 8000, 0), 8000);
    CHECK_EQ(tee(p[0], q[1], 100, 0), 100); /* from the front again */
    CHECK_EQ(read(q[0], back, sizeof back), 8100);
    CHECK(!memcmp(back, buf, 8000) && !memcmp(back + 8000, buf, 100));
    CHECK_EQ(splice(p[0], NULL, q[1], NULL, 6000, 0), 6000);
    CHECK_EQ(read(q[0], back, sizeof back), 6000);
    CHECK(!memcmp(back, buf, 6000));
    iov[0].iov_base = back;
    CHECK_EQ(vmsplice(p[0], iov, 1, 0), 3000);
    CHECK(!memcmp(back, buf + 6000, 3000));
    CHECK_EQ(read(p[0], back, sizeof back), 1000);
    CHECK(!memcmp(back, buf + 9000, 1000));
}

/* A proxy's loop: from a socket into a pipe, from there to another socket. */
static int client[2], server[2];

static void *proxy(void *arg)
{
    int p[2];
    ssize_t n, m;

    (void)arg;
    CHECK_EQ(pipe(p), 0);
    while ((n = splice(client[1], NULL, p[1], NULL, 1 << 20, SPLICE_F_MOVE)) > 0)
        for (; n; n -= m) {
            m = splice(p[0], NULL, server[0], NULL, (size_t)n, SPLICE_F_MOVE | SPLICE_F_MORE);
            CHECK(m > 0);
        }
    CHECK_EQ(n, 0);
    CHECK_EQ(shutdown(server[0], SHUT_WR), 0);
    return NULL;
}

static void *sender(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++)
        send_all(client[0], buf, sizeof buf);
    CHECK_EQ(shutdown(client[0], SHUT_WR), 0);
    return NULL;
}

static void sockets(void)
{
    pthread_t a, b;

    tcp_pair(client);
    tcp_pair(server);
    CHECK_EQ(pthread_create(&a, NULL, proxy, NULL), 0);
    CHECK_EQ(pthread_create(&b, NULL, sender, NULL), 0);
    for (int i = 0; i < 5; i++) {
        recv_all(server[1], back, sizeof back);
        CHECK(!memcmp(back, buf, sizeof buf));
    }
    CHECK_EQ(recv(server[1], back, 1, 0), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}

/* Without waiting: a receiver that does not read takes a part, and the rest stays in the pipe. */
static void short_counts(void)
{
    int p[2], end[2], small = 4096, left = 0;
    size_t put = 0, sent = 0, got = 0;
    ssize_t n = 0;

    CHECK_EQ(pipe(p), 0);
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    set_nonblocking(end[0]);
    while (!left && put < 1u << 26) {
        CHECK_EQ(write(p[1], buf + put % 100000, 20000), 20000);
        put += 20000;
        while ((n = splice(p[0], NULL, end[0], NULL, 65536, SPLICE_F_NONBLOCK)) > 0)
            sent += (size_t)n;
        CHECK_EQ(n, -1);
        CHECK_EQ(errno, EAGAIN);
        CHECK_EQ(ioctl(p[0], FIONREAD, &left), 0);
        CHECK_EQ(sent + (size_t)left, put);
    }
    CHECK(sent > 0 && left > 0);
    CHECK_ERRNO(splice(p[0], NULL, end[0], NULL, 65536, 0), EAGAIN);
    close(p[1]);
    while (sent < put) {
        n = recv(end[1], back, sizeof back, MSG_DONTWAIT);
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(back[i], buf[(got + (size_t)i) % 100000]);
        got += n > 0 ? (size_t)n : 0;
        n = splice(p[0], NULL, end[0], NULL, 65536, 0);
        CHECK(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
    }
    CHECK_EQ(splice(p[0], NULL, end[0], NULL, 65536, 0), 0);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    while ((n = recv(end[1], back, sizeof back, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(back[i], buf[(got + (size_t)i) % 100000]);
        got += (size_t)n;
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(got, put);
}

int main(void)
{
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = (char)(i * 7 + i / 251);
    errors();
    files();
    tees();
    sockets();
    short_counts();
    unlink("/tmp/splice");
    unlink("/tmp/splice2");
    return 0;
}
