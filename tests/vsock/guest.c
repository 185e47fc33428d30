/* The service of the vsock tests: what it does is its first argument. Ends with 0 if all was well.
 */
#include "../guest/vsock.h"

#include <pthread.h>
#include <sys/time.h>

#define SERVE_PORT 5000
#define ECHO_PORT  7000 /* of the host's: it sends everything back */
#define SINK_PORT  7001 /* it counts what comes */

/* What is at @pos of any stream. */
static unsigned char at(size_t pos)
{
    return (unsigned char)(pos * 2654435761u >> 13);
}

static void fill(unsigned char *buf, size_t pos, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf[i] = at(pos + i);
}

static int to_host(unsigned port)
{
    int fd = vm_socket();
    CHECK_EQ(vm_connect(fd, VMADDR_CID_HOST, port), 0);
    return fd;
}

/* Send back what comes; a 'q' first ends the service. */
static void *echo(void *arg)
{
    int fd = (int)(long)arg;
    char buf[8192];
    ssize_t n;

    for (size_t done = 0; (n = recv(fd, buf, sizeof buf, 0)) > 0; done += (size_t)n) {
        if (!done && buf[0] == 'q')
            exit(0);
        if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
            break;
    }
    close(fd);
    return NULL;
}

static void serve(void)
{
    int lis = vm_socket();

    CHECK_EQ(vm_bind(lis, VMADDR_CID_ANY, SERVE_PORT), 0);
    CHECK_EQ(listen(lis, 64), 0);
    for (;;) {
        struct sockaddr_vm who;
        socklen_t len = sizeof who;
        pthread_t t;
        int fd = accept(lis, (struct sockaddr *)&who, &len);

        CHECK(fd >= 0);
        CHECK_EQ(who.svm_cid, VMADDR_CID_HOST);
        if (pthread_create(&t, NULL, echo, (void *)(long)fd) == 0)
            CHECK_EQ(pthread_detach(t), 0);
        else
            CHECK_EQ(close(fd), 0); /* no memory for another thread */
    }
}

static size_t total;

static void *send_total(void *arg)
{
    static unsigned char buf[20000];
    int fd = *(int *)arg;

    for (size_t done = 0; done < total;) {
        size_t n = sizeof buf < total - done ? sizeof buf : total - done;
        fill(buf, done, n);
        CHECK_EQ(send(fd, buf, n, 0), n);
        done += n;
    }
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    return NULL;
}

/* Connect to the host's echo and compare all that comes back. */
static void fetch(void)
{
    static unsigned char buf[30000];
    int fd = to_host(ECHO_PORT);
    size_t got = 0;
    pthread_t t;
    ssize_t n;

    CHECK_EQ(pthread_create(&t, NULL, send_total, &fd), 0);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(buf[i], at(got + (size_t)i));
        got += (size_t)n;
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(got, total);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_EQ(close(fd), 0);
}

/* What is sent last arrives, though the service ends at once. */
static void last(void)
{
    unsigned char *buf = malloc(total);
    int fd = to_host(SINK_PORT);

    CHECK(buf);
    fill(buf, 0, total);
    CHECK_EQ(send(fd, buf, total, 0), total);
    exit(0);
}

static void errors(void)
{
    struct timeval tv = {0, 200000};
    int fd = vm_socket();

    CHECK_ERRNO(vm_connect(fd, VMADDR_CID_HOST, 1), ECONNRESET);
    CHECK_EQ(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &tv, sizeof tv), 0);
    CHECK_ERRNO(vm_connect(fd, VMADDR_CID_HOST, 2), ETIMEDOUT); /* answered by nobody */
    CHECK_ERRNO(vm_connect(fd, 77, 1), ETIMEDOUT);
    CHECK_ERRNO(vm_bind(vm_socket(), VMADDR_CID_HOST, 1000), EADDRNOTAVAIL);
    CHECK_EQ(close(fd), 0);
}

/* The own address is the machine itself. */
static void own(unsigned cid)
{
    int lis = vm_listener(1), a = vm_socket(), b, c = vm_socket();
    unsigned port = vm_name(lis).svm_port;
    struct sockaddr_vm who;
    socklen_t len = sizeof who;
    char buf;

    CHECK_EQ(vm_connect(a, cid, port), 0);
    b = accept(lis, (struct sockaddr *)&who, &len);
    CHECK(b >= 0);
    CHECK_EQ(who.svm_cid, VMADDR_CID_LOCAL);
    CHECK_EQ(vm_name(b).svm_cid, cid);
    CHECK_EQ(send(a, "x", 1, 0), 1);
    CHECK_EQ(recv(b, &buf, 1, 0), 1);
    CHECK_EQ(vm_bind(c, cid, 4000), 0);
    CHECK_EQ(vm_name(c).svm_cid, cid);
    CHECK_ERRNO(vm_bind(vm_socket(), cid + 1, 4001), EADDRNOTAVAIL);
}

/* The device breaks: connections end with an error, and there is none any more. */
static void broken(void)
{
    int fd = to_host(ECHO_PORT), lis = vm_listener(1), a = vm_socket();
    char c;

    CHECK_EQ(send(fd, "b", 1, 0), 1); /* the host's cue */
    CHECK_ERRNO(recv(fd, &c, 1, MSG_WAITALL), ECONNRESET);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ENOTCONN);
    CHECK_ERRNO(send(fd, &c, 1, MSG_NOSIGNAL), ENOTCONN);
    CHECK_EQ(close(fd), 0);
    fd = vm_socket();
    CHECK_ERRNO(vm_connect(fd, 77, 1), ENODEV);
    CHECK_EQ(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), 0);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    total = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (!strcmp(what, "serve"))
        serve();
    else if (!strcmp(what, "fetch"))
        fetch();
    else if (!strcmp(what, "last"))
        last();
    else if (!strcmp(what, "errors"))
        errors();
    else if (!strcmp(what, "own"))
        own((unsigned)total);
    else if (!strcmp(what, "broken"))
        broken();
    else
        return 2;
    return 0;
}
