/* poll(2), select(2), epoll(7) of vsock(7): what is ready, and when it becomes so. */
#define _GNU_SOURCE
#include "vsock.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

static int events(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

/* The same, once everything on its way has arrived. */
static int events_later(int fd, int want)
{
    for (int i = 0; i < 1000 && events(fd) != want; i++)
        usleep(1000);
    return events(fd);
}

static void levels(void)
{
    int lis = vm_listener(1), a = vm_socket(), b;
    char c;

    CHECK_EQ(events(lis), 0);
    CHECK_EQ(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), 0);
    CHECK_EQ(events_later(lis, POLLIN), POLLIN);
    CHECK_EQ(events(a), POLLOUT);
    b = accept(lis, NULL, NULL);
    CHECK_EQ(events(lis), 0);
    CHECK_EQ(events(b), POLLOUT);
    CHECK_EQ(send(a, "x", 1, 0), 1);
    CHECK_EQ(events_later(b, POLLIN | POLLOUT), POLLIN | POLLOUT);
    CHECK_EQ(recv(b, &c, 1, 0), 1);
    CHECK_EQ(events(b), POLLOUT);
    CHECK_EQ(shutdown(a, SHUT_WR), 0);
    CHECK_EQ(events(a), 0);
    CHECK_EQ(events_later(b, POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT | POLLRDHUP);
    CHECK_EQ(shutdown(b, SHUT_WR), 0);
    CHECK_EQ(events(b), POLLIN | POLLHUP | POLLRDHUP);
    CHECK_EQ(events_later(a, POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLHUP | POLLRDHUP);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(b), 0);
    CHECK_EQ(close(lis), 0);
}

/* A peer that closes leaves its end of file, and a socket that still seems writable, as Linux's. */
static void gone(void)
{
    int end[2];

    vm_pair(end);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(events_later(end[1], POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT | POLLRDHUP);
    CHECK_EQ(close(end[1]), 0);
}

static void nonblocking_connect(void)
{
    int lis = vm_listener(1), a = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0), err = 9;
    struct pollfd p = {.fd = a, .events = POLLOUT};
    socklen_t len = sizeof err;

    CHECK_ERRNO(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), EINPROGRESS);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(p.revents, POLLOUT);
    CHECK_EQ(getsockopt(a, SOL_SOCKET, SO_ERROR, &err, &len), 0);
    CHECK_EQ(err, 0);
    CHECK_ERRNO(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), EISCONN);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(lis), 0);
}

struct later {
    int fd;
    const char *text;
};

static void *send_later(void *arg)
{
    const struct later *l = arg;
    usleep(20000);
    CHECK_EQ(send(l->fd, l->text, strlen(l->text), 0), strlen(l->text));
    return NULL;
}

static void wakes(void)
{
    int end[2], ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u32 = 7};
    struct later l;
    fd_set in;
    pthread_t t;
    char buf[8];

    vm_pair(end);
    l = (struct later){end[0], "abc"};
    FD_ZERO(&in);
    FD_SET(end[1], &in);
    CHECK_EQ(pthread_create(&t, NULL, send_later, &l), 0);
    CHECK_EQ(select(end[1] + 1, &in, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(end[1], &in));
    CHECK_EQ(recv(end[1], buf, 8, 0), 3);
    CHECK_EQ(pthread_join(t, NULL), 0);

    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[1], &ev), 0);
    CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
    for (int i = 0; i < 2; i++) { /* an edge for each arrival, read or not */
        CHECK_EQ(pthread_create(&t, NULL, send_later, &l), 0);
        CHECK_EQ(epoll_wait(ep, &ev, 1, 5000), 1);
        CHECK_EQ(ev.data.u32, 7);
        CHECK_EQ(ev.events, EPOLLIN);
        CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
        CHECK_EQ(pthread_join(t, NULL), 0);
    }
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
    CHECK_EQ(close(ep), 0);
}

/* shutdown() by another thread ends a recv(). */
static void *shut_later(void *arg)
{
    usleep(20000);
    CHECK_EQ(shutdown(*(int *)arg, SHUT_RDWR), 0);
    return NULL;
}

static void shutdown_wakes(void)
{
    int end[2];
    pthread_t t;
    char c;

    vm_pair(end);
    CHECK_EQ(pthread_create(&t, NULL, shut_later, &end[0]), 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), 0);
    CHECK_EQ(pthread_join(t, NULL), 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

int main(void)
{
    vm_need_loopback();
    levels();
    gone();
    nonblocking_connect();
    wakes();
    shutdown_wakes();
    return 0;
}
