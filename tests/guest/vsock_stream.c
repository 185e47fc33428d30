/* vsock(7): a conversation within the machine: names, bytes both ways, halves, ends. */
#define _GNU_SOURCE
#include "vsock.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static void names(void)
{
    struct sockaddr_vm who, peer;
    socklen_t len = sizeof who;
    int lis = vm_listener(1), a = vm_socket(), b;

    CHECK_EQ(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), 0);
    CHECK_ERRNO(vm_connect(a, VMADDR_CID_LOCAL, vm_name(lis).svm_port), EISCONN);
    b = accept4(lis, (struct sockaddr *)&who, &len, SOCK_CLOEXEC);
    CHECK(b >= 0);
    CHECK_EQ(len, sizeof who);
    CHECK_EQ(who.svm_cid, VMADDR_CID_LOCAL);
    CHECK_EQ(who.svm_port, vm_name(a).svm_port);
    CHECK_EQ(vm_name(b).svm_cid, VMADDR_CID_LOCAL);
    CHECK_EQ(vm_name(b).svm_port, vm_name(lis).svm_port);
    CHECK_EQ(getpeername(a, (struct sockaddr *)&peer, &len), 0);
    CHECK_EQ(peer.svm_cid, VMADDR_CID_LOCAL);
    CHECK_EQ(peer.svm_port, vm_name(lis).svm_port);
    CHECK_EQ(fcntl(b, F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(sendto(a, "x", 1, 0, (struct sockaddr *)&peer, sizeof peer), EISCONN);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(b), 0);
    CHECK_EQ(close(lis), 0);
}

static void bytes(void)
{
    int end[2], n;
    char buf[16] = "";
    struct iovec out[3] = {{"one ", 4}, {"", 0}, {"two", 3}}, in[2] = {{buf, 2}, {buf + 2, 10}};

    vm_pair(end);
    CHECK_EQ(writev(end[0], out, 3), 7);
    CHECK_EQ(recv(end[1], buf, 3, MSG_PEEK | MSG_WAITALL), 3);
    CHECK(memcmp(buf, "one", 3) == 0);
    CHECK_EQ(ioctl(end[1], FIONREAD, &n), 0);
    CHECK_EQ(n, 7);
    CHECK_EQ(readv(end[1], in, 2), 7);
    CHECK(memcmp(buf, "one two", 7) == 0);
    CHECK_EQ(recv(end[1], buf, 1, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(send(end[1], "back", 4, 0), 4);
    CHECK_EQ(send(end[1], "", 0, 0), 0);
    CHECK_EQ(recv(end[0], buf, 4, MSG_WAITALL), 4);
    CHECK(memcmp(buf, "back", 4) == 0);
    CHECK_EQ(recv(end[0], buf, 0, 0), 0);
    CHECK_EQ(recv(end[0], buf, 1, MSG_OOB), -1);
    CHECK_EQ(errno, EOPNOTSUPP);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* One half is shut, the other goes on; then that one, too. */
static void halves(void)
{
    int end[2];
    char buf[8];
    struct sockaddr_vm peer;
    socklen_t len = sizeof peer;

    vm_pair(end);
    CHECK_EQ(send(end[0], "last", 4, 0), 4);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    CHECK_ERRNO(getpeername(end[0], (struct sockaddr *)&peer, &len), ENOTCONN);
    CHECK_ERRNO(send(end[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(recv(end[1], buf, 8, MSG_WAITALL), 4);
    CHECK_EQ(recv(end[1], buf, 8, 0), 0);
    CHECK_EQ(recv(end[1], buf, 8, 0), 0);
    CHECK_EQ(send(end[1], "reply", 5, 0), 5);
    CHECK_EQ(recv(end[0], buf, 5, MSG_WAITALL), 5);
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    CHECK_EQ(recv(end[0], buf, 8, 0), 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* Who reads no more cannot be sent to. */
static void deaf(void)
{
    int end[2];
    char c;

    vm_pair(end);
    CHECK_EQ(shutdown(end[1], SHUT_RD), 0);
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    while (send(end[0], "x", 1, MSG_NOSIGNAL) == 1)
        ;
    CHECK_EQ(errno, EPIPE);
    CHECK_EQ(send(end[1], "y", 1, 0), 1); /* the other way it goes on */
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* After close() what was sent can be read; then it is the end, not an error. */
static void closed(void)
{
    int end[2];
    char buf[8];

    vm_pair(end);
    CHECK_EQ(send(end[0], "rest", 4, 0), 4);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(recv(end[1], buf, 8, MSG_WAITALL), 4);
    CHECK_EQ(recv(end[1], buf, 8, 0), 0);
    CHECK_EQ(recv(end[1], buf, 8, 0), 0);
    CHECK_ERRNO(send(end[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(close(end[1]), 0);
}

static volatile int n_pipe;

static void on_pipe(int sig)
{
    (void)sig;
    n_pipe++;
}

static void pipes(void)
{
    int end[2];

    signal(SIGPIPE, on_pipe);
    vm_pair(end);
    CHECK_EQ(shutdown(end[0], SHUT_RDWR), 0);
    CHECK_ERRNO(send(end[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(n_pipe, 0);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(close(end[1]), 0);
}

/* Nobody listens, or no longer. */
static void refused(void)
{
    int lis = vm_listener(1), a = vm_socket(), b = vm_socket();
    unsigned port = vm_name(lis).svm_port;
    char c;

    CHECK_EQ(vm_connect(a, VMADDR_CID_LOCAL, port), 0); /* in the queue, never accepted */
    CHECK_EQ(close(lis), 0);
    CHECK_EQ(recv(a, &c, 1, 0), 0);
    CHECK_ERRNO(vm_connect(b, VMADDR_CID_LOCAL, port), ECONNRESET);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(b), 0);
}

/* A listener takes as many as its queue holds, and one. */
static void backlog(void)
{
    int lis = vm_listener(2), fd[4];
    unsigned port = vm_name(lis).svm_port;

    for (int i = 0; i < 4; i++)
        fd[i] = vm_socket();
    for (int i = 0; i < 3; i++)
        CHECK_EQ(vm_connect(fd[i], VMADDR_CID_LOCAL, port), 0);
    CHECK_ERRNO(vm_connect(fd[3], VMADDR_CID_LOCAL, port), ECONNRESET);
    CHECK_EQ(close(accept(lis, NULL, NULL)), 0);
    CHECK_EQ(close(fd[3]), 0);
    fd[3] = vm_socket();
    CHECK_EQ(vm_connect(fd[3], VMADDR_CID_LOCAL, port), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(close(fd[i]), 0);
    CHECK_EQ(close(lis), 0);
}

int main(void)
{
    vm_need_loopback();
    names();
    bytes();
    halves();
    deaf();
    closed();
    pipes();
    refused();
    backlog();
    return 0;
}
