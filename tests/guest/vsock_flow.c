/* vsock(7): all bytes arrive in order, however slow the reader and small the credit. */
/* memory: 4M */
#include "vsock.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/time.h>

#define TOTAL (3 << 20)

/* What is at @pos of any stream. */
static unsigned char at(size_t pos)
{
    return (unsigned char)(pos * 2654435761u >> 13);
}

struct job {
    int fd;
    size_t total, chunk;
    int pause_us;
};

static void *produce(void *arg)
{
    const struct job *j = arg;
    unsigned char *buf = malloc(j->chunk);
    size_t done = 0;

    CHECK(buf);
    while (done < j->total) {
        size_t n = j->chunk < j->total - done ? j->chunk : j->total - done;
        for (size_t i = 0; i < n; i++)
            buf[i] = at(done + i);
        CHECK_EQ(send(j->fd, buf, n, 0), n);
        done += n;
    }
    CHECK_EQ(shutdown(j->fd, SHUT_WR), 0);
    free(buf);
    return NULL;
}

static void consume(const struct job *j)
{
    unsigned char *buf = malloc(j->chunk);
    size_t done = 0;
    ssize_t n;

    CHECK(buf);
    while ((n = recv(j->fd, buf, j->chunk, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(buf[i], at(done + (size_t)i));
        done += (size_t)n;
        if (j->pause_us)
            usleep((unsigned)j->pause_us);
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(done, j->total);
    free(buf);
}

static void transfer(size_t total, size_t out, size_t in, int pause_us, unsigned long long size)
{
    int end[2], lis = vm_listener(1);
    struct job from, to;
    pthread_t t;

    if (size) { /* the listener's are those of what it accepts */
        unsigned long long one = 1;
        CHECK_EQ(setsockopt(lis, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE, &one, sizeof one), 0);
        CHECK_EQ(setsockopt(lis, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof size), 0);
    }
    end[0] = vm_socket();
    CHECK_EQ(vm_connect(end[0], VMADDR_CID_LOCAL, vm_name(lis).svm_port), 0);
    end[1] = accept(lis, NULL, NULL);
    CHECK(end[1] >= 0);
    CHECK_EQ(close(lis), 0);
    from = (struct job){end[0], total, out, 0};
    to = (struct job){end[1], total, in, pause_us};
    CHECK_EQ(pthread_create(&t, NULL, produce, &from), 0);
    consume(&to);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* Without a reader only so much can be sent; with one the rest. */
static void backpressure(void)
{
    static unsigned char buf[10000];
    int end[2];
    size_t sent = 0, got = 0;
    ssize_t n;

    vm_pair(end);
    vm_nonblocking(end[0]);
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = at(i);
    while ((n = send(end[0], buf, sizeof buf, 0)) > 0)
        sent += (size_t)n;
    CHECK_EQ(errno, EAGAIN);
    CHECK(sent > 0 && sent <= 1 << 20);
    struct pollfd p = {.fd = end[0], .events = POLLOUT};
    usleep(10000);
    while ((n = send(end[0], buf, sizeof buf, 0)) > 0)
        sent += (size_t)n;
    CHECK_EQ(poll(&p, 1, 0), 0);
    while (got < sent) {
        n = recv(end[1], buf, sizeof buf, 0);
        CHECK(n > 0);
        got += (size_t)n;
    }
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(send(end[0], buf, 1, 0), 1);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* SO_RCVTIMEO and SO_SNDTIMEO end what would take for ever. */
static void timeouts(void)
{
    struct timeval tv = {0, 50000};
    static char buf[4096];
    int end[2];

    vm_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    CHECK_ERRNO(recv(end[0], buf, 1, 0), EAGAIN);
    while (send(end[0], buf, sizeof buf, 0) > 0)
        ;
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* Ports and memory come back. */
static void churn(void)
{
    int lis = vm_listener(4);
    unsigned port = vm_name(lis).svm_port;
    char c;

    for (int i = 0; i < 2000; i++) {
        int a = vm_socket(), b;
        CHECK_EQ(vm_connect(a, VMADDR_CID_LOCAL, port), 0);
        b = accept(lis, NULL, NULL);
        CHECK(b >= 0);
        CHECK_EQ(send(a, "x", 1, 0), 1);
        CHECK_EQ(recv(b, &c, 1, 0), 1);
        CHECK_EQ(close(i & 1 ? a : b), 0);
        CHECK_EQ(close(i & 1 ? b : a), 0);
    }
    CHECK_EQ(close(lis), 0);
}

int main(void)
{
    vm_need_loopback();
    transfer(TOTAL, 65536, 65536, 0, 0);
    transfer(TOTAL, 100000, 777, 0, 0);
    transfer(200000, 1000, 50000, 3000, 0);
    transfer(20000, 4096, 4096, 0, 128);
    transfer(200, 10, 10, 0, 1);
    backpressure();
    timeouts();
    churn();
    return 0;
}
